/**
 * Big-endian numbers in byte arrays, and comparisons. Big-endian, so that the order of keys is the order of numbers.
 */

export const NO_BYTES: Uint8Array = new Uint8Array(0)

const scratch = new Uint8Array(8)
const scratchView = new DataView(scratch.buffer)

export function writeU16(bytes: Uint8Array, offset: number, value: number): void {
  bytes[offset] = value >>> 8
  bytes[offset + 1] = value
}

export function writeU32(bytes: Uint8Array, offset: number, value: number): void {
  bytes[offset] = value >>> 24
  bytes[offset + 1] = value >>> 16
  bytes[offset + 2] = value >>> 8
  bytes[offset + 3] = value
}

export function writeU64(bytes: Uint8Array, offset: number, value: bigint): void {
  scratchView.setBigUint64(0, value)
  bytes.set(scratch, offset)
}

/** @param value a whole number, 0 to 2^53-1 */
export function writeSafeU64(bytes: Uint8Array, offset: number, value: number): void {
  writeU32(bytes, offset, Math.floor(value / 0x1_0000_0000))
  writeU32(bytes, offset + 4, value >>> 0)
}

/** The caller has checked that the bytes are there. */
export function readU16(bytes: Uint8Array, offset: number): number {
  return ((bytes[offset] ?? 0) << 8) | (bytes[offset + 1] ?? 0)
}

/** The caller has checked that the bytes are there. */
export function readU32(bytes: Uint8Array, offset: number): number {
  return readU16(bytes, offset) * 0x1_0000 + readU16(bytes, offset + 2)
}

/** The caller has checked that the bytes are there. */
export function readU64(bytes: Uint8Array, offset: number): bigint {
  for (let index = 0; index < 8; index++) scratch[index] = bytes[offset + index] ?? 0
  return scratchView.getBigUint64(0)
}

export function bytesEqual(left: Uint8Array, right: Uint8Array): boolean {
  if (left.length !== right.length) return false
  for (let index = 0; index < left.length; index++) {
    if (left[index] !== right[index]) return false
  }
  return true
}

/** Like `bytesEqual`, in a time that tells nothing about the bytes of `secret`, so that it cannot be guessed piece by piece. */
export function secretsEqual(secret: Uint8Array, given: Uint8Array): boolean {
  let difference = secret.length ^ given.length
  for (let index = 0; index < secret.length; index++) {
    difference |= (secret[index] ?? 0) ^ (given[index] ?? 0)
  }
  return difference === 0
}

/** Negative, zero or positive, as the order of keys is. */
export function compareBytes(left: Uint8Array, right: Uint8Array): number {
  const shared = Math.min(left.length, right.length)
  for (let index = 0; index < shared; index++) {
    const difference = (left[index] ?? 0) - (right[index] ?? 0)
    if (difference !== 0) return difference
  }
  return left.length - right.length
}

/** As many bytes as one call of a function takes as arguments anywhere. */
const ARGUMENTS_MAX = 4_096

/** One character for each byte, so that the order of the texts is the order of the bytes. */
export function byteText(bytes: Uint8Array): string {
  if (bytes.length <= ARGUMENTS_MAX) return textOfPart(bytes)
  let text = ''
  for (let from = 0; from < bytes.length; from += ARGUMENTS_MAX) {
    text += textOfPart(bytes.subarray(from, from + ARGUMENTS_MAX))
  }
  return text
}

function textOfPart(bytes: Uint8Array): string {
  return Reflect.apply(String.fromCharCode, null, bytes)
}
