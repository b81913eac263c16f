/**
 * Where the bytes of rows are written: out of large pieces of memory, since an array of its own costs more than a row to write.
 */

const PIECE_BYTES = 65_536

/** Larger rows get arrays of their own. */
const SHARING_BYTES_MAX = 4_096

let piece = new Uint8Array(0)
let used = 0

/** As many zeros, for a row that lives until its commit. */
export function rowBytes(length: number): Uint8Array {
  if (length > SHARING_BYTES_MAX) return new Uint8Array(length)
  if (used + length > piece.length) {
    piece = new Uint8Array(PIECE_BYTES)
    used = 0
  }
  const start = used
  used += length
  return piece.subarray(start, used)
}
