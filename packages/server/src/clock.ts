/**
 * Time as the server sees it: the only place that sets timers. A simulation brings a clock of its own.
 */

export interface Timer {
  cancel(): void
}

export interface Clock {
  /** Milliseconds, with fractions, that never go back and ignore the wall clock. */
  monotonicMs(): number
  /** Milliseconds since 1970, for people. */
  wallMs(): number
  /** Calls `fire` once, not before `delayMs` have passed. */
  after(delayMs: number, fire: () => void): Timer
  /** Calls `turn` when the input that has already arrived has been handled. */
  afterInput(turn: () => void): void
}

/** The longest delay that Node's timers take. */
const DELAY_MAX_MS = 2_147_483_647

/** The clock of this machine. Its timers do not keep the process alive. */
export const systemClock: Clock = {
  monotonicMs: () => performance.now(),
  wallMs: () => Date.now(),
  after(delayMs, fire) {
    const timer = setTimeout(fire, Math.min(Math.max(0, Math.ceil(delayMs)), DELAY_MAX_MS))
    timer.unref()
    return { cancel: () => clearTimeout(timer) }
  },
  afterInput: (turn) => {
    setImmediate(turn)
  },
}
