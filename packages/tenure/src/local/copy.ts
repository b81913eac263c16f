/** Copies of byte arrays; the empty one, in which nothing can be written, is shared. */

const NO_BYTES = new Uint8Array(0)

export function copyOf(bytes: Uint8Array): Uint8Array {
  return bytes.length === 0 ? NO_BYTES : bytes.slice()
}
