/**
 * The kernel's time: the monotonic clock without the pauses of this process.
 *
 * A ticker shows that the process runs. Between two ticks at most `TICK_MS + LAG_MAX_MS` of served time pass, however
 * late the second one comes: a host that slept, or whose event loop was blocked, lets nobody expire for it (I-22).
 */
import type { Clock, Timer } from '../clock.ts'

const TICK_MS = 100

/** How late a tick may come. More is a pause; the shortest ping period that stays usable is twice as long. */
const LAG_MAX_MS = 250

const BETWEEN_TICKS_MAX_MS = TICK_MS + LAG_MAX_MS

export class ServedTime {
  readonly #clock: Clock
  #tickedAtMs: number
  #pausedMs = 0
  #pauses = 0
  #ticker: Timer

  constructor(clock: Clock) {
    this.#clock = clock
    this.#tickedAtMs = clock.monotonicMs()
    this.#ticker = clock.after(TICK_MS, this.#tick)
  }

  /** Never goes back. */
  nowMs(): number {
    const latestMs = this.#tickedAtMs + BETWEEN_TICKS_MAX_MS
    return Math.min(this.#clock.monotonicMs(), latestMs) - this.#pausedMs
  }

  /** How often the process did not run for longer than it should. */
  get pauses(): number {
    return this.#pauses
  }

  /** How much time was left out for that. */
  get pausedMs(): number {
    return this.#pausedMs
  }

  stop(): void {
    this.#ticker.cancel()
  }

  readonly #tick = (): void => {
    const nowMs = this.#clock.monotonicMs()
    const overMs = nowMs - this.#tickedAtMs - BETWEEN_TICKS_MAX_MS
    if (overMs > 0) {
      this.#pausedMs += overMs
      this.#pauses += 1
    }
    this.#tickedAtMs = nowMs
    this.#ticker = this.#clock.after(TICK_MS, this.#tick)
  }
}
