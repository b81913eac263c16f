/** What a server says on a session stream, as plain objects, and their encoding. */
import { WireError } from '../wire-error.ts'
import type { WireWriter } from '../wire-writer.ts'
import { type Issue, writeIssue } from './issue.ts'
import type { Ping, Pong } from './request.ts'

/** Always the last message of a stream. */
export interface Failure {
  readonly kind: 'failure'
  readonly status: number
  readonly issues: readonly Issue[]
}

export interface SessionStarted {
  readonly kind: 'started'
  readonly sessionId: bigint
  readonly timeoutMs: bigint
  /** The server knows changes by their numbers, and does none twice. Never set by YDB's own. */
  readonly numbersChanges: boolean
}

export interface SessionStopped {
  readonly kind: 'stopped'
  readonly sessionId: bigint
}

export interface AcquirePending {
  readonly kind: 'pending'
  readonly requestId: bigint
}

interface Result {
  readonly requestId: bigint
  readonly status: number
  readonly issues: readonly Issue[]
}

export interface AcquireResult extends Result {
  readonly kind: 'acquire-result'
  readonly acquired: boolean
  /** The fencing token of the grant; null where the server does not send it, as YDB's own does not. */
  readonly orderId: bigint | null
}

/** Tenure's addition to YDB's message. Clients that do not know the field pass over it, as protobuf wants. */
export const GRANT_ORDER_ID_FIELD = 1001

/** Tenure's addition, too. */
export const NUMBERS_CHANGES_FIELD = 1001

export interface ReleaseResult extends Result {
  readonly kind: 'release-result'
  readonly released: boolean
}

/** One owner or waiter. */
export interface HolderMessage {
  readonly orderId: bigint
  readonly sessionId: bigint
  readonly timeoutMs: bigint
  readonly count: bigint
  readonly data: Uint8Array
}

export interface SemaphoreMessage {
  readonly name: string
  readonly data: Uint8Array
  /** Tokens held. */
  readonly count: bigint
  readonly limit: bigint
  readonly ephemeral: boolean
  readonly owners: readonly HolderMessage[]
  readonly waiters: readonly HolderMessage[]
}

export interface DescribeResult extends Result {
  readonly kind: 'describe-result'
  readonly description: SemaphoreMessage | null
  readonly watchAdded: boolean
}

export interface DescribeChanged {
  readonly kind: 'changed'
  readonly requestId: bigint
  readonly data: boolean
  readonly owners: boolean
}

export interface CreateResult extends Result {
  readonly kind: 'create-result'
}

export interface UpdateResult extends Result {
  readonly kind: 'update-result'
}

export interface DeleteResult extends Result {
  readonly kind: 'delete-result'
}

/** A slot that YDB has given up; its number is that of the field. */
export interface RetiredResponse {
  readonly kind: 'retired'
  readonly slot: number
}

/** A message in which nothing known is set. */
export interface EmptyResponse {
  readonly kind: 'empty'
}

export type SessionResponse =
  | Ping
  | Pong
  | Failure
  | SessionStarted
  | SessionStopped
  | AcquirePending
  | AcquireResult
  | ReleaseResult
  | DescribeResult
  | DescribeChanged
  | CreateResult
  | UpdateResult
  | DeleteResult
  | RetiredResponse
  | EmptyResponse

/** Field numbers of the alternatives. */
export const RESPONSE_SLOT = {
  ping: 1,
  pong: 2,
  failure: 3,
  started: 4,
  stopped: 5,
  pending: 8,
  'acquire-result': 9,
  'release-result': 10,
  'describe-result': 11,
  changed: 12,
  'create-result': 13,
  'update-result': 14,
  'delete-result': 15,
} as const
export const RESPONSE_SLOT_MAX = 18

/**
 * Appends the message's bytes.
 *
 * @throws WireError when a number is no unsigned 64-bit one or a text is not well-formed Unicode
 */
export function writeSessionResponse(writer: WireWriter, response: SessionResponse): void {
  if (response.kind === 'empty') return
  const slot = response.kind === 'retired' ? response.slot : RESPONSE_SLOT[response.kind]
  const start = writer.beginMessage(slot)
  if ('status' in response && 'requestId' in response) writeResult(writer, response)
  else writeAlternative(writer, response)
  writer.endMessage(start)
}

function writeAlternative(
  writer: WireWriter,
  response: Exclude<SessionResponse, EmptyResponse | AnyResult>,
): void {
  switch (response.kind) {
    case 'ping':
    case 'pong':
      writer.u64Field(1, response.opaque)
      return
    case 'failure':
      writer.u32Field(1, response.status)
      for (const issue of response.issues) writeIssue(writer, 2, issue)
      return
    case 'started':
      writer.u64Field(1, response.sessionId)
      writer.u64Field(2, response.timeoutMs)
      writer.boolField(NUMBERS_CHANGES_FIELD, response.numbersChanges)
      return
    case 'stopped':
      writer.u64Field(1, response.sessionId)
      return
    case 'pending':
      writer.u64Field(1, response.requestId)
      return
    case 'changed':
      writer.u64Field(1, response.requestId)
      writer.boolField(2, response.data)
      writer.boolField(3, response.owners)
      return
    case 'retired':
      if (response.slot < 1 || response.slot > RESPONSE_SLOT_MAX) {
        throw new WireError('no such slot')
      }
      return
  }
}

type AnyResult =
  | AcquireResult
  | ReleaseResult
  | DescribeResult
  | CreateResult
  | UpdateResult
  | DeleteResult

function writeResult(writer: WireWriter, result: AnyResult): void {
  writer.u64Field(1, result.requestId)
  writer.u32Field(2, result.status)
  for (const issue of result.issues) writeIssue(writer, 3, issue)
  if (result.kind === 'acquire-result') {
    writer.boolField(4, result.acquired)
    if (result.orderId !== null) writer.u64Field(GRANT_ORDER_ID_FIELD, result.orderId)
  } else if (result.kind === 'release-result') writer.boolField(4, result.released)
  else if (result.kind === 'describe-result') {
    if (result.description !== null) writeSemaphore(writer, 4, result.description)
    writer.boolField(5, result.watchAdded)
  }
}

export function writeSemaphore(
  writer: WireWriter,
  field: number,
  semaphore: SemaphoreMessage,
): void {
  const start = writer.beginMessage(field)
  writer.textField(1, semaphore.name)
  writer.bytesField(2, semaphore.data)
  writer.u64Field(3, semaphore.limit)
  writer.boolField(4, semaphore.ephemeral)
  for (const owner of semaphore.owners) writeHolder(writer, 5, owner)
  for (const waiter of semaphore.waiters) writeHolder(writer, 6, waiter)
  writer.u64Field(7, semaphore.count)
  writer.endMessage(start)
}

function writeHolder(writer: WireWriter, field: number, holder: HolderMessage): void {
  const start = writer.beginMessage(field)
  writer.u64Field(1, holder.sessionId)
  writer.u64Field(2, holder.timeoutMs)
  writer.u64Field(3, holder.count)
  writer.bytesField(4, holder.data)
  writer.u64Field(5, holder.orderId)
  writer.endMessage(start)
}
