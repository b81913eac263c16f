/** How operations on a task reach the server: for as long as the task is driven here, and not a moment longer. */
import type { TaskOperation } from '@tenure/protocol'
import type { Clock } from '../clock.ts'
import type { Answer } from '../link/link.ts'
import type { Random } from '../random.ts'

/** Why no answer came. */
export class Lost extends Error {
  override name = 'Lost'
  /** The operation was on its way: it may have been done. */
  readonly isSent: boolean

  /** @param why such as `the connection was lost` */
  constructor(why: string, isSent: boolean) {
    super(why)
    this.isSent = isSent
  }
}

export interface Way {
  readonly clock: Clock
  readonly random: Random
  /** Sends one operation, behind all that were sent before. Rejects with `Lost` alone. */
  ask(operation: TaskOperation): Promise<Answer>
  /**
   * Calls `lost` once, with why, when nothing can be sent this way any more; at once when that is so already.
   *
   * @returns takes it off
   */
  onLost(lost: (why: string) => void): () => void
  /** Compares the clocks, so that after a pause nothing is believed before a timer has had its turn. */
  check(): void
}
