/** A semaphore as both protocols describe it, in this library's form. */
import type { HolderMessage, SemaphoreMessage } from '@tenure/protocol'
import type { Description } from './link.ts'

export function descriptionOf(message: SemaphoreMessage): Description {
  const { name, limit, data, ephemeral } = message
  const owners = message.owners.toSorted(byOrder)
  const waiters = message.waiters.toSorted(byOrder)
  return { name, limit, data, ephemeral, held: message.count, owners, waiters }
}

/** YDB leaves the order of owners open; grants were made in the order of these ids. */
function byOrder(one: HolderMessage, other: HolderMessage): number {
  if (one.orderId === other.orderId) return 0
  return one.orderId < other.orderId ? -1 : 1
}
