/**
 * Moves pending rows to LMDB, some at a time, so that nobody waits long.
 *
 * Each transaction leaves LMDB between two states that the journal knows: whoever opens it then lays the whole journal over it again, to the same end.
 * The last one says that the journal is not needed any more.
 */
import { crashPoint } from '../../crash-point.ts'
import { bytesOf } from '../key-text.ts'
import type { RowChange, RowRange, Store } from '../store.ts'
import type { Transactions } from '../transactions.ts'
import type { JournalMark } from '../layout.ts'
import { decodeGroup } from './group.ts'
import { PendingRows } from './pending-rows.ts'

/** So much goes into one transaction. */
const SLICE_ROWS = 512
const SLICE_BYTES = 256 * 1024

export interface CheckpointParts {
  readonly store: Store
  readonly transactions: Transactions
}

/** @param mark what LMDB says of the journal afterwards; null when there is none any more */
export async function checkpoint(
  rows: PendingRows,
  mark: JournalMark | null,
  { store, transactions }: CheckpointParts,
): Promise<void> {
  const ranges = rangesOf(rows)
  for (let at = 0; at < ranges.length;) {
    const next = ranges.slice(at, at + SLICE_ROWS)
    await transactions.run({
      prepare: () => store.inspectRanges(next),
      apply: () => {
        at += store.clear(next, SLICE_ROWS)
      },
      isPatient: true,
    })
  }
  for (const changes of slices(rows)) {
    await transactions.run({
      prepare: () => store.inspectRows(changes),
      apply: () => store.change(changes),
      isPatient: true,
    })
    crashPoint('mid-checkpoint')
  }
  await transactions.run({ apply: () => store.putHeader(mark), isPatient: true })
}

/** Writes a group to LMDB as one transaction, over all that was moved there. */
export async function checkpointAtOnce(
  group: Buffer,
  { store, transactions }: CheckpointParts,
): Promise<void> {
  const rows = new PendingRows()
  for (const change of decodeGroup(group)) rows.absorb(change)
  const ranges = rangesOf(rows)
  const changes = Array.from(rows.entries(), ([key, value]) => ({ key: bytesOf(key), value }))
  await transactions.run({
    prepare: () => {
      store.inspectRanges(ranges)
      store.inspectRows(changes)
    },
    apply: () => {
      for (let at = 0; at < ranges.length;) at += store.clear(ranges.slice(at), SLICE_ROWS)
      store.change(changes)
    },
  })
}

function rangesOf({ cleared }: PendingRows): RowRange[] {
  return Array.from(cleared.all(), ({ start, end }) => ({
    start: bytesOf(start),
    end: bytesOf(end),
  }))
}

function* slices(rows: PendingRows): IterableIterator<readonly RowChange[]> {
  let changes: RowChange[] = []
  let bytes = 0
  for (const [key, value] of rows.entries()) {
    changes.push({ key: bytesOf(key), value })
    bytes += key.length + (value?.length ?? 0)
    if (changes.length < SLICE_ROWS && bytes < SLICE_BYTES) continue
    yield changes
    changes = []
    bytes = 0
  }
  if (changes.length > 0) yield changes
}
