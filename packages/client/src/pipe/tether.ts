/** Until when the server does not take this client for silent. Goes forward with each contact; may go back, when less silence is allowed. */
import type { Clock, Timer } from '../clock.ts'

export class Tether {
  readonly #clock: Clock
  readonly #snap: () => void
  #deadlineMs = Infinity
  #timer: Timer | null = null
  /** When the timer fires. */
  #dueMs = Infinity

  /** @param snap called once, when the deadline has passed */
  constructor(clock: Clock, snap: () => void) {
    this.#clock = clock
    this.#snap = snap
  }

  /** The deadline from now on. It is nothing that a contact could mend when the last one has passed. */
  hold(deadlineMs: number): void {
    this.check()
    if (this.#deadlineMs === Number.NEGATIVE_INFINITY) return
    this.#deadlineMs = deadlineMs
    if (deadlineMs < this.#dueMs) this.#aim()
  }

  check(): void {
    if (this.#clock.monotonicMs() < this.#deadlineMs) return
    if (this.#deadlineMs === Number.NEGATIVE_INFINITY) return
    this.cut()
    this.#snap()
  }

  /** Nothing is waited for any more. */
  cut(): void {
    this.#deadlineMs = Number.NEGATIVE_INFINITY
    this.#timer?.cancel()
    this.#timer = null
  }

  // A deadline that has gone forward is looked at when the timer fires, which costs nothing per contact.
  #aim(): void {
    this.#timer?.cancel()
    this.#dueMs = this.#deadlineMs
    this.#timer = this.#clock.after(this.#dueMs - this.#clock.monotonicMs(), () => {
      this.#dueMs = Infinity
      this.check()
      if (this.#deadlineMs !== Number.NEGATIVE_INFINITY) this.#aim()
    })
  }
}
