/**
 * A write-set as operations of etcd transactions.
 *
 * etcd refuses a transaction that puts a key twice, or puts one that it deletes by a range. So what is written is what the writes come to in the
 * end, in which no key is in two places; it may be cut anywhere, and done in any order.
 */
import type { Write, WriteSet } from '@tenure/kernel'
import { bytesOfWrite } from '../bytes.ts'
import { netEffect } from '../net-effect.ts'
import type { Room } from './layout.ts'
import { type Operation, put, remove, removeSpan } from './operation.ts'

/** Bounds of one transaction. */
export interface Bounds {
  readonly operations: number
  /** Keys and values together. */
  readonly bytes: number
}

/** What the writes come to, cut into parts each of which fits into one transaction; one part at least. */
export function partsOf(writes: WriteSet, bounds: Bounds): readonly WriteSet[] {
  const settled = settledWrites(writes)
  const parts: WriteSet[] = []
  let [from, bytes] = [0, 0]
  for (const [at, write] of settled.entries()) {
    const more = bytesOfWrite(write)
    if (at > from && (at - from === bounds.operations || bytes + more > bounds.bytes)) {
      parts.push(settled.slice(from, at))
      ;[from, bytes] = [at, 0]
    }
    bytes += more
  }
  parts.push(settled.slice(from))
  return parts
}

/** @param part in which no key is in two places */
export function operationsOf(part: WriteSet, room: Room): Operation[] {
  return part.map((write) => operationOf(write, room))
}

function operationOf(write: Write, room: Room): Operation {
  if (write.kind === 'put') return put(room.row(write.key), write.value)
  if (write.kind === 'delete') return remove(room.row(write.key))
  return removeSpan({ key: room.row(write.start), rangeEnd: room.row(write.end) })
}

function settledWrites(writes: WriteSet): Write[] {
  const { puts, deletes, ranges } = netEffect(writes)
  const settled: Write[] = ranges.map(({ start, end }) => ({ kind: 'delete-range', start, end }))
  for (const key of deletes) settled.push({ kind: 'delete', key })
  settled.push(...puts)
  return settled
}
