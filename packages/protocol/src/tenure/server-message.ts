/** What the server says over Tenure's own protocol, as plain objects. A frame holds any number of these. */
import type { SemaphoreMessage } from '../session/response.ts'
import type { NodeSettings } from './client-message.ts'
import type { TaskReply } from './task-reply.ts'

/** The answer to the client's hello; nothing comes before it. */
export interface ServerHello {
  readonly kind: 'hello'
  readonly version: number
  readonly capabilities: readonly string[]
  readonly agent: string
  /** Which one of several it is; empty when it is alone. */
  readonly server: string
}

interface ConnectionPong {
  readonly kind: 'pong'
  readonly id: number
}

/** The attach of this id has succeeded: the channel is open. */
export interface SessionAttached {
  readonly kind: 'attached'
  readonly channel: number
  readonly sessionId: bigint
  readonly timeoutMs: bigint
}

/** The attach of this id was not begun: another server has the node. */
export interface SessionElsewhere {
  readonly kind: 'elsewhere'
  readonly channel: number
  /** `host:port` */
  readonly address: string
  /** What its hello calls itself. */
  readonly server: string
}

/** One of the kernel's refusal codes, or UNAUTHORIZED, OVERLOADED, UNAVAILABLE, INTERNAL. */
export type CodeName =
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
  | 'UNAUTHORIZED'
  | 'OVERLOADED'
  | 'UNAVAILABLE'
  | 'INTERNAL'

/** The last word on a channel: its attach was refused, its session was stopped, taken over, ended, or its node has gone. */
export interface SessionEnded {
  readonly kind: 'ended'
  readonly channel: number
  readonly code: CodeName | 'STOPPED'
  readonly message: string
}

export interface RecordMessage {
  readonly key: Uint8Array
  readonly value: Uint8Array
  readonly version: bigint
  readonly createdVersion: bigint
  readonly lease: bigint
}

export type RecordChangeMessage =
  | { readonly kind: 'put'; readonly record: RecordMessage }
  | { readonly kind: 'deleted'; readonly key: Uint8Array; readonly version: bigint }

export interface HoldingMessage {
  readonly name: string
  readonly orderId: bigint
  readonly count: bigint
  readonly owns: boolean
  readonly forMs: bigint
  readonly isAtLeast: boolean
}

export interface SessionMessage {
  readonly id: bigint
  readonly description: string
  readonly timeoutMs: bigint
  readonly isAttached: boolean
  readonly remainingMs: bigint
  readonly holdings: readonly HoldingMessage[]
  readonly holdingsCount: number
  readonly leases: number
}

export interface NodeMessage {
  readonly path: string
  readonly config: NodeSettings
}

/** What an answer says; which request it answers stands beside it. */
export type Reply =
  | {
      readonly kind: 'refused'
      readonly code: CodeName
      readonly message: string
      readonly record?: RecordMessage
    }
  | { readonly kind: 'done' }
  | { readonly kind: 'acquired'; readonly token: bigint }
  | { readonly kind: 'not-acquired' }
  /** Not the last word: the acquire waits in the queue. */
  | { readonly kind: 'pending'; readonly orderId: bigint }
  | { readonly kind: 'released'; readonly released: boolean }
  | {
      readonly kind: 'described'
      readonly description: SemaphoreMessage | null
      readonly watchAdded: boolean
    }
  /** Not an answer to be waited for: the watch that this request has set fires, or is replaced (both false). */
  | { readonly kind: 'changed'; readonly data: boolean; readonly owners: boolean }
  | { readonly kind: 'record-written'; readonly version: bigint }
  | { readonly kind: 'record-deleted'; readonly version: bigint }
  | { readonly kind: 'record-read'; readonly record: RecordMessage | null }
  | {
      readonly kind: 'records-listed'
      readonly records: readonly RecordMessage[]
      readonly version: bigint
      readonly more: boolean
    }
  | {
      readonly kind: 'records-changed'
      readonly changes: readonly RecordChangeMessage[]
      readonly version: bigint
      readonly reset: boolean
    }
  | {
      readonly kind: 'transacted'
      readonly succeeded: boolean
      readonly version: bigint
      readonly records: readonly (RecordMessage | null)[]
    }
  | { readonly kind: 'lease-granted'; readonly lease: bigint; readonly ttlMs: bigint }
  | {
      readonly kind: 'lease-described'
      readonly lease: bigint
      readonly ttlMs: bigint
      readonly remainingMs: bigint
      readonly isKept: boolean
      readonly records: number
    }
  | { readonly kind: 'node-described'; readonly node: NodeMessage }
  | { readonly kind: 'nodes-listed'; readonly nodes: readonly NodeMessage[] }
  | { readonly kind: 'token-checked'; readonly isNewest: boolean }
  | {
      readonly kind: 'sessions-listed'
      readonly sessions: readonly SessionMessage[]
      readonly more: boolean
    }
  | {
      readonly kind: 'semaphore-explained'
      readonly description: SemaphoreMessage
      readonly sessions: readonly SessionMessage[]
    }
  | TaskReply

export interface ServerAnswer {
  readonly kind: 'answer'
  readonly id: number
  readonly reply: Reply
}

/** What a session hears without having asked. */
export type Notice =
  | { readonly kind: 'lease-ended'; readonly lease: bigint }
  | { readonly kind: 'revoked'; readonly name: string; readonly orderId: bigint }

export interface SessionNotice {
  readonly kind: 'notice'
  readonly channel: number
  readonly notice: Notice
}

/** What watches that stand see now. */
export interface WatchShown {
  readonly kind: 'shown'
  /** The asks that have set the watches. */
  readonly ids: readonly number[]
  /** null while nothing has the name. */
  readonly description: SemaphoreMessage | null
}

/** Something of a later version; it is passed over. */
export interface UnknownServerMessage {
  readonly kind: 'unknown'
}

export type ServerMessage =
  | ServerHello
  | ConnectionPong
  | SessionAttached
  | SessionEnded
  | SessionElsewhere
  | ServerAnswer
  | SessionNotice
  | WatchShown
  | UnknownServerMessage
