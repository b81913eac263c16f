/**
 * Config: one value that many read and follow.
 *
 * The value is the data of a persistent semaphore that nobody acquires. That the semaphore exists is what tells a published
 * empty value from nothing published, so only `publish` creates it: readers wait for it and never make it.
 */
import { sameBytes, type Bytes } from '../bytes.ts'
import { AlreadyExistsError, NotFoundError, UnsupportedError } from '../errors.ts'
import type { Semaphore } from '../semaphore.ts'

export interface PublishOptions {
  /** Publish only if this is still the version of the value. */
  readonly ifVersion?: bigint
}

export class Config {
  readonly #semaphore: Semaphore

  /** @param semaphore a name that only this configuration uses */
  constructor(semaphore: Semaphore) {
    this.#semaphore = semaphore
  }

  get name(): string {
    return this.#semaphore.name
  }

  /**
   * Replaces the value; creates it on the first publish. Of publishes at the same time the last one stays.
   *
   * @throws UnsupportedError with `ifVersion`: the protocol has no versions of semaphore data
   */
  publish(data: Bytes, signal?: AbortSignal): Promise<void>
  publish(data: Bytes, options?: PublishOptions, signal?: AbortSignal): Promise<void>
  async publish(
    data: Bytes,
    options?: PublishOptions | AbortSignal,
    last?: AbortSignal,
  ): Promise<void> {
    const [{ ifVersion }, signal]: [PublishOptions, AbortSignal | undefined] =
      options instanceof AbortSignal ? [{}, options] : [options ?? {}, last]
    if (ifVersion !== undefined) {
      throw new UnsupportedError(
        `cannot publish "${this.name}" by version: this server keeps no versions of a configuration; publish without ifVersion`,
      )
    }
    // Each turn that fails means that somebody else has just created or deleted the value, so the loop cannot spin alone.
    for (;;) {
      if (await done(this.#semaphore.update(data, signal), NotFoundError)) return
      if (await done(this.#semaphore.create({ limit: 1, data }, signal), AlreadyExistsError)) return
    }
  }

  /** The value, or null when nothing is published. */
  async get(signal?: AbortSignal): Promise<Uint8Array | null> {
    try {
      return (await this.#semaphore.describe({}, signal)).data
    } catch (error) {
      if (error instanceof NotFoundError) return null
      throw error
    }
  }

  /**
   * The value, then every change of it; waits quietly while nothing is published. A slow reader misses values in between,
   * never the last one. Ends by throwing the reason of `signal`, or of the session's end.
   */
  async *watch(signal?: AbortSignal): AsyncGenerator<Uint8Array, void, undefined> {
    let last: Uint8Array | undefined
    for await (const published of this.#semaphore.watch({ data: true, absent: 'wait' }, signal)) {
      if (published !== null && !(last !== undefined && sameBytes(last, published.data)))
        yield published.data
      last = published?.data
    }
  }
}

/** Whether `change` was made; false when it was refused with `refusal`. */
async function done(
  change: Promise<void>,
  refusal: typeof NotFoundError | typeof AlreadyExistsError,
): Promise<boolean> {
  try {
    await change
    return true
  } catch (error) {
    if (error instanceof refusal) return false
    throw error
  }
}
