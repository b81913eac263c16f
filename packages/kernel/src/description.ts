/** A semaphore, its owners and its waiters, as they are told. */
import type { SessionId } from './asked.ts'

/** What a description is to show beside the semaphore itself. */
export interface DescriptionWish {
  readonly owners: boolean
  readonly waiters: boolean
}

/** One owner or waiter of a semaphore. */
export interface HolderDescription {
  readonly session: SessionId
  /** The fencing token: grows with every entry into a queue of this node. */
  readonly orderId: bigint
  readonly count: bigint
  readonly data: Uint8Array
  /** What the waiter asked for; 0 for an owner. */
  readonly timeoutMs: bigint
}

export interface SemaphoreDescription {
  readonly name: string
  readonly limit: bigint
  readonly data: Uint8Array
  readonly ephemeral: boolean
  /** Units held now. */
  readonly held: bigint
  /** Ascending by order id; empty unless asked for. */
  readonly owners: readonly HolderDescription[]
  readonly waiters: readonly HolderDescription[]
}
