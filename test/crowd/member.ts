/** What all members of a crowd have in common: a session that is opened again whenever it is lost. */
import { connect, TenureError } from 'tenure'
import type { Session } from 'tenure'

export interface MemberOptions {
  readonly address: string
  readonly path: string
  readonly timeoutMs: number
}

/** Does `work` in one session after the other, until `signal` aborts. What is no mishap of the way is thrown. */
export async function keepWorking(
  { address, path, timeoutMs: timeout }: MemberOptions,
  signal: AbortSignal,
  work: (session: Session) => Promise<void>,
): Promise<void> {
  await using client = connect(address)
  while (!signal.aborted) {
    try {
      // A way that is broken for good must not be waited for when the crowd goes home.
      const options = { timeout, createNode: true, closeTimeout: 500 }
      await using session = await client.openSession(path, options, signal)
      await work(session)
    } catch (error) {
      if (signal.aborted) return
      if (!(error instanceof TenureError && error.retryable)) throw error
    }
  }
}
