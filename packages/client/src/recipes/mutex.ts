/**
 * Mutex: one holder at a time, whoever asks: another process, another session, or another task of this one.
 *
 * It is an ephemeral semaphore taken whole: it needs no set-up, and nothing of it is left when nobody wants it. To take it
 * whole is also what makes it one lock with the read-write lock of the same name.
 */
import type { Lease } from '../lease.ts'
import type { Semaphore } from '../semaphore.ts'

/** The whole of an ephemeral semaphore. */
const WHOLE = { count: Infinity, ephemeral: true } as const

/** A held mutex; dispose it to unlock. Its `signal` aborts when it is lost, its `token` fences what it guards. */
export type Lock = Lease

export class Mutex {
  readonly #semaphore: Semaphore

  /** @param semaphore a name that only mutexes and read-write locks use */
  constructor(semaphore: Semaphore) {
    this.#semaphore = semaphore
  }

  get name(): string {
    return this.#semaphore.name
  }

  /** Waits in line until the lock is free. Rejects with the reason of `signal`; the place in line is then given back. */
  lock(signal?: AbortSignal): Promise<Lock> {
    return this.#semaphore.acquire(WHOLE, signal)
  }

  /** The lock if it is free now, else null. */
  tryLock(signal?: AbortSignal): Promise<Lock | null> {
    return this.#semaphore.tryAcquire(WHOLE, signal)
  }
}
