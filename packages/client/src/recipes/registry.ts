/**
 * Registry: who is there, and what each of them says of itself.
 *
 * Every entry is one unit of an ephemeral semaphore without a practical limit, with the entry's data as owner data. So an
 * entry lives as long as its session, and a registry that nobody has joined does not exist: watching it is watching for
 * its creation.
 */
import type { Bytes } from '../bytes.ts'
import { AlreadyRegisteredError, NotFoundError, PreconditionFailedError } from '../errors.ts'
import type { Lease } from '../lease.ts'
import type { Semaphore } from '../semaphore.ts'

/** One entry as watchers see it. */
export interface Endpoint {
  readonly data: Uint8Array
  readonly sessionId: bigint
}

export class Registry {
  readonly #semaphore: Semaphore

  /** @param semaphore a name that only this registry uses */
  constructor(semaphore: Semaphore) {
    this.#semaphore = semaphore
  }

  get name(): string {
    return this.#semaphore.name
  }

  /**
   * Adds an entry for this session.
   *
   * @throws AlreadyRegisteredError when this session has an entry here: use its `update`, or a session of its own;
   *   PreconditionFailedError when the name is in use as a lock
   */
  async register(data: Bytes, signal?: AbortSignal): Promise<RegistryEntry> {
    const lease = await this.#semaphore.tryAcquire({ count: 1, data, ephemeral: true }, signal)
    if (lease === null) throw await this.#refusal(signal)
    return new RegistryEntry(lease)
  }

  /**
   * All entries, oldest first: the present ones at once (an empty list when there are none), then the whole list after every
   * change. A slow reader misses lists in between, never the last one. Ends by throwing the reason of `signal`, or of the
   * session's end.
   */
  async *watch(signal?: AbortSignal): AsyncGenerator<readonly Endpoint[], void, undefined> {
    for await (const registry of this.#semaphore.watch({ owners: true, absent: 'wait' }, signal)) {
      yield (registry?.owners ?? []).map(({ data, sessionId }) => ({ data, sessionId }))
    }
  }

  /** Why there was no unit to take at once: entries leave room for each other, so it is this session's own, or a lock. */
  async #refusal(signal?: AbortSignal): Promise<Error> {
    for (const holder of await this.#holders(signal)) {
      if (holder.count === 1n) continue
      return new PreconditionFailedError(
        `"${this.name}" is no registry: session ${holder.sessionId} uses it as a lock; choose another name`,
      )
    }
    return new AlreadyRegisteredError(
      `this session is registered in "${this.name}"; update that entry, or register with another session`,
    )
  }

  async #holders(signal?: AbortSignal): Promise<readonly { sessionId: bigint; count: bigint }[]> {
    try {
      const { owners, waiters } = await this.#semaphore.describe(
        { owners: true, waiters: true },
        signal,
      )
      return [...owners, ...waiters]
    } catch (error) {
      if (error instanceof NotFoundError) return []
      throw error
    }
  }
}

/** A place in a registry; dispose it to leave. */
export class RegistryEntry implements AsyncDisposable {
  readonly #lease: Lease

  constructor(lease: Lease) {
    this.#lease = lease
  }

  /** Aborts when the entry is gone: left, or lost with the session. */
  get signal(): AbortSignal {
    return this.#lease.signal
  }

  /** Replaces the entry's data; watchers see it. */
  update(data: Bytes, signal?: AbortSignal): Promise<void> {
    return this.#lease.update(data, signal)
  }

  release(signal?: AbortSignal): Promise<void> {
    return this.#lease.release(signal)
  }

  [Symbol.asyncDispose](): PromiseLike<void> {
    return this.#lease[Symbol.asyncDispose]()
  }
}
