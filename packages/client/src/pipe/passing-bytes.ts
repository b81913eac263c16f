/**
 * Copies of bytes that are on their way: out of larger pieces of memory, since an array of its own costs a small record more than all
 * the rest of its way.
 *
 * A piece lives as long as one of its copies does, so what is kept for long must not be copied here.
 */

const PIECE_BYTES = 16_384

/** More get an array of their own. */
const SHARING_MAX_BYTES = 2_048

let piece = new Uint8Array(0)
let used = 0

export function passingCopyOf(bytes: Uint8Array): Uint8Array {
  const { length } = bytes
  if (length > SHARING_MAX_BYTES) return new Uint8Array(bytes)
  if (used + length > piece.length) {
    piece = new Uint8Array(PIECE_BYTES)
    used = 0
  }
  const copy = piece.subarray(used, used + length)
  copy.set(bytes)
  used += length
  return copy
}
