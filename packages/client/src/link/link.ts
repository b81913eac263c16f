/**
 * What carries a client's requests: in process, over our own protocol, or over YDB's.
 *
 * A link makes single attempts and holds no opinion: it never retries, and it never decides that a session is lost.
 * The session above it does. Recipes do not know that links exist.
 */
import type {
  Notice,
  NodeQuestion,
  RecordMessage,
  RecordOperation,
  Reply,
  TaskHandedOutReply,
  TaskOperation,
  TaskQuestion,
} from '@tenure/protocol'
import type { NodeConfig, NodeDescription } from '../node.ts'

export interface Link {
  /** The address as the user gave it, for messages. Holds no secrets. */
  readonly address: string
  createNode(path: string, config: NodeConfig, signal?: AbortSignal): Promise<void>
  alterNode(path: string, config: NodeConfig, signal?: AbortSignal): Promise<void>
  describeNode(path: string, signal?: AbortSignal): Promise<NodeDescription>
  dropNode(path: string, signal?: AbortSignal): Promise<void>
  /** @throws UnsupportedError on a link that cannot list */
  listNodes(prefix: string, signal?: AbortSignal): Promise<NodeDescription[]>
  /** @throws UnsupportedError on a link that knows neither operators nor logs */
  ask(path: string, question: OperatorQuestion, signal?: AbortSignal): Promise<OperatorAnswer>
  /** One attempt to put a session on this link. All that follows comes to `listener`, never before `attach` returned. */
  attach(request: AttachRequest, listener: AttachmentListener): Attachment
  close(): Promise<void>
}

/** What is asked of a node outside of sessions, beside the node itself. */
export type OperatorQuestion =
  | Extract<
      NodeQuestion,
      {
        kind:
          | 'check-token'
          | 'list-sessions'
          | 'end-session'
          | 'force-release'
          | 'explain-semaphore'
      }
    >
  | TaskQuestion

export type OperatorAnswer = Extract<
  Reply,
  {
    kind:
      | 'token-checked'
      | 'sessions-listed'
      | 'semaphore-explained'
      | 'themes-listed'
      | 'tasks-listed'
      | 'task-shown'
      | 'done'
  }
>

export interface AttachRequest {
  readonly path: string
  /** 0n for a new session. */
  readonly sessionId: bigint
  readonly timeoutMs: number
  readonly description: string
  readonly sequenceNumber: bigint
  readonly protectionKey: Uint8Array
  /** How often the link must make sure that the server answers, at least. */
  readonly heartbeatMs: number
}

export interface Started {
  readonly sessionId: bigint
  /** A watch may be set on a name that does not exist. */
  readonly watchAbsent: boolean
  /** A change with a number is done once, however often it is sent. */
  readonly numbersChanges: boolean
  /** An acquire may create its semaphore (`createLimit`). */
  readonly createsOnAcquire: boolean
  /** Record operations may be sent; else each is refused (UNSUPPORTED). */
  readonly hasRecords: boolean
  /** Operations of the session log may be sent; else each is refused (UNSUPPORTED). */
  readonly hasLog: boolean
}

/** Why an attachment is over. */
export type AttachmentEnd =
  /** `stop` was answered: the session is gone. */
  | { readonly kind: 'stopped' }
  /** The server said why, for good or for now: the code decides. */
  | { readonly kind: 'refused'; readonly refusal: Refusal }
  /** The way is broken; the session may live. */
  | { readonly kind: 'broken'; readonly cause: unknown }

export interface AttachmentListener {
  started(started: Started): void
  /** Something that was sent at `sentAtMs` (monotonic) has been answered. */
  contact(sentAtMs: number): void
  /** Something has happened to the session that nobody here has asked for. */
  noticed(notice: Notice): void
  /**
   * What the server takes for silence: nothing heard before `untilMs` of the client's clock, when it allows `spanMs` of it. Told whenever it
   * changes, also to an earlier time; a link that cannot fall silent does not tell.
   */
  kept?(untilMs: number, spanMs: number): void
  /** The last call. What was not answered by then may have happened or not. */
  ended(end: AttachmentEnd): void
}

export interface Attachment {
  /**
   * Sends one request. Not before `started`.
   *
   * @param answer called once with the result, unless the attachment ends before
   * @param told called with what comes beside the answer: once when the watch that a describe has set fires or is replaced, for
   *   each state that it is shown while it stands; for each hand-out after a `handle-theme` was done, until the `stop-handling` that names it is
   * @returns names the request for `forget` and for `stop-handling`
   */
  send(request: Request, answer: (answer: Answer) => void, told?: (news: News) => void): number
  /** A wait or watch of records, or a watch that stands, is not wanted any more: nothing more is heard of it. */
  forget(sent: number): void
  /** From now on the link must make sure so often, at least, that the server answers. Never makes it less often. */
  hurry(heartbeatMs: number): void
  /** Ends the session; `ended` follows. */
  stop(): void
  /** Leaves without a word; the server detaches the session. Nothing is called any more. */
  leave(): void
}

export interface AcquireRequest {
  readonly kind: 'acquire'
  readonly name: string
  readonly count: bigint
  /** 0n asks once; 2^64-1 waits for ever. */
  readonly timeoutMs: bigint
  readonly data: Uint8Array
  readonly ephemeral: boolean
  /** Only where the link offers it: an absent semaphore is created, one with another limit is refused (LIMIT_MISMATCH). */
  readonly createLimit?: bigint
}

export interface ReleaseRequest {
  readonly kind: 'release'
  readonly name: string
}

export interface DescribeRequest {
  readonly kind: 'describe'
  readonly name: string
  readonly owners: boolean
  readonly waiters: boolean
  readonly watchData: boolean
  readonly watchOwners: boolean
  /** Only where the link offers it: an absent name then gives `description: null` and a watch for its creation. */
  readonly watchAbsent: boolean
  /**
   * The watch stands: the state is shown after each change, until the watch is forgotten. Where the link or its server cannot do that,
   * the first change is told as if this were not set.
   */
  readonly watchStands: boolean
}

/** Of a describe that only looks. */
export const NO_WATCH = {
  watchData: false,
  watchOwners: false,
  watchAbsent: false,
  watchStands: false,
} as const

/** The number of a change within its session. */
export interface ChangeNumber {
  /** 1, 2, 3, … */
  readonly serial: bigint
  /** The outcome of every change below this one is known: none of them is sent again. */
  readonly settledBelow: bigint
}

interface ChangeRequest {
  /** Given when the request is sent. */
  readonly change?: ChangeNumber
}

export interface CreateRequest extends ChangeRequest {
  readonly kind: 'create'
  readonly name: string
  readonly limit: bigint
  readonly data: Uint8Array
}

export interface UpdateRequest extends ChangeRequest {
  readonly kind: 'update'
  readonly name: string
  readonly data: Uint8Array
}

export interface DeleteRequest extends ChangeRequest {
  readonly kind: 'delete'
  readonly name: string
  readonly force: boolean
}

export type SemaphoreRequest =
  | AcquireRequest
  | ReleaseRequest
  | DescribeRequest
  | CreateRequest
  | UpdateRequest
  | DeleteRequest

export type Request = SemaphoreRequest | RecordOperation | TaskOperation

/** What is said to a request beside its answer. */
export type News =
  /** The watch has fired, or was replaced: nothing more is heard of it. */
  { readonly kind: 'changed' } | Shown | TaskHandedOutReply

/** What a watch that stands sees now. */
interface Shown {
  readonly kind: 'shown'
  /** The receiver's own; null while nothing has the name. */
  readonly description: Description | null
}

export interface Holder {
  readonly sessionId: bigint
  readonly orderId: bigint
  readonly count: bigint
  readonly data: Uint8Array
  readonly timeoutMs: bigint
}

export interface Description {
  readonly name: string
  readonly limit: bigint
  readonly data: Uint8Array
  readonly ephemeral: boolean
  readonly held: bigint
  readonly owners: readonly Holder[]
  readonly waiters: readonly Holder[]
}

/** A request the server did not do. `code` is one of the codes of TenureError. */
export interface Refusal {
  readonly kind: 'refused'
  readonly code: RefusalCode
  readonly message: string
  /** YDB's status number. */
  readonly status?: number
  /** What is there instead, with ALREADY_EXISTS and WRONG_VERSION of a record. */
  readonly record?: RecordMessage
}

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
  | 'UNKNOWN_THEME'
  | 'TASK_CLOSED'
  | 'STALE_ATTEMPT'
  | 'TASK_TOO_LARGE'
  | 'UNAUTHORIZED'
  | 'OVERLOADED'
  | 'UNAVAILABLE'
  | 'TIMEOUT'
  | 'UNSUPPORTED'
  | 'INTERNAL'

export type Answer =
  /** `token` is null where the grant does not carry its fencing token: it then has to be read from the owners. */
  | { readonly kind: 'acquired'; readonly token: bigint | null }
  | { readonly kind: 'not-acquired' }
  | { readonly kind: 'released'; readonly released: boolean }
  | {
      readonly kind: 'described'
      readonly description: Description | null
      readonly watchAdded: boolean
    }
  | { readonly kind: 'done' }
  | RecordAnswer
  | TaskAnswer
  | Refusal

export type TaskAnswer = Extract<
  Reply,
  { kind: 'task-opened' | 'task-handed-out' | 'task-records' }
>

export type RecordAnswer = Extract<
  Reply,
  {
    kind:
      | 'record-written'
      | 'record-deleted'
      | 'record-read'
      | 'records-listed'
      | 'records-changed'
      | 'transacted'
      | 'lease-granted'
      | 'lease-described'
  }
>
