/** Keys as strings, a character for each byte, so that they compare as bytes do. */

/** Comes after all keys. */
export const AFTER_ALL_KEYS = '\u0100'

export function textOf(key: Uint8Array): string {
  return Buffer.from(key.buffer, key.byteOffset, key.length).toString('latin1')
}

export function bytesOf(text: string): Buffer {
  return Buffer.from(text, 'latin1')
}

export function compareTexts(left: string, right: string): number {
  if (left === right) return 0
  return left < right ? -1 : 1
}
