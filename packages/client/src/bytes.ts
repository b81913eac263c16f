/** Bytes as programs pass them. */

/** Bytes, or text that is kept as UTF-8. */
export type Bytes = Uint8Array | string

export const EMPTY_BYTES: Uint8Array = new Uint8Array(0)

export function sameBytes(left: Uint8Array, right: Uint8Array): boolean {
  if (left === right) return true
  return left.length === right.length && left.every((byte, index) => byte === right[index])
}
