/** What outlives a test that never ended. */
import { onTestFinished } from 'vitest'

/** Has `remove` called when the test that runs now is over, also by its time limit; outside of a test nothing is done. */
export function afterTest(remove: () => void | Promise<void>): void {
  try {
    onTestFinished(remove)
  } catch {
    // A hook of a whole file ends what it has begun by itself.
  }
}
