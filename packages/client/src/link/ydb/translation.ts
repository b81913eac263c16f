/** Between this library's requests and answers and the messages of YDB's session stream. */
import type { SessionRequest, SessionResponse } from '@tenure/protocol'
import { descriptionOf } from '../description.ts'
import type { Answer, ChangeNumber, Request, SemaphoreRequest } from '../link.ts'
import { isSuccess, refusalOf } from '../grpc/status.ts'

const SEMAPHORE_KINDS: ReadonlySet<Request['kind']> = new Set<SemaphoreRequest['kind']>([
  'acquire',
  'release',
  'describe',
  'create',
  'update',
  'delete',
])

export function isOfSemaphores(request: Request): request is SemaphoreRequest {
  return SEMAPHORE_KINDS.has(request.kind)
}

export function messageOf(request: SemaphoreRequest, requestId: bigint): SessionRequest {
  switch (request.kind) {
    case 'acquire': {
      const { kind, name, timeoutMs, count, data, ephemeral } = request
      return { kind, requestId, name, timeoutMs, count, data, ephemeral }
    }
    case 'release':
      return { kind: 'release', requestId, name: request.name }
    case 'describe': {
      const { kind, name, owners, waiters, watchData, watchOwners } = request
      return { kind, requestId, name, owners, waiters, watchData, watchOwners }
    }
    case 'create': {
      const { kind, name, limit, data } = request
      return { kind, requestId, name, limit, data, ...numberOf(request) }
    }
    case 'update': {
      const { kind, name, data } = request
      return { kind, requestId, name, data, ...numberOf(request) }
    }
    case 'delete':
    default: {
      const { kind, name, force } = request
      return { kind, requestId, name, force, ...numberOf(request) }
    }
  }
}

function numberOf({ change }: { readonly change?: ChangeNumber }): { change?: ChangeNumber } {
  return change === undefined ? {} : { change }
}

export type ResultMessage = Extract<
  SessionResponse,
  { readonly status: number; readonly requestId: bigint }
>

export function answerOf(result: ResultMessage): Answer {
  if (!isSuccess(result.status)) return refusalOf(result.status, result.issues)
  switch (result.kind) {
    case 'acquire-result':
      return result.acquired
        ? { kind: 'acquired', token: result.orderId }
        : { kind: 'not-acquired' }
    case 'release-result':
      return { kind: 'released', released: result.released }
    case 'describe-result':
      return {
        kind: 'described',
        description: result.description === null ? null : descriptionOf(result.description),
        watchAdded: result.watchAdded,
      }
    case 'create-result':
    case 'update-result':
    case 'delete-result':
    default:
      return { kind: 'done' }
  }
}
