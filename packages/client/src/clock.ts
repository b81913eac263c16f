/**
 * Time as the client sees it: the only place that sets timers. A simulation brings a clock of its own.
 */

export interface Timer {
  cancel(): void
}

export interface Clock {
  /** Milliseconds, with fractions, that never go back and ignore the wall clock. */
  monotonicMs(): number
  /** Calls `fire` once, not before `delayMs` have passed. Keeps the process alive only when `hold` is true. */
  after(delayMs: number, fire: () => void, hold?: boolean): Timer
  /** Calls `turn` when the input that has already arrived has been handled, and what was written because of it is on its way. */
  afterInput(turn: () => void): void
  /** Keeps the process alive until `letGo` has been called as often as `hold`. Cheap: called for single requests. */
  hold(): void
  letGo(): void
}

/** The longest delay that Node's timers take. */
const DELAY_MAX_MS = 2_147_483_647

/** What keeps the process alive while anybody holds it: a timer that does nothing. */
class Anchor {
  #timer: NodeJS.Timeout | null = null
  #holders = 0

  hold(): void {
    this.#holders += 1
    if (this.#holders > 1) return
    this.#timer ??= setInterval(() => {}, DELAY_MAX_MS)
    this.#timer.ref()
  }

  letGo(): void {
    this.#holders -= 1
    if (this.#holders === 0) this.#timer?.unref()
  }
}

const anchor = new Anchor()

export const systemClock: Clock = {
  monotonicMs: () => performance.now(),
  after(delayMs, fire, hold = false) {
    const timer = setTimeout(fire, Math.min(Math.max(0, Math.ceil(delayMs)), DELAY_MAX_MS))
    if (!hold) timer.unref()
    return { cancel: () => clearTimeout(timer) }
  },
  afterInput: (turn) => {
    setImmediate(turn)
  },
  hold: () => anchor.hold(),
  letGo: () => anchor.letGo(),
}
