/**
 * Requests of a session as commands.
 *
 * The kernel echoes request ids unread, so what kind of request an answer belongs to travels in the id itself, below the
 * client's own.
 */
import type { ChangeNumber, SemaphoreRequest } from '@tenure/protocol'
import type { SessionId } from '@tenure/kernel'
import type { StreamCommand } from '../tablet/stream.ts'

const ASKED = ['acquire', 'release', 'describe', 'create', 'update', 'delete'] as const
export type Asked = (typeof ASKED)[number] | 'attach' | 'stop'

const KINDS: readonly Asked[] = [...ASKED, 'attach', 'stop']
const KIND_BITS = 3n
const KIND_MASK = 7n
const KIND_NUMBER: Readonly<Record<Asked, bigint>> = {
  acquire: 0n,
  release: 1n,
  describe: 2n,
  create: 3n,
  update: 4n,
  delete: 5n,
  attach: 6n,
  stop: 7n,
}

/** The id under which the kernel knows a request. */
export function kernelRequestId(asked: Asked, clientRequestId: bigint): bigint {
  return (clientRequestId << KIND_BITS) | KIND_NUMBER[asked]
}

export function askedOf(requestId: bigint): Asked {
  return KINDS[Number(requestId & KIND_MASK)] ?? 'stop'
}

export function clientRequestIdOf(requestId: bigint): bigint {
  return requestId >> KIND_BITS
}

export function commandOf(request: SemaphoreRequest, session: SessionId): StreamCommand {
  const { name } = request
  const requestId = kernelRequestId(request.kind, request.requestId)
  switch (request.kind) {
    case 'acquire': {
      const { count, timeoutMs, data, ephemeral } = request
      return { kind: 'acquire', requestId, session, name, count, timeoutMs, data, ephemeral }
    }
    case 'release':
      return { kind: 'release', requestId, session, name }
    case 'describe': {
      const { owners, waiters, watchData, watchOwners } = request
      const watches = { watchData, watchOwners, watchAbsent: false, watchStands: false }
      return { kind: 'describe-semaphore', requestId, session, name, owners, waiters, ...watches }
    }
    case 'create': {
      const { limit, data } = request
      return {
        kind: 'create-semaphore',
        requestId,
        session,
        name,
        limit,
        data,
        ...changeOf(request),
      }
    }
    case 'update': {
      const { data } = request
      return { kind: 'update-semaphore', requestId, session, name, data, ...changeOf(request) }
    }
    case 'delete':
      break
  }
  const { force } = request
  return { kind: 'delete-semaphore', requestId, session, name, force, ...changeOf(request) }
}

/** A number below 1 is none. */
function changeOf({ change }: { readonly change?: ChangeNumber }): { change?: ChangeNumber } {
  return change === undefined || change.serial < 1n ? {} : { change }
}
