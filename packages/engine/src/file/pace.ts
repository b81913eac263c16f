/**
 * Whether a write transaction may hold up the event loop.
 *
 * A transaction on the calling thread is the fastest: no thread has to be woken, and at most the length of a sync passes in which
 * nothing else is done, while what arrives meanwhile gathers for the next one. That holds as long as the disk syncs fast. When it does
 * not, transactions go to LMDB's thread; one of them is tried here now and then, to see whether the disk has recovered.
 */

/** The longest that a transaction may hold up the event loop, on average, unless the owner of the store says otherwise. */
const BLOCKING_MAX_MS = 4

/** How many go to the other thread before one is tried here again. */
const TRIAL_EVERY = 256

/** The weight of the latest in the moving average. */
const WEIGHT = 1 / 8

export class Pace {
  readonly #blockingMaxMs: number
  #averageMs = 0
  #untilTrial = 0

  constructor(blockingMaxMs: number = BLOCKING_MAX_MS) {
    this.#blockingMaxMs = blockingMaxMs
  }

  /** Whether the next transaction runs on the calling thread. */
  mayBlock(): boolean {
    if (this.#blockingMaxMs === 0) return false
    if (this.#averageMs <= this.#blockingMaxMs) return true
    this.#untilTrial -= 1
    return this.#untilTrial <= 0
  }

  /** One took so long on the calling thread. */
  blocked(durationMs: number): void {
    this.#averageMs += (durationMs - this.#averageMs) * WEIGHT
    this.#untilTrial = TRIAL_EVERY
  }
}
