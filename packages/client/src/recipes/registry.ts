/**
 * Registry: who is there, and what each of them says of itself.
 *
 * Every entry is one unit of an ephemeral semaphore without a practical limit, with the entry's data as owner data. So an
 * entry lives as long as its session, and a registry that nobody has joined does not exist: watching it is watching for
 * its creation.
 */
import type { Bytes } from '../bytes.ts'
import { AlreadyRegisteredError } from '../errors.ts'
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
   * @throws AlreadyRegisteredError when this session has an entry here: use its `update`, or a session of its own
   */
  async register(data: Bytes, signal?: AbortSignal): Promise<RegistryEntry> {
    const lease = await this.#semaphore.tryAcquire({ count: 1, data, ephemeral: true }, signal)
    if (lease === null) {
      throw new AlreadyRegisteredError(
        `this session is registered in "${this.name}"; update that entry, or register with another session`,
      )
    }
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
