/**
 * What can be asked of a coordination node.
 *
 * Records and operators have files of their own. A command names its asker by `stream` and `requestId`; the kernel keeps both unread and gives them back with every
 * event that answers the request. Request ids need not be unique: they are echoed, never compared.
 */
import type { Asked, Change, InSession, SessionId, StreamId } from './asked.ts'
import type { LogCommand, LogQuestion } from './log/command.ts'
import type { OperatorCommand } from './operator-command.ts'
import type { RecordCommand } from './records/command.ts'

/** 2^64-1: "without limit" for a semaphore, "all of it" for an exclusive acquire, "for ever" for an acquire's timeout. */
export const MAX_U64 = 0xffff_ffff_ffff_ffffn

export type ConsistencyMode = 'unset' | 'strict' | 'relaxed'
export type CountersMode = 'unset' | 'aggregated' | 'detailed'

/** A node's settings as they were given; 0 and 'unset' mean "not set". Clamped where used, never where stored. */
export interface NodeConfig {
  readonly selfCheckPeriodMs: number
  readonly sessionGracePeriodMs: number
  readonly readConsistency: ConsistencyMode
  readonly attachConsistency: ConsistencyMode
  readonly rateLimiterCounters: CountersMode
}

/** Makes the node exist. An existing node keeps its settings: the answer is the same. */
export interface CreateNode extends Asked {
  readonly kind: 'create-node'
  readonly config: NodeConfig
}

/** Replaces the settings that are set (neither 0 nor 'unset'); the rest stay. */
export interface AlterNode extends Asked {
  readonly kind: 'alter-node'
  readonly config: NodeConfig
}

/** Ends the node with all that is in it. Its counters stay, so that ids and tokens never come back. */
export interface DropNode extends Asked {
  readonly kind: 'drop-node'
}

export interface DescribeNode extends Asked {
  readonly kind: 'describe-node'
}

/** Starts a session (`session` 0), or takes an existing one over for this stream. */
export interface Attach extends InSession {
  readonly kind: 'attach'
  readonly timeoutMs: bigint
  readonly description: string
  readonly sequenceNumber: bigint
  readonly protectionKey: Uint8Array
}

/** The session's stream is gone: its timer starts. Without effect when the session is on another stream by now. */
export interface Detach {
  readonly kind: 'detach'
  readonly stream: StreamId
  readonly session: SessionId
}

/** Ends the session at once and frees all that it holds. */
export interface Stop extends InSession {
  readonly kind: 'stop'
}

export interface CreateSemaphore extends InSession {
  readonly kind: 'create-semaphore'
  /** Absent for a change that is never asked for again. */
  readonly change?: Change | undefined
  readonly name: string
  readonly limit: bigint
  readonly data: Uint8Array
}

export interface UpdateSemaphore extends InSession {
  readonly kind: 'update-semaphore'
  readonly change?: Change | undefined
  readonly name: string
  readonly data: Uint8Array
}

export interface DeleteSemaphore extends InSession {
  readonly kind: 'delete-semaphore'
  readonly change?: Change | undefined
  readonly name: string
  readonly force: boolean
}

export interface DescribeSemaphore extends InSession {
  readonly kind: 'describe-semaphore'
  readonly name: string
  readonly owners: boolean
  readonly waiters: boolean
  readonly watchData: boolean
  readonly watchOwners: boolean
  /** Watch although nothing of this name exists yet: the answer is then an empty description, and creation is an event. */
  readonly watchAbsent: boolean
  /** The watch does not end with the first change: it is shown the state after each, until it is forgotten or replaced. */
  readonly watchStands: boolean
}

export interface Acquire extends InSession {
  readonly kind: 'acquire'
  readonly name: string
  readonly count: bigint
  /** 0 asks once, MAX_U64 waits for ever. */
  readonly timeoutMs: bigint
  readonly data: Uint8Array
  readonly ephemeral: boolean
  /** An absent semaphore is created with this limit; one that is there must have it (LIMIT_MISMATCH). Not for ephemeral ones. */
  readonly createLimit?: bigint | undefined
}

export interface Release extends InSession {
  readonly kind: 'release'
  readonly name: string
}

export type SemaphoreCommand =
  | CreateSemaphore
  | UpdateSemaphore
  | DeleteSemaphore
  | DescribeSemaphore
  | Acquire
  | Release

export type SessionCommand = SemaphoreCommand | RecordCommand | LogCommand

export type NodeCommand = CreateNode | AlterNode | DropNode | DescribeNode

export type Command =
  | NodeCommand
  | OperatorCommand
  | LogQuestion
  | Attach
  | Detach
  | Stop
  | SessionCommand
