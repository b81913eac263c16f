/** What a new claim does with the journal of the last one: a declared commit is applied, one that is not declared is removed. */
import { DamagedError } from '../errors.ts'
import { applyPart } from './commit-queue.ts'
import type { Fence } from './fence.ts'
import type { KeyValue, TxnResponse } from './gen/etcd/v3/etcd_pb.ts'
import { readPending, type Room } from './layout.ts'
import { found, type Operation, read, readPage, removeSpan } from './operation.ts'

/** What the last claim has left behind. */
export interface Left {
  /** What is declared and not yet applied. */
  readonly declared: KeyValue | undefined
  readonly hasJournal: boolean
}

/** What reads it, for the transaction that makes the claim: from then on nobody else changes it. */
export function leftOperations({ pending, journal }: Room): readonly Operation[] {
  return [read(pending), readPage({ ...journal, limit: 1, revision: 0n, isKeysOnly: true })]
}

/** @param at where these operations begin */
export function leftIn(answer: TxnResponse, at: number): Left {
  return { declared: found(answer, at)[0], hasJournal: found(answer, at + 1).length > 0 }
}

/** @throws FencedError when a later claim does it */
export async function recover(fence: Fence, { declared, hasJournal }: Left): Promise<void> {
  const { room, epoch } = fence.claim
  const mark = { epoch, commit: 0 }
  if (declared === undefined) {
    if (hasJournal) await fence.write({ mark, operations: [removeSpan(room.journal)] })
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
