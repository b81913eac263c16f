/**
 * The time of day by which a session log's tasks become due: the wall clock, as far as it moves forward.
 *
 * A clock that was set back is followed by the monotonic one instead, so that what is due already stays due and nothing becomes
 * due twice as late. One that was set forward, or has gone on while this machine slept, is followed at once.
 */
import type { Clock } from '../clock.ts'

export class DueClock {
  readonly #clock: Clock
  /** The largest difference between the two clocks that was seen. */
  #aheadMs = -Infinity

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Milliseconds since 1970, with fractions; never goes back. */
  wallMs(): number {
    const monotonicMs = this.#clock.monotonicMs()
    const aheadMs = this.#clock.wallMs() - monotonicMs
    if (aheadMs > this.#aheadMs) this.#aheadMs = aheadMs
    return monotonicMs + this.#aheadMs
  }
}
