/** A handle on one named semaphore of a session's node. */
import type { Count } from './arguments.ts'
import type { Bytes } from './bytes.ts'
import type { Lease } from './lease.ts'
import type { Holder } from './link/link.ts'

export interface SemaphoreOptions {
  /** With it the semaphore is created on first use if absent, and checked if present. */
  readonly limit?: Count
}

export interface TryAcquireOptions {
  /** Units to take; 1 by default. */
  readonly count?: Count
  readonly data?: Bytes
  /** An ephemeral semaphore is made by its first acquire and goes with its last owner and waiter. */
  readonly ephemeral?: boolean
}

export interface AcquireOptions extends TryAcquireOptions {
  /** The longest wait in milliseconds; absent waits until `signal`. */
  readonly timeout?: number
}

export interface CreateOptions {
  readonly limit: Count
  readonly data?: Bytes
}

export interface DeleteOptions {
  readonly force?: boolean
}

export interface DescribeOptions {
  readonly owners?: boolean
  readonly waiters?: boolean
}

export interface WatchOptions {
  readonly owners?: boolean
  readonly data?: boolean
  readonly waiters?: boolean
  /** What an absent semaphore does: `'fail'` (the default) throws NotFoundError, `'wait'` yields null. */
  readonly absent?: 'fail' | 'wait'
}

export interface SemaphoreDescription {
  readonly name: string
  readonly limit: bigint
  /** Units held now. */
  readonly count: bigint
  readonly data: Uint8Array
  readonly ephemeral: boolean
  /** Empty unless asked for; in the order of grants. */
  readonly owners: readonly Holder[]
  /** Empty unless asked for; in the order of the queue. */
  readonly waiters: readonly Holder[]
}

export interface Semaphore {
  readonly name: string
  create(options: CreateOptions, signal?: AbortSignal): Promise<void>
  update(data: Bytes, signal?: AbortSignal): Promise<void>
  delete(options?: DeleteOptions, signal?: AbortSignal): Promise<void>
  describe(options?: DescribeOptions, signal?: AbortSignal): Promise<SemaphoreDescription>
  acquire(options?: AcquireOptions, signal?: AbortSignal): Promise<Lease>
  /** Null when it would have to wait. */
  tryAcquire(options?: TryAcquireOptions, signal?: AbortSignal): Promise<Lease | null>
  watch(
    options: WatchOptions & { readonly absent: 'wait' },
    signal?: AbortSignal,
  ): AsyncIterable<SemaphoreDescription | null>
  watch(options?: WatchOptions, signal?: AbortSignal): AsyncIterable<SemaphoreDescription>
}
