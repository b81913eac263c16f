/** One clock for all sides of a world that has no input but its own: time stands still until it is moved. */
import type { Clock as ClientClock, Timer } from '@tenure/client'
import type { Clock as ServerClock } from '@tenure/server'

interface Pending {
  readonly atMs: number
  readonly order: number
  readonly fire: () => void
}

export class WorldClock implements ClientClock, ServerClock {
  #nowMs = 0
  #order = 0
  readonly #pending = new Set<Pending>()
  #turns: (() => void)[] = []
  /** How often the process is held. */
  holders = 0

  monotonicMs(): number {
    return this.#nowMs
  }

  wallMs(): number {
    return this.#nowMs
  }

  after(delayMs: number, fire: () => void): Timer {
    const atMs = this.#nowMs + Math.max(0, delayMs)
    const pending = { atMs, order: (this.#order += 1), fire }
    this.#pending.add(pending)
    return { cancel: () => void this.#pending.delete(pending) }
  }

  afterInput(turn: () => void): void {
    this.#turns.push(turn)
  }

  hold(): void {
    this.holders += 1
  }

  letGo(): void {
    this.holders -= 1
  }

  /** Timers that have not gone off. */
  get timers(): number {
    return this.#pending.size
  }

  /** How long until the next timer goes off. */
  get nextMs(): number {
    return (this.#next(Infinity)?.atMs ?? Infinity) - this.#nowMs
  }

  /** Waits until everything has happened that needs no time. Nothing here does real I/O, so promises settle within one turn. */
  async settle(): Promise<void> {
    do {
      const turns = this.#turns
      this.#turns = []
      for (const turn of turns) turn()
      await new Promise<void>((resolve) => setImmediate(resolve))
    } while (this.#turns.length > 0)
  }

  /** Lets time pass, with every timer at its moment and all that follows from it before the next. */
  async advance(ms: number): Promise<void> {
    const endMs = this.#nowMs + ms
    await this.settle()
    for (let next = this.#next(endMs); next !== undefined; next = this.#next(endMs)) {
      this.#nowMs = Math.max(this.#nowMs, next.atMs)
      this.#pending.delete(next)
      next.fire()
      await this.settle()
    }
    this.#nowMs = endMs
  }

  #next(endMs: number): Pending | undefined {
    let first: Pending | undefined
    for (const pending of this.#pending) {
      if (pending.atMs > endMs) continue
      const isEarlier =
        first === undefined ||
        pending.atMs < first.atMs ||
        (pending.atMs === first.atMs && pending.order < first.order)
      if (isEarlier) first = pending
    }
    return first
  }
}

/** The clock of one server process: once that is killed, nothing goes off any more. */
export class ProcessClock implements ServerClock {
  readonly #world: WorldClock
  readonly #timers = new Set<Timer>()
  #isDead = false

  constructor(world: WorldClock) {
    this.#world = world
  }

  monotonicMs(): number {
    return this.#world.monotonicMs()
  }

  wallMs(): number {
    return this.#world.wallMs()
  }

  after(delayMs: number, fire: () => void): Timer {
    if (this.#isDead) return { cancel: () => {} }
    const inner = this.#world.after(delayMs, () => {
      this.#timers.delete(timer)
      fire()
    })
    const timer = {
      cancel: () => {
        this.#timers.delete(timer)
        inner.cancel()
      },
    }
    this.#timers.add(timer)
    return timer
  }

  afterInput(turn: () => void): void {
    this.#world.afterInput(() => {
      if (!this.#isDead) turn()
    })
  }

  /** Timers that have not gone off. */
  get timers(): number {
    return this.#timers.size
  }

  kill(): void {
    this.#isDead = true
    for (const timer of this.#timers) timer.cancel()
  }
}
