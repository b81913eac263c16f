/** Waiting with a bound. */
import type { Clock, Timer } from './clock.ts'

/** Resolves when the work has ended, or after `limitMs`. Rejects as the work does within that time. */
export async function within(clock: Clock, limitMs: number, work: Promise<unknown>): Promise<void> {
  let overdue: Timer | undefined
  const limit = new Promise<void>((resolve) => {
    overdue = clock.after(limitMs, resolve)
  })
  try {
    await Promise.race([work, limit])
  } finally {
    overdue?.cancel()
  }
}
