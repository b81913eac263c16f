/**
 * Between the client's words and the kernel's: requests become commands, events become answers.
 *
 * Byte arrays are copied in both directions. In one process both sides would else share them, and a program that
 * writes into what it sent or got would change what the node keeps.
 */
import type { Answer, ChangeNumber, Holder, NodeConfig, SemaphoreRequest } from '@tenure/client'
import type { StreamCommand, StreamSink } from '@tenure/server'

export type Event = Parameters<StreamSink['deliver']>[0][number]
type StoredConfig = Extract<StreamCommand, { kind: 'create-node' }>['config']
type SessionCommand = Extract<
  StreamCommand,
  { kind: 'acquire' | 'release' | `${string}-semaphore` }
>

const NO_BYTES = new Uint8Array(0)

export function commandOf(request: SemaphoreRequest, session: bigint, requestId: bigint): SessionCommand {
  const { name } = request
  switch (request.kind) {
    case 'acquire': {
      const { count, timeoutMs, ephemeral } = request
      const data = copyOf(request.data)
      return { kind: 'acquire', requestId, session, name, count, timeoutMs, data, ephemeral }
    }
    case 'release':
      return { kind: 'release', requestId, session, name }
    case 'describe': {
      const { owners, waiters, watchData, watchOwners, watchAbsent } = request
      const wanted = { owners, waiters, watchData, watchOwners, watchAbsent }
      return { kind: 'describe-semaphore', requestId, session, name, ...wanted }
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

function copyOf(bytes: Uint8Array): Uint8Array {
  return bytes.length === 0 ? NO_BYTES : bytes.slice()
}

/** The answer that an event gives to a request; null when it is none, or not the last word. */
export function answerOf(event: Event): Answer | null {
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
      return { kind: 'refused', code: event.code, message: event.message }
    case 'attached':
    case 'changed':
    case 'ended':
    case 'node-described':
    case 'pending':
    case 'stopped':
    default:
      return null
  }
}

type Described = NonNullable<Extract<Event, { kind: 'semaphore-described' }>['description']>

function descriptionOf(
  described: Described,
): NonNullable<Extract<Answer, { kind: 'described' }>['description']> {
  return {
    ...described,
    data: described.data.slice(),
    owners: described.owners.map(holderOf),
    waiters: described.waiters.map(holderOf),
  }
}

function holderOf({
  session,
  orderId,
  count,
  data,
  timeoutMs,
}: Described['owners'][number]): Holder {
  return { sessionId: session, orderId, count, data: data.slice(), timeoutMs }
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
