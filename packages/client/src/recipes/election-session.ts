/** What an election needs of the session that takes part in it. */
import type { Semaphore, SemaphoreOptions } from '../semaphore.ts'

type SessionState = 'attached' | 'recovering' | 'closed' | 'expired'

export interface ElectionSession {
  readonly id: bigint
  /** Aborts when the session is over. */
  readonly signal: AbortSignal
  readonly state: SessionState
  /** Milliseconds until the session counts as lost if nothing is heard from the server. */
  readonly expiresInMs: number
  /** Milliseconds between the end of what is held and the moment at which the server may give it to others. */
  readonly margin: number
  states(signal?: AbortSignal): AsyncIterable<SessionState>
  semaphore(name: string, options?: SemaphoreOptions): Semaphore
}
