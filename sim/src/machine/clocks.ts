/** The product's ports of time and chance, of one simulated process. */
import type { Clock as ClientClock, Random as ClientRandom } from '@tenure/client'
import type { Clock as ServerClock, Random as ServerRandom } from '@tenure/server'
import type { Random } from '../random.ts'
import type { Process } from './process.ts'
import type { Schedule } from './schedule.ts'

export interface WallClockListener {
  jumping(byMs: number): void
  jumped(): void
}

/** Time for people, as wrong as it can be: it may jump at any moment. */
export class WallClock {
  readonly #schedule: Schedule
  readonly #startMs: number
  readonly #heard: WallClockListener
  #offsetMs = 0
  #highestOffsetMs = 0

  constructor(schedule: Schedule, startMs: number, heard: WallClockListener) {
    this.#schedule = schedule
    this.#startMs = startMs
    this.#heard = heard
  }

  get wallMs(): number {
    return this.#startMs + this.#schedule.nowMs + this.#offsetMs
  }

  jump(byMs: number): void {
    this.#heard.jumping(byMs)
    this.#offsetMs += byMs
    this.#highestOffsetMs = Math.max(this.#offsetMs, this.#highestOffsetMs)
    this.#heard.jumped()
  }

  /** The latest of all that it has shown was right: nothing that was to be done by it is far away. */
  settle(): void {
    this.jump(this.#highestOffsetMs - this.#offsetMs)
  }
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
    afterInput: (turn) => process.afterInput(turn),
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
