/**
 * Between the client's words and the kernel's: requests become commands, events become answers.
 *
 * Byte arrays are copied in both directions. In one process both sides would else share them, and a program that
 * writes into what it sent or got would change what the node keeps.
 */
import type {
  Answer,
  ChangeNumber,
  Holder,
  NodeConfig,
  Request,
  SemaphoreRequest,
} from '@tenure/client'
import type { Event, StreamCommand } from '@tenure/server'
import { copyOf } from './copy.ts'
import {
  isRecordEvent,
  isRecordRequest,
  recordAnswerOf,
  recordCommandOf,
  type RecordEvent,
  recordOf,
} from './record-translation.ts'
import {
  isLogEvent,
  isTaskEvent,
  isTaskRequest,
  type LogEvent,
  taskAnswerOf,
  taskCommandOf,
  type TaskEvent,
} from './task-translation.ts'

type StoredConfig = Extract<StreamCommand, { kind: 'create-node' }>['config']
type SessionCommand = Extract<
  StreamCommand,
  { kind: 'acquire' | 'release' | `${string}-semaphore` }
>

const NOBODY: readonly Holder[] = []

export function commandOf(request: Request, session: bigint, requestId: bigint): StreamCommand {
  if (isRecordRequest(request)) return recordCommandOf(request, session, requestId)
  if (isTaskRequest(request)) return taskCommandOf(request, session, requestId)
  return semaphoreCommandOf(request, session, requestId)
}

function semaphoreCommandOf(
  request: SemaphoreRequest,
  session: bigint,
  requestId: bigint,
): SessionCommand {
  const { name } = request
  switch (request.kind) {
    case 'acquire': {
      const { count, timeoutMs, ephemeral, createLimit } = request
      const creates = createLimit === undefined ? {} : { createLimit }
      const wanted = { count, timeoutMs, ephemeral, data: copyOf(request.data), ...creates }
      return { kind: 'acquire', requestId, session, name, ...wanted }
    }
    case 'release':
      return { kind: 'release', requestId, session, name }
    case 'describe': {
      const { owners, waiters, watchData, watchOwners, watchAbsent, watchStands } = request
      const watches = { watchData, watchOwners, watchAbsent, watchStands }
      return { kind: 'describe-semaphore', requestId, session, name, owners, waiters, ...watches }
    }
    case 'create': {
      const { limit } = request
      const data = copyOf(request.data)
      return {
        kind: 'create-semaphore',
        requestId,
        session,
        name,
        limit,
        data,
        ...numberOf(request),
      }
    }
    case 'update': {
      const data = copyOf(request.data)
      return { kind: 'update-semaphore', requestId, session, name, data, ...numberOf(request) }
    }
    case 'delete':
    default: {
      const { force } = request
      return { kind: 'delete-semaphore', requestId, session, name, force, ...numberOf(request) }
    }
  }
}

function numberOf({ change }: { readonly change?: ChangeNumber }): { change?: ChangeNumber } {
  return change === undefined ? {} : { change }
}

/** What watches that stand see. */
export type Shown = Extract<Event, { kind: 'semaphore-shown' }>

/** What is no answer, or not to a request that was sent. */
export type Told = Extract<
  Event,
  {
    kind: 'attached' | 'changed' | 'ended' | 'lease-ended' | 'pending' | 'revoked' | 'stopped'
  }
>

const TOLD: ReadonlySet<Event['kind']> = new Set<Told['kind']>([
  'attached',
  'changed',
  'ended',
  'lease-ended',
  'pending',
  'revoked',
  'stopped',
])

export function isTold(event: Event): event is Told {
  return TOLD.has(event.kind)
}

/** The answer that an event gives to a request; null when no session asks so. */
export function answerOf(event: Exclude<Event, Told | Shown>): Answer | null {
  if (isRecordEvent(event)) return recordAnswerOf(event)
  if (isTaskEvent(event)) return taskAnswerOf(event)
  return isLogEvent(event) ? null : semaphoreAnswerOf(event)
}

function semaphoreAnswerOf(
  event: Exclude<Event, Told | Shown | RecordEvent | TaskEvent | LogEvent>,
): Answer | null {
  switch (event.kind) {
    case 'acquired':
      return { kind: 'acquired', token: event.orderId }
    case 'not-acquired':
      return { kind: 'not-acquired' }
    case 'released':
      return { kind: 'released', released: event.released }
    case 'semaphore-described':
      return {
        kind: 'described',
        description: event.description === null ? null : descriptionOf(event.description),
        watchAdded: event.watchAdded,
      }
    case 'done':
      return { kind: 'done' }
    case 'refused':
      return refusalOf(event)
    case 'node-described':
    case 'semaphore-explained':
    case 'sessions-listed':
    case 'token-checked':
    default:
      return null
  }
}

function refusalOf({ code, message, record }: Extract<Event, { kind: 'refused' }>): Answer {
  const refusal = { kind: 'refused', code, message } as const
  return record === undefined ? refusal : { ...refusal, record: recordOf(record) }
}

type Described = NonNullable<Extract<Event, { kind: 'semaphore-described' }>['description']>

export function descriptionOf(
  described: Described,
): NonNullable<Extract<Answer, { kind: 'described' }>['description']> {
  const { name, limit, data, ephemeral, held, owners, waiters } = described
  return {
    name,
    limit,
    data: copyOf(data),
    ephemeral,
    held,
    owners: owners.length === 0 ? NOBODY : owners.map(holderOf),
    waiters: waiters.length === 0 ? NOBODY : waiters.map(holderOf),
  }
}

function holderOf({
  session,
  orderId,
  count,
  data,
  timeoutMs,
}: Described['owners'][number]): Holder {
  return { sessionId: session, orderId, count, data: copyOf(data), timeoutMs }
}

export function storedConfigOf(config: NodeConfig): StoredConfig {
  return {
    selfCheckPeriodMs: config.selfCheckPeriodMs ?? 0,
    sessionGracePeriodMs: config.sessionGracePeriodMs ?? 0,
    readConsistency: config.readConsistency ?? 'unset',
    attachConsistency: config.attachConsistency ?? 'unset',
    rateLimiterCounters: config.rateLimiterCounters ?? 'unset',
  }
}

/** Settings that were never set are absent. */
export function configOf(stored: StoredConfig): NodeConfig {
  const { selfCheckPeriodMs, sessionGracePeriodMs } = stored
  const { readConsistency, attachConsistency, rateLimiterCounters } = stored
  return {
    ...(selfCheckPeriodMs === 0 ? {} : { selfCheckPeriodMs }),
    ...(sessionGracePeriodMs === 0 ? {} : { sessionGracePeriodMs }),
    ...(readConsistency === 'unset' ? {} : { readConsistency }),
    ...(attachConsistency === 'unset' ? {} : { attachConsistency }),
    ...(rateLimiterCounters === 'unset' ? {} : { rateLimiterCounters }),
  }
}
