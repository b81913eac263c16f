/** A clock that stands still until a test moves it. */
import type { Clock, Timer } from '../src/index.ts'

interface Pending {
  readonly dueMs: number
  readonly fire: () => void
}

export class ManualClock implements Clock {
  #nowMs = 1_000
  readonly #pending = new Set<Pending>()

  monotonicMs(): number {
    return this.#nowMs
  }

  wallMs(): number {
    return this.#nowMs
  }

  after(delayMs: number, fire: () => void): Timer {
    const pending = { dueMs: this.#nowMs + Math.max(0, delayMs), fire }
    this.#pending.add(pending)
    return { cancel: () => this.#pending.delete(pending) }
  }

  afterInput(turn: () => void): void {
    setImmediate(turn)
  }

  /** Lets time pass in steps, timer by timer, each in its own turn of the event loop. */
  async advance(ms: number): Promise<void> {
    const endMs = this.#nowMs + ms
    for (;;) {
      const next = [...this.#pending].toSorted((a, b) => a.dueMs - b.dueMs)[0]
      if (next === undefined || next.dueMs > endMs) break
      this.#nowMs = Math.max(this.#nowMs, next.dueMs)
      this.#pending.delete(next)
      next.fire()
      await turn()
    }
    this.#nowMs = endMs
    await turn()
  }

  /** Time passes at once, as for a process that was stopped; timers fire late. */
  jump(ms: number): void {
    this.#nowMs += ms
    for (const pending of [...this.#pending].toSorted((a, b) => a.dueMs - b.dueMs)) {
      if (pending.dueMs > this.#nowMs || !this.#pending.delete(pending)) continue
      pending.fire()
    }
  }
}

/** What was started by input and timers of this turn has run. */
async function turn(): Promise<void> {
  for (let round = 0; round < 3; round += 1) {
    await new Promise((resolve) => {
      setImmediate(resolve)
    })
  }
}
