/** A clock that a test moves. */
import type { Clock, Timer } from '../src/clock.ts'

interface Entry {
  readonly atMs: number
  readonly fire: () => void
}

export class FakeClock implements Clock {
  #nowMs = 1_000
  readonly #timers = new Set<Entry>()

  /** How often the process is held. */
  holders = 0

  monotonicMs(): number {
    return this.#nowMs
  }

  hold(): void {
    this.holders += 1
  }

  letGo(): void {
    this.holders -= 1
  }

  after(delayMs: number, fire: () => void): Timer {
    const entry = { atMs: this.#nowMs + Math.max(0, delayMs), fire }
    this.#timers.add(entry)
    return {
      cancel: () => {
        this.#timers.delete(entry)
      },
    }
  }

  /** Whatever else has happened in this turn of the event loop comes first. */
  afterInput(turn: () => void): void {
    setImmediate(turn)
  }

  /** Timers that have not fired. */
  get pending(): number {
    return this.#timers.size
  }

  /** When the next timer fires, from now. */
  get nextMs(): number {
    return Math.min(...[...this.#timers].map(({ atMs }) => atMs)) - this.#nowMs
  }

  /** Lets the time pass, with each timer fired when it is due. */
  advance(ms: number): void {
    const endMs = this.#nowMs + ms
    for (;;) {
      const due = [...this.#timers].filter(({ atMs }) => atMs <= endMs)
      const next = due.sort((left, right) => left.atMs - right.atMs)[0]
      if (next === undefined) break
      this.#nowMs = Math.max(this.#nowMs, next.atMs)
      this.#timers.delete(next)
      next.fire()
    }
    this.#nowMs = endMs
  }

  /** The process was stopped or its event loop blocked: time has passed, and no timer has had its turn. */
  stall(ms: number): void {
    this.#nowMs += ms
  }
}
