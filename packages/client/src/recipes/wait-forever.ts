/** An operation that does nothing but last: for whoever wants to lead, and acts on being the leader elsewhere. */
import { onAbort } from '../abort.ts'

/** Resolves when `signal` aborts, and not before. */
export function waitForever(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else onAbort(signal, () => resolve())
  })
}
