/** Checks of what a program passes to a storage. A wrong argument is a TypeError or a RangeError before any message is sent. */
import { bytesOf, COUNT_MAX, NAME_MAX_BYTES, boundedTextOf, optionsOf } from '../arguments.ts'
import type { Bytes } from '../bytes.ts'
import { outOfRange, wrongType } from '../wrong-argument.ts'

/** Names no lease. */
export const NO_LEASE_ID = 0n

export const VALUE_MAX_BYTES = 1_048_576

/** The grant that protects a write: a lock, a lease, a leadership. */
export interface Fence {
  /** Of the semaphore, mutex or election. */
  readonly name: string
  readonly token: bigint
}

export interface FenceOptions {
  /** The write is refused (FencedError) unless this grant is held and the newest of its name. */
  readonly fence?: Fence
}

/** A record lease, or its id. */
export type LeaseReference = bigint | { readonly id: bigint }

export function valueOf(value: Bytes, what: string = 'the value of a record'): Uint8Array {
  return bytesOf(value, what, VALUE_MAX_BYTES)
}

/** @throws TypeError; RangeError unless it is 0 to 2^64-1 */
export function versionOf(value: bigint, what: string): bigint {
  if (typeof value !== 'bigint') throw wrongType(`${what} must be a bigint, got ${typeof value}`)
  if (value < 0n || value > COUNT_MAX) {
    throw outOfRange(`${what} must be 0 to 2^64-1, got ${value}`)
  }
  return value
}

export function leaseIdOf(lease: LeaseReference): bigint {
  const what = 'the lease of a record'
  return versionOf(typeof lease === 'bigint' ? lease : optionsOf(lease, what).id, what)
}

/** What a write says of its fence. */
export function fenceOf(options: FenceOptions): { readonly fence?: Fence } {
  const { fence } = optionsOf(options, 'the options of a write')
  if (fence === undefined) return {}
  const { name, token } = optionsOf(fence, 'a fence')
  return {
    fence: {
      name: boundedTextOf(name, 'the name of a fence', NAME_MAX_BYTES),
      token: versionOf(token, 'the token of a fence'),
    },
  }
}
