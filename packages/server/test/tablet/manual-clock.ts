/** A clock that stands still until it is moved. Turns of the event loop are real ones, so I/O-free promises settle in them. */
import type { Clock, Timer } from '../../src/clock.ts'

interface Pending {
  readonly atMs: number
  readonly order: number
  readonly fire: () => void
}

export class ManualClock implements Clock {
  #nowMs = 1_000
  /** How much the time of day is ahead of the monotonic clock. */
  wallAheadMs = 0
  #order = 0
  readonly #pending = new Set<Pending>()

  monotonicMs(): number {
    return this.#nowMs
  }

  wallMs(): number {
    return this.#nowMs + this.wallAheadMs
  }

  after(delayMs: number, fire: () => void): Timer {
    const pending = { atMs: this.#nowMs + delayMs, order: (this.#order += 1), fire }
    this.#pending.add(pending)
    return { cancel: () => void this.#pending.delete(pending) }
  }

  afterInput(turn: () => void): void {
    setImmediate(turn)
  }

  get timers(): number {
    return this.#pending.size
  }

  /** Lets time pass as it does for a process that runs: every timer goes off at its time. */
  async advance(ms: number): Promise<void> {
    const endMs = this.#nowMs + ms
    for (let next = this.#next(endMs); next !== undefined; next = this.#next(endMs)) {
      this.#nowMs = Math.max(this.#nowMs, next.atMs)
      this.#pending.delete(next)
      next.fire()
      // Timers of one moment go off in one phase of the event loop.
      if (this.#next(this.#nowMs) === undefined) await settle()
    }
    this.#nowMs = endMs
    await settle()
  }

  /** Time passes while the process does not run; overdue timers go off afterwards, at the next `advance`. */
  sleep(ms: number): void {
    this.#nowMs += ms
  }

  #next(endMs: number): Pending | undefined {
    let first: Pending | undefined
    for (const pending of this.#pending) {
      if (pending.atMs > endMs) continue
      if (first === undefined || pending.atMs < first.atMs) first = pending
      else if (pending.atMs === first.atMs && pending.order < first.order) first = pending
    }
    return first
  }
}

const TURNS = 12

/** Waits until everything that needs only turns of the event loop has happened. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < TURNS; turn += 1) {
    await new Promise<void>((resolve) => setImmediate(resolve))
  }
}
