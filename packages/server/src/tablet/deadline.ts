/**
 * The one timer of a tablet: goes off when the kernel has something due.
 *
 * A timer may go off before input that arrived earlier has been read, after a pause above all. Two turns pass before the
 * call, so that a client that spoke in time is heard first.
 */
import type { Clock, Timer } from '../clock.ts'
import type { ServedTime } from './served-time.ts'

export class Deadline {
  readonly #clock: Clock
  readonly #time: ServedTime
  readonly #due: () => void
  #armedForMs = Infinity
  #timer: Timer | null = null

  constructor(ports: { readonly clock: Clock; readonly time: ServedTime }, due: () => void) {
    this.#clock = ports.clock
    this.#time = ports.time
    this.#due = due
  }

  /** Sees to it that the call comes at `dueMs` or earlier; whoever is called too early aims again. */
  aim(dueMs: number): void {
    if (dueMs >= this.#armedForMs) return
    this.#timer?.cancel()
    this.#armedForMs = dueMs
    this.#timer = this.#clock.after(Math.max(0, dueMs - this.#time.nowMs()), this.#goOff)
  }

  cancel(): void {
    this.#timer?.cancel()
    this.#timer = null
    this.#armedForMs = Infinity
  }

  readonly #goOff = (): void => {
    const timer = this.#timer
    const unlessCancelled = (next: () => void) => () => {
      if (this.#timer === timer) next()
    }
    const call = unlessCancelled(() => {
      this.cancel()
      this.#due()
    })
    this.#clock.afterInput(unlessCancelled(() => this.#clock.afterInput(call)))
  }
}
