/**
 * How long to wait before the next attempt: exponential, with full jitter, bounded.
 *
 * Full jitter spreads the clients of a restarted server evenly over the whole pause, so that they do not come back as one wave.
 */
import type { Random } from './random.ts'

export interface BackoffOptions {
  /** The greatest first pause. */
  readonly baseMs?: number
  /** The greatest pause of all. */
  readonly maxMs?: number
}

const BASE_MS = 20
const MAX_MS = 2_000
/** Enough to reach any bound; keeps the power finite. */
const DOUBLINGS_MAX = 30

export class Backoff {
  readonly #random: Random
  readonly #baseMs: number
  readonly #maxMs: number
  #attempts = 0

  constructor(random: Random, { baseMs = BASE_MS, maxMs = MAX_MS }: BackoffOptions = {}) {
    this.#random = random
    this.#baseMs = baseMs
    this.#maxMs = maxMs
  }

  /** The pause before the next attempt. */
  nextMs(): number {
    const ceilingMs = Math.min(this.#maxMs, this.#baseMs * 2 ** this.#attempts)
    this.#attempts = Math.min(this.#attempts + 1, DOUBLINGS_MAX)
    return this.#random.fraction() * ceilingMs
  }

  /** An attempt succeeded: the next trouble starts from the shortest pause. */
  reset(): void {
    this.#attempts = 0
  }
}
