/**
 * A write-set as operations of one etcd transaction.
 *
 * etcd refuses a transaction that puts a key twice, or puts one that it deletes by a range. So only the last write of each key is made, and a
 * range that holds a later put is deleted in pieces around it.
 */
import type { Write, WriteSet } from '@tenure/kernel'
import type { Room } from './layout.ts'
import { type Operation, put, remove, removeSpan } from './operation.ts'

type Single = Exclude<Write, { readonly kind: 'delete-range' }>

interface Piece {
  readonly start: Uint8Array
  readonly end: Uint8Array
}

/** The operations that have the same effect as the writes, one after the other; more of them than writes when ranges are cut. */
export function operationsOf(writes: WriteSet, room: Room): Operation[] {
  const last = new Map<string, Single>()
  const ranges: Piece[] = []
  for (const write of writes) {
    if (write.kind !== 'delete-range') {
      last.set(nameOf(write.key), write)
    } else if (Buffer.compare(write.start, write.end) < 0) {
      for (const [name, { key }] of last) if (holds(write, key)) last.delete(name)
      ranges.push(write)
    }
  }
  const puts = [...last.values()].filter(({ kind }) => kind === 'put').map(({ key }) => key)
  const operations: Operation[] = []
  for (const range of ranges) {
    for (const { start, end } of cut(range, puts)) {
      operations.push(removeSpan({ key: room.row(start), rangeEnd: room.row(end) }))
    }
  }
  for (const write of last.values()) {
    const key = room.row(write.key)
    operations.push(write.kind === 'put' ? put(key, write.value) : remove(key))
  }
  return operations
}

/** The range without these keys. */
function cut(range: Piece, keys: readonly Uint8Array[]): readonly Piece[] {
  const within = keys
    .filter((key) => holds(range, key))
    .sort((left, right) => Buffer.compare(left, right))
  const pieces: Piece[] = []
  let { start } = range
  for (const key of within) {
    if (Buffer.compare(start, key) < 0) pieces.push({ start, end: key })
    // The least key that is greater than this one.
    start = Buffer.concat([key, Buffer.alloc(1)])
  }
  if (Buffer.compare(start, range.end) < 0) pieces.push({ start, end: range.end })
  return pieces
}

function holds({ start, end }: Piece, key: Uint8Array): boolean {
  return Buffer.compare(start, key) <= 0 && Buffer.compare(key, end) < 0
}

function nameOf(key: Uint8Array): string {
  return Buffer.from(key.buffer, key.byteOffset, key.length).toString('latin1')
}

/** Bounds of one transaction. */
export interface Bounds {
  readonly operations: number
  /** Keys and values together. */
  readonly bytes: number
}

/** The operations of a part of a commit, with the writes that they stand for. */
export interface Part {
  readonly writes: WriteSet
  readonly operations: readonly Operation[]
}

/** The write-set cut into runs, each of which fits into one transaction. */
export function partsOf(writes: WriteSet, bounds: Bounds, room: Room): Part[] {
  const parts: Part[] = []
  let [from, bytes] = [0, 0]
  for (const [at, write] of writes.entries()) {
    const more = bytesOf(write)
    if (at > from && (at - from === bounds.operations || bytes + more > bounds.bytes)) {
      parts.push(...partOf(writes.slice(from, at), bounds, room))
      ;[from, bytes] = [at, 0]
    }
    bytes += more
  }
  if (from < writes.length) parts.push(...partOf(writes.slice(from), bounds, room))
  return parts
}

/** One part, or two and more when cut ranges make it too many operations. */
function partOf(writes: WriteSet, bounds: Bounds, room: Room): Part[] {
  const operations = operationsOf(writes, room)
  if (operations.length <= bounds.operations || writes.length === 1) return [{ writes, operations }]
  const half = writes.length >> 1
  return [
    ...partOf(writes.slice(0, half), bounds, room),
    ...partOf(writes.slice(half), bounds, room),
  ]
}

function bytesOf(write: Write): number {
  if (write.kind === 'delete-range') return write.start.length + write.end.length
  return write.key.length + (write.kind === 'put' ? write.value.length : 0)
}
