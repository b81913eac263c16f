/** A session as a program sees it: all that it holds on one coordination node lives and ends with it. */
import type { Semaphore, SemaphoreOptions } from './semaphore.ts'

export type SessionState = 'attached' | 'recovering' | 'closed' | 'expired'

export interface Session extends AsyncDisposable {
  readonly id: bigint
  /** The coordination node. */
  readonly path: string
  /** Aborts when the session is closed or lost; the reason is a SessionClosedError or a SessionExpiredError. */
  readonly signal: AbortSignal
  readonly state: SessionState
  /** Milliseconds until this session counts as lost if nothing is heard from the server. */
  readonly expiresInMs: number
  /** The current state first, then each change; ends after 'closed' or 'expired'. */
  states(signal?: AbortSignal): AsyncIterable<SessionState>
  semaphore(name: string, options?: SemaphoreOptions): Semaphore
  close(): Promise<void>
}
