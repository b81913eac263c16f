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
}

/** The longest delay that Node's timers take. */
const DELAY_MAX_MS = 2_147_483_647

export const systemClock: Clock = {
  monotonicMs: () => performance.now(),
  after(delayMs, fire, hold = false) {
    const timer = setTimeout(fire, Math.min(Math.max(0, Math.ceil(delayMs)), DELAY_MAX_MS))
    if (!hold) timer.unref()
    return { cancel: () => clearTimeout(timer) }
  },
}
