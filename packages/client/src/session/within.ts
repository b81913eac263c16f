/** A bound on the time that a promise may take. */
import type { Clock } from '../clock.ts'

export interface Limit {
  readonly clock: Clock
  readonly timeoutMs: number
  /** The error when time is up. */
  readonly late: () => Error
}

/** Passes `promise` on, unless time is up first; what it does afterwards goes unheard. Keeps the process alive meanwhile. */
export function within<T>({ clock, timeoutMs, late }: Limit, promise: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = clock.after(timeoutMs, () => reject(late()), true)
    void promise.then(resolve, reject).finally(() => timer.cancel())
  })
}
