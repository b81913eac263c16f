/**
 * Operations of Tenure's own protocol as commands.
 *
 * Each is written out with all its fields, in one shape per kind: these objects are made and read for every request, and
 * those of many shapes cost several times as much.
 */
import type { SessionId } from '@tenure/kernel'
import type {
  RecordOperation,
  SemaphoreOperation,
  SessionOperation,
  TaskOperation,
} from '@tenure/protocol'
import { NO_STREAM, type StreamCommand } from '../../tablet/stream.ts'

/** What is not written out. */
type SeldomRecordOperation = Exclude<
  RecordOperation,
  { kind: 'create-record' | 'put-record' | 'cas-record' | 'delete-record' | 'get-record' }
>

const stream = NO_STREAM

/** Whether the change that the operation makes has a number that none can have. */
export function hasWrongNumber(operation: SessionOperation): boolean {
  return 'change' in operation && operation.change !== undefined && operation.change.serial < 1n
}

export function commandOf(
  operation: SessionOperation,
  session: SessionId,
  requestId: bigint,
): StreamCommand {
  // oxlint-disable-next-line typescript/switch-exhaustiveness-check -- the type of the last call demands the rest
  switch (operation.kind) {
    case 'acquire':
    case 'release':
    case 'describe':
    case 'create':
    case 'update':
    case 'delete':
      return semaphoreCommand(operation, session, requestId)
    default:
      return recordCommand(operation, session, requestId)
  }
}

function semaphoreCommand(
  operation: SemaphoreOperation,
  session: SessionId,
  requestId: bigint,
): StreamCommand {
  const { kind, name } = operation
  switch (kind) {
    case 'acquire': {
      const { count, timeoutMs, data, ephemeral, createLimit } = operation
      const terms = { kind, stream, requestId, session, name, count, timeoutMs, data, ephemeral }
      return createLimit === undefined ? terms : { ...terms, createLimit }
    }
    case 'release':
      return { kind, stream, requestId, session, name }
    case 'describe':
      return { ...operation, kind: 'describe-semaphore', stream, requestId, session }
    case 'create': {
      const { limit, data, change } = operation
      return { kind: 'create-semaphore', stream, requestId, session, change, name, limit, data }
    }
    case 'update': {
      const { data, change } = operation
      return { kind: 'update-semaphore', stream, requestId, session, change, name, data }
    }
    case 'delete': {
      const { force, change } = operation
      return { kind: 'delete-semaphore', stream, requestId, session, change, name, force }
    }
    default:
      return operation satisfies never
  }
}

function recordCommand(
  operation: RecordOperation | TaskOperation,
  session: SessionId,
  requestId: bigint,
): StreamCommand {
  const { kind } = operation
  // oxlint-disable-next-line typescript/switch-exhaustiveness-check -- the type of the last call demands the rest
  switch (kind) {
    case 'create-record': {
      const { change, fence, key, value, lease } = operation
      return { kind, stream, requestId, session, change, fence, key, value, lease }
    }
    case 'put-record': {
      const { change, fence, key, value, lease } = operation
      return { kind, stream, requestId, session, change, fence, key, value, lease }
    }
    case 'cas-record': {
      const { change, fence, key, value, version } = operation
      return { kind, stream, requestId, session, change, fence, key, value, version }
    }
    case 'delete-record': {
      const { change, fence, key, ifVersion } = operation
      return { kind, stream, requestId, session, change, fence, key, ifVersion }
    }
    case 'get-record':
      return { kind, stream, requestId, session, key: operation.key }
    default:
      return taskCommand(operation, session, requestId)
  }
}

function taskCommand(
  operation: TaskOperation | SeldomRecordOperation,
  session: SessionId,
  requestId: bigint,
): StreamCommand {
  const { kind } = operation
  // oxlint-disable-next-line typescript/switch-exhaustiveness-check -- what is asked seldom may be copied as it is
  switch (kind) {
    case 'open-task': {
      const { theme, record } = operation
      return { kind, stream, requestId, session, theme, record }
    }
    case 'append-task':
    case 'replace-task': {
      const { task, attempt, record } = operation
      return { kind, stream, requestId, session, task, attempt, record }
    }
    case 'delete-task': {
      const { task, attempt } = operation
      return { kind, stream, requestId, session, task, attempt }
    }
    case 'store-task': {
      const { task, attempt, delaySeconds, failure } = operation
      return { kind, stream, requestId, session, task, attempt, delaySeconds, failure }
    }
    case 'read-task': {
      const { task, attempt, from } = operation
      return { kind, stream, requestId, session, task, attempt, from }
    }
    default:
      return { ...operation, stream, requestId, session }
  }
}
