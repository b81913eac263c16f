/**
 * What a client says over Tenure's own protocol, as plain objects. A frame holds any number of these.
 *
 * Ids are numbers of the client, 1 to 2^53-1: each message that is to be answered has a greater one than all before it on
 * the connection. The id of an attach names its session on this connection from then on: its channel.
 */
import type { SessionOperation } from './operation.ts'
import type { TaskQuestion } from './task-operation.ts'

/** The first message of a connection. */
export interface ClientHello {
  readonly kind: 'hello'
  readonly version: number
  readonly capabilities: readonly string[]
  /** For people: what the client is, such as `tenure-js/0.1.0`. */
  readonly agent: string
}

/** Answered at once. */
export interface ConnectionPing {
  readonly kind: 'ping'
  readonly id: number
  /** The client will have said something again by then. A server that hears nothing for twice as long gives it up. */
  readonly periodMs: number
}

/** Starts a session on a node (`sessionId` 0), or takes one over for this connection. */
export interface AttachSession {
  readonly kind: 'attach'
  readonly id: number
  readonly path: string
  readonly sessionId: bigint
  readonly timeoutMs: bigint
  readonly description: string
  readonly sequenceNumber: bigint
  readonly protectionKey: Uint8Array
  /** The name of a server that the client cannot reach: for that one this server shall answer. */
  readonly unreached: string
}

/** Ends the session. `ended` with the code STOPPED is the answer. */
export interface StopSession {
  readonly kind: 'stop'
  readonly channel: number
}

/** Leaves the session, whose timeout begins. Not answered, and nothing more is said of the channel. */
export interface LeaveSession {
  readonly kind: 'leave'
  readonly channel: number
}

/** Takes back a wait or watch of records, or a watch of a semaphore that stands. Not answered; neither is the target any more. */
export interface ForgetRequest {
  readonly kind: 'forget'
  readonly channel: number
  readonly target: number
}

/** One operation of a session. */
export interface SessionAsk {
  readonly kind: 'ask'
  readonly channel: number
  readonly id: number
  readonly operation: SessionOperation
}

export type ConsistencyName = 'unset' | 'strict' | 'relaxed'
export type CountersName = 'unset' | 'aggregated' | 'detailed'

/** 0 and 'unset' mean "not set". */
export interface NodeSettings {
  readonly selfCheckPeriodMs: number
  readonly sessionGracePeriodMs: number
  readonly readConsistency: ConsistencyName
  readonly attachConsistency: ConsistencyName
  readonly rateLimiterCounters: CountersName
}

/** What is asked of a node outside of sessions, or of the server. */
export type NodeQuestion =
  | { readonly kind: 'create-node'; readonly config: NodeSettings }
  | { readonly kind: 'alter-node'; readonly config: NodeSettings }
  | { readonly kind: 'drop-node' }
  | { readonly kind: 'describe-node' }
  /** Its path is the prefix. */
  | { readonly kind: 'list-nodes' }
  | { readonly kind: 'check-token'; readonly name: string; readonly token: bigint }
  | { readonly kind: 'list-sessions'; readonly after: bigint; readonly limit: number }
  | { readonly kind: 'end-session'; readonly session: bigint }
  | { readonly kind: 'force-release'; readonly name: string; readonly session: bigint }
  | { readonly kind: 'explain-semaphore'; readonly name: string }
  | TaskQuestion

export interface NodeAsk {
  readonly kind: 'ask-node'
  readonly id: number
  readonly path: string
  readonly question: NodeQuestion
}

/** Something of a later version. With an id it is refused (UNSUPPORTED), else passed over. */
export interface UnknownMessage {
  readonly kind: 'unknown'
  readonly id: number
}

export type ClientMessage =
  | ClientHello
  | ConnectionPing
  | AttachSession
  | StopSession
  | LeaveSession
  | ForgetRequest
  | SessionAsk
  | NodeAsk
  | UnknownMessage
