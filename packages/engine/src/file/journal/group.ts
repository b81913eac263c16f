/**
 * What a group of commits changes, as it stands in the journal: one change after the other, by the keys that rows have in LMDB.
 *
 * | change | bytes |
 * | --- | --- |
 * | put | 1, length of the key (2), key, length of the value (4), value |
 * | delete | 2, length of the key (2), key |
 * | delete a range | 3, length of its start (2), start, length of its end (2), end |
 */
import type { WriteSet } from '@tenure/kernel'
import { ROW_PREFIX_BYTES, putRowKey, rowKeyBytes } from '../layout.ts'

const PUT = 1
const DELETE = 2
const CLEAR = 3

/** Keys are those of rows, byte by byte as the characters of a string: so they compare as bytes do. */
export type Change =
  | { readonly kind: 'put'; readonly key: string; readonly value: Uint8Array }
  | { readonly kind: 'delete'; readonly key: string }
  | { readonly kind: 'clear'; readonly start: string; readonly end: string }

/** The writes of one commit, and whose they are. */
export interface Part {
  readonly number: number
  readonly writes: WriteSet
}

/** So many bytes the writes take in a group, at the most. */
export function bytesInGroup(writes: WriteSet): number {
  let bytes = 0
  for (const write of writes) {
    if (write.kind === 'put') {
      bytes += 7 + ROW_PREFIX_BYTES + write.key.length + write.value.length
    } else if (write.kind === 'delete') bytes += 3 + ROW_PREFIX_BYTES + write.key.length
    else bytes += 5 + 2 * ROW_PREFIX_BYTES + write.start.length + write.end.length
  }
  return bytes
}

export function encodeGroup(parts: readonly Part[]): Buffer {
  let bytes = 0
  for (const { writes } of parts) bytes += bytesInGroup(writes)
  const group = Buffer.allocUnsafeSlow(bytes)
  let at = 0
  for (const { number, writes } of parts) {
    for (const write of writes) {
      if (write.kind === 'put') {
        group[at] = PUT
        at = putKey(group, at + 1, { number, key: write.key })
        at = group.writeUInt32LE(write.value.length, at)
        group.set(write.value, at)
        at += write.value.length
      } else if (write.kind === 'delete') {
        group[at] = DELETE
        at = putKey(group, at + 1, { number, key: write.key })
      } else {
        group[at] = CLEAR
        at = putKey(group, at + 1, { number, key: write.start })
        at = putKey(group, at, { number, key: write.end })
      }
    }
  }
  return group.subarray(0, at)
}

/** Values share the memory of the group. */
export function* decodeGroup(group: Buffer): IterableIterator<Change> {
  let at = 0
  while (at < group.length) {
    const kind = group[at]
    const keyEnd = at + 3 + group.readUInt16LE(at + 1)
    const key = group.toString('latin1', at + 3, keyEnd)
    if (kind === PUT) {
      const valueAt = keyEnd + 4
      at = valueAt + group.readUInt32LE(keyEnd)
      yield { kind: 'put', key, value: group.subarray(valueAt, at) }
    } else if (kind === DELETE) {
      at = keyEnd
      yield { kind: 'delete', key }
    } else {
      const endAt = keyEnd + 2
      at = endAt + group.readUInt16LE(keyEnd)
      yield { kind: 'clear', start: key, end: group.toString('latin1', endAt, at) }
    }
  }
}

function putKey(
  group: Buffer,
  at: number,
  { number, key }: { number: number; key: Uint8Array },
): number {
  const bytes = rowKeyBytes(key)
  group.writeUInt16LE(bytes, at)
  putRowKey(group, at + 2, { number, key })
  return at + 2 + bytes
}
