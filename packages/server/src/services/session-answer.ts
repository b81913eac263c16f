/** The kernel's answers and notices as messages of a session. */
import type { Event, HolderDescription, SemaphoreDescription } from '@tenure/kernel'
import {
  type DescribeResult,
  type HolderMessage,
  type SemaphoreMessage,
  type SessionResponse,
  STATUS,
  type StatusNumber,
} from '@tenure/protocol'
import { DESCRIPTION_BYTES_MAX } from './limits.ts'
import { askedOf, clientRequestIdOf } from './session-command.ts'
import { issuesOf, REFUSAL_STATUS } from './status.ts'

const NO_ISSUES = [] as const
/** What a holder takes beside its data, at most. */
const HOLDER_BYTES = 64

/** Null for an event that belongs to the life of the stream, or of which YDB's protocol knows nothing. */
export function answerOf(event: Event): SessionResponse | null {
  // oxlint-disable-next-line typescript/switch-exhaustiveness-check -- YDB's protocol knows no more
  switch (event.kind) {
    case 'pending':
      return { kind: 'pending', requestId: clientRequestIdOf(event.requestId) }
    case 'acquired':
      return acquireResult(event.requestId, event.orderId)
    case 'not-acquired':
      return acquireResult(event.requestId, null)
    case 'released': {
      const { released } = event
      return { kind: 'release-result', ...success(event.requestId), released }
    }
    case 'done':
      return doneResult(event.requestId)
    case 'refused':
      return refusalResult(event.requestId, REFUSAL_STATUS[event.code], event.message)
    case 'semaphore-described':
      return describeResult(event)
    case 'changed': {
      const { data, owners } = event
      return { kind: 'changed', requestId: clientRequestIdOf(event.requestId), data, owners }
    }
    default:
      return null
  }
}

/** A result that says no; null for an attach or a stop, which are answered otherwise. */
export function refusalResult(
  requestId: bigint,
  status: StatusNumber,
  message: string,
): SessionResponse | null {
  const result = { requestId: clientRequestIdOf(requestId), status, issues: issuesOf(message) }
  const asked = askedOf(requestId)
  switch (asked) {
    case 'acquire':
      return { kind: 'acquire-result', ...result, acquired: false, orderId: null }
    case 'release':
      return { kind: 'release-result', ...result, released: false }
    case 'describe':
      return { kind: 'describe-result', ...result, description: null, watchAdded: false }
    case 'create':
      return { kind: 'create-result', ...result }
    case 'update':
      return { kind: 'update-result', ...result }
    case 'delete':
      return { kind: 'delete-result', ...result }
    case 'attach':
    case 'stop':
      break
  }
  return null
}

function success(requestId: bigint) {
  return { requestId: clientRequestIdOf(requestId), status: STATUS.SUCCESS, issues: NO_ISSUES }
}

function acquireResult(requestId: bigint, orderId: bigint | null): SessionResponse {
  const acquired = orderId !== null
  return { kind: 'acquire-result', ...success(requestId), acquired, orderId }
}

function doneResult(requestId: bigint): SessionResponse | null {
  const asked = askedOf(requestId)
  if (asked === 'create') return { kind: 'create-result', ...success(requestId) }
  if (asked === 'update') return { kind: 'update-result', ...success(requestId) }
  if (asked === 'delete') return { kind: 'delete-result', ...success(requestId) }
  return null
}

function describeResult(event: Extract<Event, { kind: 'semaphore-described' }>): DescribeResult {
  const { description, watchAdded, requestId } = event
  const bytes = description === null ? 0 : descriptionBytes(description)
  if (bytes > DESCRIPTION_BYTES_MAX) {
    return {
      kind: 'describe-result',
      ...success(requestId),
      status: STATUS.OVERLOADED,
      issues: issuesOf(tooLargeText(bytes)),
      description: null,
      watchAdded,
    }
  }
  return {
    kind: 'describe-result',
    ...success(requestId),
    description: description === null ? null : semaphoreMessage(description),
    watchAdded,
  }
}

/** What a description takes as a message, at most. */
export function descriptionBytes(description: SemaphoreDescription): number {
  let bytes = description.name.length * 3 + description.data.length + HOLDER_BYTES
  for (const holder of description.owners) bytes += holder.data.length + HOLDER_BYTES
  for (const holder of description.waiters) bytes += holder.data.length + HOLDER_BYTES
  return bytes
}

export function tooLargeText(bytes: number): string {
  return `the description has ${bytes} bytes, at most ${DESCRIPTION_BYTES_MAX} can be sent; ask without owners or waiters`
}

export function semaphoreMessage(description: SemaphoreDescription): SemaphoreMessage {
  const { name, data, limit, ephemeral, held } = description
  return {
    name,
    data,
    limit,
    ephemeral,
    count: held,
    owners: description.owners.map(holderMessage),
    waiters: description.waiters.map(holderMessage),
  }
}

function holderMessage(holder: HolderDescription): HolderMessage {
  const { session: sessionId, orderId, count, data, timeoutMs } = holder
  return { sessionId, orderId, count, data, timeoutMs }
}
