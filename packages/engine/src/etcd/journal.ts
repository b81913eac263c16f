/**
 * What a part of a large commit writes, as the bytes of one journal row: for each write its kind, then each of its keys and its value, each
 * behind its length.
 */
import type { Write, WriteSet } from '@tenure/kernel'
import { DamagedError } from '../errors.ts'

const KINDS = ['put', 'delete', 'delete-range'] as const
const LENGTH_BYTES = 4

export function packWrites(writes: WriteSet): Buffer {
  const pieces: Uint8Array[] = []
  for (const write of writes) {
    pieces.push(Uint8Array.of(KINDS.indexOf(write.kind)))
    for (const field of fieldsOf(write)) {
      const length = Buffer.alloc(LENGTH_BYTES)
      length.writeUInt32BE(field.length)
      pieces.push(length, field)
    }
  }
  return Buffer.concat(pieces)
}

/** @throws DamagedError when these are no packed writes */
export function unpackWrites(packed: Uint8Array): Write[] {
  const bytes = Buffer.from(packed.buffer, packed.byteOffset, packed.length)
  let at = 0
  const field = (): Uint8Array => {
    if (at + LENGTH_BYTES > bytes.length) throw damaged(at)
    const start = at + LENGTH_BYTES
    const end = start + bytes.readUInt32BE(at)
    if (end > bytes.length) throw damaged(at)
    at = end
    return bytes.subarray(start, end)
  }
  const writes: Write[] = []
  while (at < bytes.length) {
    const kind = KINDS[bytes[at] ?? KINDS.length]
    at += 1
    if (kind === undefined) throw damaged(at)
    if (kind === 'put') writes.push({ kind, key: field(), value: field() })
    else if (kind === 'delete') writes.push({ kind, key: field() })
    else writes.push({ kind, start: field(), end: field() })
  }
  return writes
}

function fieldsOf(write: Write): readonly Uint8Array[] {
  if (write.kind === 'put') return [write.key, write.value]
  return write.kind === 'delete' ? [write.key] : [write.start, write.end]
}

function damaged(at: number): DamagedError {
  return new DamagedError(`a journal row of a large commit is damaged at byte ${at}`)
}
