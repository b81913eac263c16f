/** Any message of the session stream, and the same as the generated code would hold it. */
import { create, type MessageInitShape } from '@bufbuild/protobuf'
import {
  SessionRequestSchema,
  SessionResponseSchema,
  type SessionRequest as GeneratedRequest,
  type SessionResponse as GeneratedResponse,
} from '@ydbjs/api/coordination'
import * as fc from 'fast-check'
import type {
  HolderMessage,
  Issue,
  SemaphoreMessage,
  SessionRequest,
  SessionResponse,
} from '../../src/index.ts'

const u64 = fc.oneof(
  fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  fc.nat({ max: 300 }).map(BigInt),
  fc.constantFrom(
    0n,
    127n,
    128n,
    2n ** 32n - 1n,
    2n ** 32n,
    2n ** 53n,
    2n ** 53n + 1n,
    2n ** 64n - 1n,
  ),
)
const text = fc.oneof(
  fc.string({ maxLength: 20 }),
  fc.string({ unit: 'binary', maxLength: 100 }),
  fc.string({ minLength: 60, maxLength: 200 }),
)
const bytes = fc.uint8Array({ maxLength: 300 }).map((data) => Uint8Array.from(data))
const flag = fc.boolean()

export const requests: fc.Arbitrary<SessionRequest> = fc.oneof(
  fc.record({ kind: fc.constantFrom('ping' as const, 'pong' as const), opaque: u64 }),
  fc.record({
    kind: fc.constant('start' as const),
    path: text,
    sessionId: u64,
    timeoutMs: u64,
    description: text,
    sequenceNumber: u64,
    protectionKey: bytes,
  }),
  fc.record({ kind: fc.constant('stop' as const) }),
  fc.record({
    kind: fc.constant('acquire' as const),
    requestId: u64,
    name: text,
    timeoutMs: u64,
    count: u64,
    data: bytes,
    ephemeral: flag,
  }),
  fc.record({ kind: fc.constant('release' as const), requestId: u64, name: text }),
  fc.record({
    kind: fc.constant('describe' as const),
    requestId: u64,
    name: text,
    owners: flag,
    waiters: flag,
    watchData: flag,
    watchOwners: flag,
  }),
  fc.record({
    kind: fc.constant('create' as const),
    requestId: u64,
    name: text,
    limit: u64,
    data: bytes,
  }),
  fc.record({ kind: fc.constant('update' as const), requestId: u64, name: text, data: bytes }),
  fc.record({ kind: fc.constant('delete' as const), requestId: u64, name: text, force: flag }),
  fc.record({ kind: fc.constant('retired' as const), slot: fc.constantFrom(5, 6, 13, 14, 15) }),
  fc.record({ kind: fc.constant('empty' as const) }),
)

const u32 = fc.nat({ max: 2 ** 31 - 1 })
const leaf: fc.Arbitrary<Issue> = fc.record({
  message: text,
  issueCode: u32,
  severity: u32,
  issues: fc.constant([]),
})
const issue: fc.Arbitrary<Issue> = fc.record({
  message: text,
  issueCode: u32,
  severity: u32,
  issues: fc.array(leaf, { maxLength: 2 }),
})
const issues = fc.array(issue, { maxLength: 2 })
const holder: fc.Arbitrary<HolderMessage> = fc.record({
  orderId: u64,
  sessionId: u64,
  timeoutMs: u64,
  count: u64,
  data: bytes,
})
const semaphore: fc.Arbitrary<SemaphoreMessage> = fc.record({
  name: text,
  data: bytes,
  count: u64,
  limit: u64,
  ephemeral: flag,
  owners: fc.array(holder, { maxLength: 3 }),
  waiters: fc.array(holder, { maxLength: 3 }),
})

const result = { requestId: u64, status: u32, issues }
export const responses: fc.Arbitrary<SessionResponse> = fc.oneof(
  fc.record({ kind: fc.constantFrom('ping' as const, 'pong' as const), opaque: u64 }),
  fc.record({ kind: fc.constant('failure' as const), status: u32, issues }),
  fc.record({
    kind: fc.constant('started' as const),
    sessionId: u64,
    timeoutMs: u64,
    numbersChanges: fc.constant(false),
  }),
  fc.record({ kind: fc.constant('stopped' as const), sessionId: u64 }),
  fc.record({ kind: fc.constant('pending' as const), requestId: u64 }),
  fc.record({
    kind: fc.constant('acquire-result' as const),
    ...result,
    acquired: flag,
    orderId: fc.constant(null),
  }),
  fc.record({ kind: fc.constant('release-result' as const), ...result, released: flag }),
  fc.record({
    kind: fc.constant('describe-result' as const),
    ...result,
    description: fc.option(semaphore),
    watchAdded: flag,
  }),
  fc.record({ kind: fc.constant('changed' as const), requestId: u64, data: flag, owners: flag }),
  fc.record({
    kind: fc.constantFrom(
      'create-result' as const,
      'update-result' as const,
      'delete-result' as const,
    ),
    ...result,
  }),
  fc.record({
    kind: fc.constant('retired' as const),
    slot: fc.constantFrom(6, 7, 16, 17, 18),
  }),
  fc.record({ kind: fc.constant('empty' as const) }),
)

/** The generated code gives parts of what it was given; tests compare plain arrays. */
export function plain(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes)
}

/** The request as the generated code would hold it. */
export function generatedRequest(request: SessionRequest): GeneratedRequest {
  return create(SessionRequestSchema, { request: requestAlternative(request) })
}

const RETIRED_REQUESTS = {
  5: 'unsupported5',
  6: 'unsupported6',
  13: 'unsupported13',
  14: 'unsupported14',
  15: 'unsupported15',
} as const
const RETIRED_RESPONSES = {
  6: 'unsupported6',
  7: 'unsupported7',
  16: 'unsupported16',
  17: 'unsupported17',
  18: 'unsupported18',
} as const

function slotIn<V extends string>(slots: Readonly<Record<string, V>>, slot: number): V {
  const name = slots[String(slot)]
  if (name === undefined) throw new Error(`no slot ${slot}`)
  return name
}

type RequestOneof = NonNullable<MessageInitShape<typeof SessionRequestSchema>['request']>

function requestAlternative(request: SessionRequest): RequestOneof {
  switch (request.kind) {
    case 'empty':
      return { case: undefined }
    case 'retired':
      return { case: slotIn(RETIRED_REQUESTS, request.slot), value: {} }
    case 'ping':
    case 'pong':
      return { case: request.kind, value: { opaque: request.opaque } }
    case 'stop':
      return { case: 'sessionStop', value: {} }
    case 'start':
      return {
        case: 'sessionStart',
        value: {
          path: request.path,
          sessionId: request.sessionId,
          timeoutMillis: request.timeoutMs,
          description: request.description,
          seqNo: request.sequenceNumber,
          protectionKey: request.protectionKey,
        },
      }
    case 'acquire': {
      const { requestId: reqId, timeoutMs: timeoutMillis, name, count, data, ephemeral } = request
      return {
        case: 'acquireSemaphore',
        value: { reqId, timeoutMillis, name, count, data, ephemeral },
      }
    }
    case 'release':
      return { case: 'releaseSemaphore', value: { reqId: request.requestId, name: request.name } }
    case 'describe': {
      const { requestId: reqId, name, owners, waiters, watchData, watchOwners } = request
      return {
        case: 'describeSemaphore',
        value: {
          reqId,
          name,
          includeOwners: owners,
          includeWaiters: waiters,
          watchData,
          watchOwners,
        },
      }
    }
    case 'create': {
      const { requestId: reqId, name, limit, data } = request
      return { case: 'createSemaphore', value: { reqId, name, limit, data } }
    }
    case 'update': {
      const { requestId: reqId, name, data } = request
      return { case: 'updateSemaphore', value: { reqId, name, data } }
    }
    case 'delete':
      break
  }
  const { requestId: reqId, name, force } = request
  return { case: 'deleteSemaphore', value: { reqId, name, force } }
}

export function generatedResponse(response: SessionResponse): GeneratedResponse {
  if (response.kind === 'empty') return create(SessionResponseSchema)
  return create(SessionResponseSchema, { response: responseAlternative(response) })
}

type ResponseOneof = NonNullable<MessageInitShape<typeof SessionResponseSchema>['response']>

function responseAlternative(response: Exclude<SessionResponse, { kind: 'empty' }>): ResponseOneof {
  switch (response.kind) {
    case 'retired':
      return { case: slotIn(RETIRED_RESPONSES, response.slot), value: {} }
    case 'ping':
    case 'pong':
      return { case: response.kind, value: { opaque: response.opaque } }
    case 'failure':
      return {
        case: 'failure',
        value: { status: response.status, issues: [...response.issues].map(generatedIssue) },
      }
    case 'started': {
      const { sessionId, timeoutMs: timeoutMillis } = response
      return { case: 'sessionStarted', value: { sessionId, timeoutMillis } }
    }
    case 'stopped':
      return { case: 'sessionStopped', value: { sessionId: response.sessionId } }
    case 'pending':
      return { case: 'acquireSemaphorePending', value: { reqId: response.requestId } }
    case 'changed': {
      const { requestId: reqId, data: dataChanged, owners: ownersChanged } = response
      return { case: 'describeSemaphoreChanged', value: { reqId, dataChanged, ownersChanged } }
    }
    case 'acquire-result':
    case 'release-result':
    case 'describe-result':
    case 'create-result':
    case 'update-result':
    case 'delete-result':
      break
  }
  return resultAlternative(response)
}

type AnyResult = Extract<SessionResponse, { kind: `${string}-result` }>

function resultAlternative(response: AnyResult): ResponseOneof {
  switch (response.kind) {
    case 'acquire-result':
      return {
        case: 'acquireSemaphoreResult',
        value: { ...generatedResult(response), acquired: response.acquired },
      }
    case 'release-result':
      return {
        case: 'releaseSemaphoreResult',
        value: { ...generatedResult(response), released: response.released },
      }
    case 'describe-result': {
      const { description, watchAdded } = response
      return {
        case: 'describeSemaphoreResult',
        value: {
          ...generatedResult(response),
          watchAdded,
          ...(description === null
            ? {}
            : {
                semaphoreDescription: {
                  ...description,
                  owners: description.owners.map(generatedHolder),
                  waiters: description.waiters.map(generatedHolder),
                },
              }),
        },
      }
    }
    case 'create-result':
      return { case: 'createSemaphoreResult', value: generatedResult(response) }
    case 'update-result':
      return { case: 'updateSemaphoreResult', value: generatedResult(response) }
    case 'delete-result':
      break
  }
  return { case: 'deleteSemaphoreResult', value: generatedResult(response) }
}

interface IssueInit {
  message: string
  issueCode: number
  severity: number
  issues: IssueInit[]
}

function generatedIssue(issue: Issue): IssueInit {
  return { ...issue, issues: issue.issues.map(generatedIssue) }
}

function generatedResult(response: {
  requestId: bigint
  status: number
  issues: readonly Issue[]
}) {
  const { requestId: reqId, status, issues } = response
  return { reqId, status, issues: issues.map(generatedIssue) }
}

function generatedHolder({ timeoutMs: timeoutMillis, ...rest }: HolderMessage) {
  return { timeoutMillis, ...rest }
}
