/** A semaphore as both protocols describe it, in this library's form. */
import type { HolderMessage, SemaphoreMessage } from '@tenure/protocol'
import type { Description, Holder } from './link.ts'

const NOBODY: readonly Holder[] = []

export function descriptionOf(message: SemaphoreMessage): Description {
  const { name, limit, data, ephemeral } = message
  const owners = message.owners.toSorted(byOrder)
  const waiters = message.waiters.toSorted(byOrder)
  return { name, limit, data, ephemeral, held: message.count, owners, waiters }
}

/** For one of several who get it: nobody sees what another one writes into it. */
export function copyOf(description: Description): Description {
  const { name, limit, data, ephemeral, held, owners, waiters } = description
  return {
    name,
    limit,
    data: copyOfBytes(data),
    ephemeral,
    held,
    owners: owners.length === 0 ? NOBODY : owners.map(copyOfHolder),
    waiters: waiters.length === 0 ? NOBODY : waiters.map(copyOfHolder),
  }
}

function copyOfHolder({ sessionId, orderId, count, data, timeoutMs }: Holder): Holder {
  return { sessionId, orderId, count, data: copyOfBytes(data), timeoutMs }
}

/** In the empty one nothing can be written. */
function copyOfBytes(bytes: Uint8Array): Uint8Array {
  return bytes.length === 0 ? bytes : bytes.slice()
}

/** YDB leaves the order of owners open; grants were made in the order of these ids. */
function byOrder(one: HolderMessage, other: HolderMessage): number {
  if (one.orderId === other.orderId) return 0
  return one.orderId < other.orderId ? -1 : 1
}
