/** A lease that is kept alive, in a storage over a fake link. */
import type { Answer } from '../../src/link/link.ts'
import type { RecordLease } from '../../src/storage/record-lease.ts'
import type { FakeStorage } from './fake-storage.ts'

export const TTL_MS = 10_000
export const WRONG_LEASE: Answer = {
  kind: 'refused',
  code: 'WRONG_LEASE',
  message: 'says the test',
}

export function granted(lease: bigint, ttlMs: bigint = BigInt(TTL_MS)): Answer {
  return { kind: 'lease-granted', lease, ttlMs }
}

export async function keptLease(world: FakeStorage, id = 5n): Promise<RecordLease> {
  const made = world.storage.lessor.newLease(TTL_MS, { keepAlive: true })
  if (!world.link.attachments.some(({ sent }) => sent.length > 0)) await world.start()
  world.link.last.last.answer(granted(id))
  return made
}
