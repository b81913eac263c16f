/** What a node tells an operator, and whom an operator's deed concerns. */
import type { SessionId } from './asked.ts'
import type { Addressed, Answer } from './addressed.ts'
import type { SemaphoreDescription } from './description.ts'

export interface TokenChecked extends Answer {
  readonly kind: 'token-checked'
  readonly isNewest: boolean
}

/** One semaphore of which a session holds units, or for which it waits. */
export interface Holding {
  readonly name: string
  readonly orderId: bigint
  readonly count: bigint
  readonly owns: boolean
  /** How long it has held or waited; since the node was loaded when that is later, and `isAtLeast` then. */
  readonly forMs: bigint
  readonly isAtLeast: boolean
}

export interface SessionDescription {
  readonly id: SessionId
  readonly description: string
  readonly timeoutMs: bigint
  readonly isAttached: boolean
  /** Until it expires; its whole timeout while it is attached. */
  readonly remainingMs: bigint
  /** In the order of their order ids; no more than `describedHoldingsMax`. */
  readonly holdings: readonly Holding[]
  /** All of them, also those that are not described. */
  readonly holdingsCount: number
  readonly leases: number
}

export interface SessionsListed extends Answer {
  readonly kind: 'sessions-listed'
  readonly sessions: readonly SessionDescription[]
  readonly more: boolean
}

export interface SemaphoreExplained extends Answer {
  readonly kind: 'semaphore-explained'
  /** With owners and waiters. */
  readonly description: SemaphoreDescription
  /** The sessions of the owners, then of the waiters, in their order; no more than `explainedSessionsMax`. */
  readonly sessions: readonly SessionDescription[]
}

/** An operator has taken from this session what it held, or its place in the queue. */
export interface Revoked extends Addressed {
  readonly kind: 'revoked'
  readonly session: SessionId
  readonly name: string
  readonly orderId: bigint
}

export type OperatorEvent = TokenChecked | SessionsListed | SemaphoreExplained | Revoked
