/** What many messages of the protocol hold, read from their fields. */
import { WireError } from '../wire-error.ts'
import { BYTES, VARINT, type WireReader } from '../wire-reader.ts'

/** What a field of bytes holds when it is left out. */
export const NO_BYTES: Uint8Array = new Uint8Array(0)

/** Of an id that is left out. */
export const NO_ID = 0

/** @throws WireError when the number names nothing */
export function checkedId(id: number): number {
  if (id === NO_ID) throw new WireError('a message has no id')
  return id
}

/** Passes over the message at which the reader stands. */
export function readNothing(reader: WireReader): void {
  const outerEnd = reader.enter()
  while (reader.nextField()) reader.skip()
  reader.leave(outerEnd)
}

/** Reads the message at which the reader stands, of which only this number is wanted. */
export function readOnlyU64(reader: WireReader, field: number): bigint {
  const outerEnd = reader.enter()
  let value = 0n
  while (reader.nextField()) {
    if (reader.field === field && reader.wireType === VARINT) value = reader.u64()
    else reader.skip()
  }
  reader.leave(outerEnd)
  return value
}

/** Reads the message at which the reader stands, of which only this number is wanted. */
export function readOnlyNumber(reader: WireReader, field: number): number {
  const outerEnd = reader.enter()
  let value = 0
  while (reader.nextField()) {
    if (reader.field === field && reader.wireType === VARINT) value = reader.number()
    else reader.skip()
  }
  reader.leave(outerEnd)
  return value
}

/** Reads the message at which the reader stands, of which only this flag is wanted. */
export function readOnlyFlag(reader: WireReader, field: number): boolean {
  return readOnlyU64(reader, field) !== 0n
}

/** Reads the message at which the reader stands, of which only these bytes are wanted. */
export function readOnlyBytes(reader: WireReader, field: number): Uint8Array {
  const outerEnd = reader.enter()
  let value = NO_BYTES
  while (reader.nextField()) {
    if (reader.field === field && reader.wireType === BYTES) value = reader.bytes()
    else reader.skip()
  }
  reader.leave(outerEnd)
  return value
}

/** Reads the message at which the reader stands, of which only this text is wanted. */
export function readOnlyText(reader: WireReader, field: number): string {
  const outerEnd = reader.enter()
  let value = ''
  while (reader.nextField()) {
    if (reader.field === field && reader.wireType === BYTES) value = reader.text()
    else reader.skip()
  }
  reader.leave(outerEnd)
  return value
}

/** Reads the message at which the reader stands: a key, and a version of it. */
export function readKeyAndVersion(reader: WireReader): {
  readonly key: Uint8Array
  readonly version: bigint
} {
  const outerEnd = reader.enter()
  let key = NO_BYTES
  let version = 0n
  while (reader.nextField()) {
    if (reader.field === 1 && reader.wireType === BYTES) key = reader.bytes()
    else if (reader.field === 2 && reader.wireType === VARINT) version = reader.u64()
    else reader.skip()
  }
  reader.leave(outerEnd)
  return { key, version }
}
