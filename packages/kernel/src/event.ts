/**
 * What a coordination node says: answers to requests, and notices nobody asked for.
 *
 * Every event has an addressee, a stream. Events of one step stand in the order in which they must reach the wire.
 */
import type { SessionId } from './asked.ts'
import type { NodeConfig } from './command.ts'
import type { Addressed, Answer } from './addressed.ts'
import type { SemaphoreDescription } from './description.ts'
import type { LogEvent } from './log/event.ts'
import type { OperatorEvent } from './operator-event.ts'
import type { RecordEvent, RecordView } from './records/event.ts'

/** Why a request was refused. One word for each status that clients tell apart. */
export type RefusalCode =
  | 'INVALID_ARGUMENT'
  | 'NOT_FOUND'
  | 'ALREADY_EXISTS'
  | 'PRECONDITION_FAILED'
  | 'ABORTED'
  | 'SESSION_EXPIRED'
  | 'BAD_SESSION'
  | 'LIMIT_MISMATCH'
  | 'WRONG_VERSION'
  | 'WRONG_LEASE'
  | 'FENCED'
  | 'UNSUPPORTED'
  | 'UNKNOWN_THEME'
  | 'TASK_CLOSED'
  | 'STALE_ATTEMPT'
  | 'TASK_TOO_LARGE'

/** The request was refused and had no effect. */
export interface Refused extends Answer {
  readonly kind: 'refused'
  readonly code: RefusalCode
  readonly message: string
  /** What is there instead, with ALREADY_EXISTS and WRONG_VERSION of a record. */
  readonly record?: RecordView
}

/** The request was done, and there is nothing more to say: create, update and delete of a semaphore, create, alter and drop of a node. */
export interface Done extends Answer {
  readonly kind: 'done'
}

export interface NodeDescribed extends Answer {
  readonly kind: 'node-described'
  readonly config: NodeConfig
}

export interface Attached extends Answer {
  readonly kind: 'attached'
  readonly session: SessionId
  readonly timeoutMs: bigint
}

export interface Stopped extends Answer {
  readonly kind: 'stopped'
  readonly session: SessionId
}

/** The acquire waits in the queue. At most one per request, before its result. */
export interface Pending extends Answer {
  readonly kind: 'pending'
  readonly orderId: bigint
}

/** The units are held; `orderId` is the fencing token. */
export interface Acquired extends Answer {
  readonly kind: 'acquired'
  readonly orderId: bigint
}

/** The acquire ended without a grant: its time was over, or it asked once. */
export interface NotAcquired extends Answer {
  readonly kind: 'not-acquired'
}

/** `released` is false when the session neither held nor waited. */
export interface Released extends Answer {
  readonly kind: 'released'
  readonly released: boolean
}

export interface SemaphoreDescribed extends Answer {
  readonly kind: 'semaphore-described'
  /** null only for a watch on a name that does not exist yet. */
  readonly description: SemaphoreDescription | null
  readonly watchAdded: boolean
}

/** A watch fired, and is gone; or was replaced by a newer one (both flags false). `requestId` is that of its describe. */
export interface Changed extends Answer {
  readonly kind: 'changed'
  readonly session: SessionId
  readonly data: boolean
  readonly owners: boolean
}

/**
 * What the standing watches of one stream see now: the latest state after one change or many. `requestIds` are those of their
 * describes, and none of the watches is gone by this.
 */
export interface SemaphoreShown extends Addressed {
  readonly kind: 'semaphore-shown'
  readonly requestIds: readonly bigint[]
  /** null while nothing has the name. */
  readonly description: SemaphoreDescription | null
}

/** The session left this stream without having been asked: taken over by another stream, or its node was dropped. */
export interface Ended extends Addressed {
  readonly kind: 'ended'
  readonly session: SessionId
  /** 'expired': an operator has ended it. */
  readonly reason: 'taken' | 'dropped' | 'expired'
}

export type Event =
  | Refused
  | Done
  | NodeDescribed
  | Attached
  | Stopped
  | Pending
  | Acquired
  | NotAcquired
  | Released
  | SemaphoreDescribed
  | Changed
  | SemaphoreShown
  | Ended
  | RecordEvent
  | LogEvent
  | OperatorEvent
