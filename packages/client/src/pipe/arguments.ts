/** Checks of what a program passes to a pipe. A wrong argument is a TypeError or a RangeError before any message is sent. */
import { bytesOf, kindOf } from '../arguments.ts'
import type { Bytes } from '../bytes.ts'
import { outOfRange, wrongType } from '../wrong-argument.ts'
import { passingCopyOf } from './passing-bytes.ts'

export const TASK_RECORD_MAX_BYTES = 1_048_576
export const TASK_DELAY_MAX_SECONDS: number = 2 ** 31
export const THEME_MAX: number = 2 ** 32 - 1
export const HANDLING_CONCURRENCY_MAX = 1_000_000

export function themeOf(value: number): number {
  return wholeOf(value, 'a theme', { min: 0, max: THEME_MAX })
}

/** @returns a copy, so that the caller may go on writing in its own */
export function taskRecordOf(value: Bytes): Uint8Array {
  return value instanceof Uint8Array && value.length <= TASK_RECORD_MAX_BYTES
    ? passingCopyOf(value)
    : bytesOf(value, 'a record of a task', TASK_RECORD_MAX_BYTES)
}

export function handlerOf<T>(value: T): T {
  if (typeof value === 'function') return value
  throw wrongType(`the handler of a theme must be a function, got ${kindOf(value)}`)
}

/** @returns whole seconds; a second that has begun counts */
export function delayOf(value: number | undefined, what: string): number {
  return secondsOf(value ?? 0, what)
}

/** @returns whole seconds; a second that has begun counts */
export function secondsOf(value: number, what: string): number {
  if (typeof value !== 'number') throw wrongType(`${what} must be a number, got ${kindOf(value)}`)
  if (value >= 0 && value <= TASK_DELAY_MAX_SECONDS) return Math.ceil(value)
  throw outOfRange(`${what} must be 0 to ${TASK_DELAY_MAX_SECONDS} seconds, got ${value}`)
}

export function wholeOf(
  value: number,
  what: string,
  { min, max }: { readonly min: number; readonly max: number },
): number {
  if (typeof value !== 'number') throw wrongType(`${what} must be a number, got ${kindOf(value)}`)
  if (Number.isInteger(value) && value >= min && value <= max) return value
  throw outOfRange(`${what} must be a whole number, ${min} to ${max}, got ${value}`)
}
