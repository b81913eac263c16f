/** What a new claim does with the journal of the last one: a declared commit is applied, one that is not declared is removed. */
import { DamagedError } from '../errors.ts'
import { applyPart } from './commit-queue.ts'
import type { Fence } from './fence.ts'
import { readPending } from './layout.ts'
import { found, read, readPage, removeSpan } from './operation.ts'

/** @throws FencedError when a later claim does it */
export async function recover(fence: Fence): Promise<void> {
  const { room, epoch } = fence.claim
  const mark = { epoch, commit: 0 }
  const leftovers = readPage({ ...room.journal, limit: 1, revision: 0n, isKeysOnly: true })
  const answer = await fence.read([read(room.pending), leftovers])
  const [declared] = found(answer, 0)
  if (declared === undefined) {
    if (found(answer, 1).length > 0) {
      await fence.write({ mark, operations: [removeSpan(room.journal)] })
    }
    return
  }
  let pending = readPending(declared.value, room.pending)
  for (;;) {
    const key = room.part(pending.attempt, pending.applied)
    const [part] = found(await fence.read([read(key)]), 0)
    if (part === undefined) {
      throw new DamagedError(
        `partition "${fence.claim.partition}": the commit ${pending.attempt} is declared, but its part ${key.toString()} is missing in etcd: restore a backup`,
      )
    }
    const next = await applyPart(fence, mark, { from: pending, part: part.value })
    if (next === null) return
    pending = next
  }
}
