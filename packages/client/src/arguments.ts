/**
 * Checks of what a program passes in. A wrong argument is a TypeError or a RangeError before any message is sent.
 */

import type { Bytes } from './bytes.ts'
import { outOfRange, wrongType } from './wrong-argument.ts'

/** A count or a limit; `Infinity` is the protocol's greatest, 2^64-1. */
export type Count = number | bigint

export const COUNT_MAX: bigint = 2n ** 64n - 1n
export const NAME_MAX_BYTES = 1024
export const DATA_MAX_BYTES = 1_048_576
export const DESCRIPTION_MAX_BYTES = 1024
export const PROTECTION_KEY_MAX_BYTES = 16
export const SESSION_TIMEOUT_MIN_MS = 100
export const SESSION_TIMEOUT_MAX_MS = 1_800_000
export const ACQUIRE_TIMEOUT_MAX_MS = 86_400_000

const encoder = new TextEncoder()
const NO_BYTES = new Uint8Array(0)

/** What a value is, for messages. */
export function kindOf(value: unknown): string {
  if (value === null) return 'null'
  return Array.isArray(value) ? 'an array' : typeof value
}

/** An object: what stands in its place, such as a bare count, would be passed over in silence. */
export function optionsOf<T extends object>(value: T, what: string): T {
  if (typeof value !== 'object' || value === null) {
    throw wrongType(`${what} must be an object, got ${kindOf(value)}`)
  }
  return value
}

/** @returns the count as the protocol has it, 1 to 2^64-1 */
export function countOf(value: Count, what: string): bigint {
  if (value === Infinity) return COUNT_MAX
  if (typeof value === 'number') {
    if (!Number.isSafeInteger(value)) {
      throw outOfRange(
        `${what} must be a whole number up to 2^53-1, a bigint or Infinity, got ${value}`,
      )
    }
  } else if (typeof value !== 'bigint') {
    throw wrongType(`${what} must be a number or a bigint, got ${kindOf(value)}`)
  }
  const count = BigInt(value)
  if (count < 1n || count > COUNT_MAX) {
    throw outOfRange(`${what} must be 1 to 2^64-1, got ${count}`)
  }
  return count
}

/** A copy of the bytes, so that the caller may go on writing in its own. */
export function bytesOf(value: Bytes, what: string, maxBytes: number = DATA_MAX_BYTES): Uint8Array {
  let bytes: Uint8Array
  if (typeof value === 'string') bytes = encoder.encode(textOf(value, what))
  else if (value instanceof Uint8Array)
    bytes = value.length === 0 ? NO_BYTES : new Uint8Array(value)
  else throw wrongType(`${what} must be a Uint8Array or a string, got ${kindOf(value)}`)
  if (bytes.length > maxBytes) {
    throw outOfRange(`${what} must be at most ${maxBytes} bytes, got ${bytes.length}`)
  }
  return bytes
}

/** Text that has a UTF-8 form: no half of a surrogate pair stands alone. */
function textOf(value: string, what: string): string {
  if (typeof value !== 'string') throw wrongType(`${what} must be a string, got ${kindOf(value)}`)
  if (/\p{Surrogate}/u.test(value)) {
    throw wrongType(`${what} must be well-formed text, got half of a surrogate pair`)
  }
  return value
}

export function nameOf(value: string): string {
  return boundedTextOf(value, 'the name of a semaphore', NAME_MAX_BYTES)
}

export function boundedTextOf(value: string, what: string, maxBytes: number): string {
  const text = textOf(value, what)
  const length = Buffer.byteLength(text)
  if (length > maxBytes) {
    throw outOfRange(`${what} must be at most ${maxBytes} bytes, got ${length}`)
  }
  return text
}

export function pathOf(value: string): string {
  const path = textOf(value, 'the path of a coordination node')
  if (path === '') throw outOfRange('the path of a coordination node must not be empty')
  return path
}

export interface DurationBounds {
  readonly min: number
  readonly max: number
}

/** @returns whole milliseconds */
export function durationOf(value: number, what: string, { min, max }: DurationBounds): number {
  if (typeof value !== 'number') throw wrongType(`${what} must be a number, got ${kindOf(value)}`)
  if (!(value >= min && value <= max)) {
    throw outOfRange(`${what} must be ${min} to ${max} milliseconds, got ${value}`)
  }
  return Math.ceil(value)
}

const NODE_PERIOD_BOUNDS: DurationBounds = { min: 1, max: 2 ** 32 - 1 }

/** @returns 0 for a setting of a node that is not given, as all protocols have it */
export function nodePeriodOf(value: number | undefined, what: string): number {
  return value === undefined ? 0 : durationOf(value, what, NODE_PERIOD_BOUNDS)
}

/** An id or token that the server has given. */
export function idOf(value: bigint, what: string): bigint {
  if (typeof value !== 'bigint') throw wrongType(`${what} must be a bigint, got ${kindOf(value)}`)
  if (value < 0n || value > COUNT_MAX) {
    throw outOfRange(`${what} must be 0 to 2^64-1, got ${value}`)
  }
  return value
}
