/**
 * Keys and ranges of keys as programs pass them.
 *
 * Keys are ordered as unsigned bytes, a key before its extensions. A program's range has both its ends in it; on the way to the server it
 * is half open: the first key that follows `end` is `end` and a zero byte.
 */
import { bytesOf, optionsOf } from '../arguments.ts'
import type { Bytes } from '../bytes.ts'
import type { Key } from './record.ts'
import { outOfRange } from '../wrong-argument.ts'

export const KEY_MAX_BYTES = 1024

/** Which keys: from `start` to `end`, both inclusive, or all that begin with `prefix`. */
export type KeyRange = { readonly start: Bytes; readonly end: Bytes } | { readonly prefix: Bytes }

/** From `start` (inclusive) to `end` (exclusive; null is the end of all keys). */
export interface HalfOpenRange {
  readonly start: Uint8Array
  readonly end: Uint8Array | null
}

const BYTE_MAX = 0xff

/** All keys that begin with `bytes`; with an empty prefix all keys there are. */
export function prefix(bytes: Bytes): KeyRange {
  return { prefix: boundOf(bytes, 'a prefix') }
}

/** @throws TypeError; RangeError unless it has 1 to 1,024 bytes */
export function keyOf(value: Key, what: string = 'the key of a record'): Uint8Array {
  const bytes = bytesOf(value, what, KEY_MAX_BYTES)
  if (bytes.length === 0) throw outOfRange(`${what} must not be empty`)
  return bytes
}

/** The bound of a range may be empty: it comes before every key. */
function boundOf(value: Bytes, what: string): Uint8Array {
  return bytesOf(value, what, KEY_MAX_BYTES)
}

export function rangeOf(range: KeyRange): HalfOpenRange {
  optionsOf(range, 'a range of keys')
  if ('prefix' in range) {
    const start = boundOf(range.prefix, 'a prefix')
    return { start, end: afterPrefix(start) }
  }
  return {
    start: boundOf(range.start, 'the start of a range'),
    end: justAfter(boundOf(range.end, 'the end of a range')),
  }
}

function justAfter(key: Uint8Array): Uint8Array {
  const after = new Uint8Array(key.length + 1)
  after.set(key)
  return after
}

/** The first key after all that begin with `bytes`; null when nothing comes after them. */
function afterPrefix(bytes: Uint8Array): Uint8Array | null {
  const place = bytes.findLastIndex((byte) => byte !== BYTE_MAX)
  if (place < 0) return null
  const after = bytes.slice(0, place + 1)
  after[place] = (bytes[place] ?? 0) + 1
  return after
}

/** A key in a message to people. */
export function shown(key: Uint8Array): string {
  return JSON.stringify(Buffer.from(key).toString())
}
