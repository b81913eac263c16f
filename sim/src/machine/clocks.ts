/** The product's ports of time and chance, of one simulated process. */
import type { Clock as ClientClock, Random as ClientRandom } from '@tenure/client'
import type { Clock as ServerClock, Random as ServerRandom } from '@tenure/server'
import type { Random } from '../random.ts'
import type { Process } from './process.ts'

/** Time for people, as wrong as it can be: it may jump at any moment. */
export interface WallClock {
  wallMs: number
}

export function serverClock(process: Process, wall: WallClock): ServerClock {
  return {
    monotonicMs: () => process.monotonicMs(),
    wallMs: () => wall.wallMs,
    after: (delayMs, fire) => process.after(delayMs, fire),
    afterInput: (turn) => process.afterInput(turn),
  }
}

export function clientClock(process: Process): ClientClock {
  return {
    monotonicMs: () => process.monotonicMs(),
    after: (delayMs, fire) => process.after(delayMs, fire),
    hold() {},
    letGo() {},
  }
}

export function serverRandom(random: Random): ServerRandom {
  return {
    nonZeroU64: () => random.nonZeroU64(),
    bytes: (length) => random.bytes(length),
  }
}

export function clientRandom(random: Random): ClientRandom {
  return {
    fraction: () => random.fraction(),
    bytes: (length) => random.bytes(length),
  }
}
