/**
 * How long a session may be believed in without a word from the server.
 *
 * The server starts a session's timeout when it notices that the client is gone, which cannot be before it handled the last
 * message that it has answered. So what was sent last and answered is the safe point to count from. The margin covers what the
 * program needs to stop. Silence is silence whatever its cause: a broken network, a dead server, a blocked event loop, a suspended machine.
 */
import type { Clock, Timer } from '../clock.ts'

const MARGIN_MIN_MS = 250
const MARGIN_SHARE = 0.05
/** A short session must keep most of its life. */
const MARGIN_MAX_SHARE = 1 / 3

/** The margin of a session that asks for none. */
export function marginMsOf(timeoutMs: number): number {
  return Math.min(Math.max(MARGIN_MIN_MS, timeoutMs * MARGIN_SHARE), timeoutMs * MARGIN_MAX_SHARE)
}

export class Belief {
  readonly #clock: Clock
  readonly #spanMs: number
  readonly #expire: () => void
  #contactMs = Number.NEGATIVE_INFINITY
  #timer: Timer | null = null
  #over = false

  /**
   * @param spanMs how long a contact is good for: the session's timeout without the margin
   * @param expire called once, when the deadline has passed
   */
  constructor(clock: Clock, spanMs: number, expire: () => void) {
    this.#clock = clock
    this.#spanMs = spanMs
    this.#expire = expire
  }

  get remainingMs(): number {
    return this.#over ? 0 : Math.max(0, this.#deadlineMs - this.#clock.monotonicMs())
  }

  get #deadlineMs(): number {
    return this.#contactMs + this.#spanMs
  }

  /** What was sent at `sentAtMs` has been answered. */
  contact(sentAtMs: number): void {
    if (this.#over) return
    if (sentAtMs > this.#contactMs) this.#contactMs = sentAtMs
    this.#timer ??= this.#clock.after(this.remainingMs, () => this.#ring())
  }

  /** Compares the clocks, so that after a pause nothing is believed before the timer has had its turn. */
  check(): void {
    if (this.#over || this.#timer === null) return
    if (this.#clock.monotonicMs() < this.#deadlineMs) return
    this.stop()
    this.#expire()
  }

  stop(): void {
    this.#over = true
    this.#timer?.cancel()
  }

  // The deadline moves with each contact; the timer is set anew only when it fires, which costs nothing per contact.
  #ring(): void {
    this.check()
    if (!this.#over) this.#timer = this.#clock.after(this.remainingMs, () => this.#ring())
  }
}
