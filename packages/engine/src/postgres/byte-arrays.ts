/**
 * Arrays of `bytea` as parameters, in the server's own binary form: as text each byte would take two, and four in the making.
 */

/** Dimensions, whether there are nulls, type of the elements; then of the one dimension its length and its lower bound. */
const HEADER_BYTES = 20
const BYTEA = 17

export function byteArray(elements: readonly Uint8Array[]): Buffer {
  let bytes = HEADER_BYTES
  for (const element of elements) bytes += 4 + element.length
  const array = Buffer.allocUnsafe(bytes)
  array.writeInt32BE(1, 0)
  array.writeInt32BE(0, 4)
  array.writeInt32BE(BYTEA, 8)
  array.writeInt32BE(elements.length, 12)
  array.writeInt32BE(1, 16)
  let at = HEADER_BYTES
  for (const element of elements) {
    at = array.writeInt32BE(element.length, at)
    array.set(element, at)
    at += element.length
  }
  return array
}

/** The bytes themselves, not a copy. */
export function bytesOf(array: Uint8Array): Buffer {
  return Buffer.from(array.buffer, array.byteOffset, array.byteLength)
}
