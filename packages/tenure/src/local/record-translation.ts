/**
 * Between the client's words for records and the kernel's. The shapes are equal by name; byte arrays are copied in both
 * directions, for the reason that is given in `translation.ts`.
 */
import type { Answer, RecordAnswer, Request, SemaphoreRequest } from '@tenure/client'
import type { Event, StreamCommand } from '@tenure/server'
import { copyOf } from './copy.ts'
import type { TaskRequest } from './task-translation.ts'

export type RecordRequest = Exclude<Request, SemaphoreRequest | TaskRequest>
type RecordCommand = Extract<StreamCommand, { kind: RecordRequest['kind'] }>
type Transact = Extract<RecordRequest, { kind: 'transact' }>
type Compare = Transact['compares'][number]
type TransactStep = Transact['then'][number]

type Refused = Extract<Answer, { kind: 'refused' }>
type RecordMessage = NonNullable<Refused['record']>
type RecordChange = Extract<RecordAnswer, { kind: 'records-changed' }>['changes'][number]

export type RecordEvent = Extract<Event, { kind: RecordAnswer['kind'] }>

const REQUESTS: ReadonlySet<Request['kind']> = new Set<RecordRequest['kind']>([
  'create-record',
  'put-record',
  'cas-record',
  'delete-record',
  'get-record',
  'range-records',
  'wait-record',
  'watch-records',
  'transact',
  'grant-lease',
  'release-lease',
  'describe-lease',
  'keep-lease',
])

const ANSWERS: ReadonlySet<Event['kind']> = new Set<RecordEvent['kind']>([
  'record-written',
  'record-deleted',
  'record-read',
  'records-listed',
  'records-changed',
  'transacted',
  'lease-granted',
  'lease-described',
])

export function isRecordRequest(request: Request): request is RecordRequest {
  return REQUESTS.has(request.kind)
}

export function isRecordEvent(event: Event): event is RecordEvent {
  return ANSWERS.has(event.kind)
}

export function recordCommandOf(
  request: RecordRequest,
  session: bigint,
  requestId: bigint,
): RecordCommand {
  const asker = { session, requestId }
  switch (request.kind) {
    case 'create-record':
    case 'put-record':
    case 'cas-record':
      return { ...request, ...asker, key: copyOf(request.key), value: copyOf(request.value) }
    case 'delete-record':
    case 'get-record':
    case 'wait-record':
      return { ...request, ...asker, key: copyOf(request.key) }
    case 'range-records': {
      const { after } = request
      return {
        ...request,
        ...asker,
        ...rangeOf(request),
        after: after === null ? null : copyOf(after),
      }
    }
    case 'watch-records':
      return { ...request, ...asker, ...rangeOf(request) }
    case 'transact': {
      const compares = request.compares.map(compareOf)
      const then = request.then.map(stepOf)
      const otherwise = request.otherwise.map(stepOf)
      return { ...request, ...asker, compares, then, otherwise }
    }
    case 'grant-lease':
    case 'release-lease':
    case 'describe-lease':
    case 'keep-lease':
    default:
      return { ...request, ...asker }
  }
}

interface Range {
  readonly start: Uint8Array
  readonly end: Uint8Array | null
}

function rangeOf({ start, end }: Range): Range {
  return { start: copyOf(start), end: end === null ? null : copyOf(end) }
}

function compareOf(compare: Compare): Compare {
  const key = copyOf(compare.key)
  return compare.target === 'version'
    ? { ...compare, key }
    : { ...compare, key, value: copyOf(compare.value) }
}

function stepOf(step: TransactStep): TransactStep {
  const key = copyOf(step.key)
  return step.kind === 'put' ? { ...step, key, value: copyOf(step.value) } : { ...step, key }
}

export function recordAnswerOf(event: RecordEvent): RecordAnswer {
  switch (event.kind) {
    case 'record-written':
    case 'record-deleted':
      return { kind: event.kind, version: event.version }
    case 'record-read':
      return { kind: 'record-read', record: readOf(event.record) }
    case 'records-listed': {
      const { version, more } = event
      return { kind: 'records-listed', records: event.records.map(recordOf), version, more }
    }
    case 'records-changed': {
      const { version, reset } = event
      return { kind: 'records-changed', changes: event.changes.map(changeOf), version, reset }
    }
    case 'transacted': {
      const { succeeded, version } = event
      return { kind: 'transacted', succeeded, version, records: event.records.map(readOf) }
    }
    case 'lease-granted':
      return { kind: 'lease-granted', lease: event.lease, ttlMs: event.ttlMs }
    case 'lease-described':
    default: {
      const { lease, ttlMs, remainingMs, isKept, records } = event
      return { kind: 'lease-described', lease, ttlMs, remainingMs, isKept, records }
    }
  }
}

export function recordOf(record: RecordMessage): RecordMessage {
  const { key, value, version, createdVersion, lease } = record
  return { key: copyOf(key), value: copyOf(value), version, createdVersion, lease }
}

function readOf(record: RecordMessage | null): RecordMessage | null {
  return record === null ? null : recordOf(record)
}

function changeOf(change: RecordChange): RecordChange {
  return change.kind === 'put'
    ? { kind: 'put', record: recordOf(change.record) }
    : { kind: 'deleted', key: copyOf(change.key), version: change.version }
}
