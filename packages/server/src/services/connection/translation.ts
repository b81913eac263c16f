/** What a node says, as replies of Tenure's own protocol. */
import type {
  Event,
  LogEvent,
  OperatorEvent,
  RecordEvent,
  SemaphoreExplained,
} from '@tenure/kernel'
import type { CodeName, Reply } from '@tenure/protocol'
import { DESCRIPTION_BYTES_MAX } from '../limits.ts'
import { descriptionBytes, semaphoreMessage, tooLargeText } from '../session-answer.ts'
import { taskReplyOf } from './task-translation.ts'

const DONE: Reply = { kind: 'done' }
const NOT_ACQUIRED: Reply = { kind: 'not-acquired' }

export function refusal(code: CodeName, message: string): Reply {
  return { kind: 'refused', code, message }
}

/** Null for what is said of a session and not of one of its requests. */
export function replyOf(event: Event): Reply | null {
  // oxlint-disable-next-line typescript/switch-exhaustiveness-check -- the type of the last call demands the rest
  switch (event.kind) {
    case 'refused': {
      const { code, message, record } = event
      if (record === undefined) return refusal(code, message)
      return { kind: 'refused', code, message, record }
    }
    case 'done':
      return DONE
    case 'acquired':
      return { kind: 'acquired', token: event.orderId }
    case 'not-acquired':
      return NOT_ACQUIRED
    case 'pending':
      return { kind: 'pending', orderId: event.orderId }
    case 'released':
      return { kind: 'released', released: event.released }
    case 'changed':
      return { kind: 'changed', data: event.data, owners: event.owners }
    case 'semaphore-described':
      return describedReply(event)
    case 'attached':
    case 'stopped':
    case 'ended':
    case 'node-described':
    case 'semaphore-shown':
      return null
    default:
      return recordReply(event)
  }
}

function describedReply(event: Extract<Event, { kind: 'semaphore-described' }>): Reply {
  const { description, watchAdded } = event
  if (description === null) return { kind: 'described', description, watchAdded }
  const bytes = descriptionBytes(description)
  if (bytes > DESCRIPTION_BYTES_MAX) return refusal('OVERLOADED', tooLargeText(bytes))
  return { kind: 'described', description: semaphoreMessage(description), watchAdded }
}

function recordReply(event: RecordEvent | LogEvent | OperatorEvent): Reply | null {
  // oxlint-disable-next-line typescript/switch-exhaustiveness-check -- the type of the last call demands the rest
  switch (event.kind) {
    case 'record-written':
    case 'record-deleted':
      return { kind: event.kind, version: event.version }
    case 'record-read':
      return { kind: 'record-read', record: event.record }
    case 'records-listed': {
      const { records, version, more } = event
      return { kind: 'records-listed', records, version, more }
    }
    case 'records-changed': {
      const { changes, version, reset } = event
      return { kind: 'records-changed', changes, version, reset }
    }
    case 'transacted': {
      const { succeeded, version, records } = event
      return { kind: 'transacted', succeeded, version, records }
    }
    case 'lease-granted': {
      const { lease, ttlMs } = event
      return { kind: 'lease-granted', lease, ttlMs }
    }
    case 'lease-described': {
      const { lease, ttlMs, remainingMs, isKept, records } = event
      return { kind: 'lease-described', lease, ttlMs, remainingMs, isKept, records }
    }
    case 'token-checked':
      return { kind: 'token-checked', isNewest: event.isNewest }
    case 'sessions-listed':
      return { kind: 'sessions-listed', sessions: event.sessions, more: event.more }
    case 'semaphore-explained':
      return explainedReply(event)
    case 'lease-ended':
    case 'revoked':
      return null
    default:
      return taskReplyOf(event)
  }
}

function explainedReply({ description, sessions }: SemaphoreExplained): Reply {
  const bytes = descriptionBytes(description)
  if (bytes > DESCRIPTION_BYTES_MAX) return refusal('OVERLOADED', tooLargeText(bytes))
  return { kind: 'semaphore-explained', description: semaphoreMessage(description), sessions }
}
