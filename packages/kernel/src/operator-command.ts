/** What an operator can ask of a node, beside its sessions: who is there, who holds what, and to end or free it by force. */
import type { Asked, SessionId } from './asked.ts'

/** Whether the grant is held and the newest of its name: the question a resource asks about a token. */
export interface CheckToken extends Asked {
  readonly kind: 'check-token'
  readonly name: string
  readonly token: bigint
}

/** Sessions in the order of their ids, a page at a time. */
export interface ListSessions extends Asked {
  readonly kind: 'list-sessions'
  /** Only ids above this one. */
  readonly after: SessionId
  /** 0: as many as a page takes. */
  readonly limit: number
}

/** Ends a session as if its timeout had passed. Its client is told that it has expired. NOT_FOUND. */
export interface EndSession extends Asked {
  readonly kind: 'end-session'
  readonly session: SessionId
}

/** Takes from a session what it holds of a semaphore, or its place in the queue. Its client is told. NOT_FOUND. */
export interface ForceRelease extends Asked {
  readonly kind: 'force-release'
  readonly name: string
  readonly session: SessionId
}

/** Who holds a semaphore and who waits, since when, and on what each of them waits itself. NOT_FOUND. */
export interface ExplainSemaphore extends Asked {
  readonly kind: 'explain-semaphore'
  readonly name: string
}

export type OperatorCommand =
  | CheckToken
  | ListSessions
  | EndSession
  | ForceRelease
  | ExplainSemaphore
