/**
 * How long a request waits here for a node that is between two servers. Only what has certainly not been done is asked again.
 *
 * Pauses grow, and differ by chance, so that two servers which take a node from each other do not do so in step.
 */
import type { Clock } from '../clock.ts'
import type { Random } from '../random.ts'

const PAUSE_MIN_MS = 10
const PAUSE_MAX_MS = 200
const GROWTH = 2
const U64 = 2 ** 64

export interface PatiencePorts {
  readonly clock: Clock
  readonly random: Random
}

export class Patience {
  readonly #ports: PatiencePorts
  readonly #endsAtMs: number
  #nextMs = PAUSE_MIN_MS

  constructor(ports: PatiencePorts, lengthMs: number) {
    this.#ports = ports
    this.#endsAtMs = ports.clock.monotonicMs() + lengthMs
  }

  /** Resolves after the next pause. @returns false, at once, when there is no time left for one */
  async pause(): Promise<boolean> {
    const { clock, random } = this.#ports
    const part = Number(random.nonZeroU64()) / U64
    const pauseMs = this.#nextMs * (0.5 + part / 2)
    if (clock.monotonicMs() + pauseMs > this.#endsAtMs) return false
    this.#nextMs = Math.min(this.#nextMs * GROWTH, PAUSE_MAX_MS)
    await new Promise<void>((resolve) => void clock.after(pauseMs, resolve))
    return true
  }
}
