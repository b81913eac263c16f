/** What a candidate gets that wins an election. */
import type { Bytes } from '../bytes.ts'
import type { Lease } from '../lease.ts'

/** Being the leader; dispose it to resign. */
export class Leadership implements AsyncDisposable {
  readonly #lease: Lease

  constructor(lease: Lease) {
    this.#lease = lease
  }

  /** The election's name. */
  get name(): string {
    return this.#lease.name
  }

  /** Aborts when the leadership is over, for whatever cause, before another can win. */
  get signal(): AbortSignal {
    return this.#lease.signal
  }

  /** Fences what the leader writes: every later leader's token is greater. */
  get token(): bigint {
    return this.#lease.token
  }

  /** The token by the name that observers know. */
  get term(): bigint {
    return this.#lease.token
  }

  /** Replaces the leader's data. Observers get an item, `leader()` answers with it. */
  proclaim(data: Bytes, signal?: AbortSignal): Promise<void> {
    return this.#lease.update(data, signal)
  }

  /** Ends the leadership; the next candidate wins at once. */
  resign(signal?: AbortSignal): Promise<void> {
    return this.#lease.release(signal)
  }

  [Symbol.asyncDispose](): PromiseLike<void> {
    return this.#lease[Symbol.asyncDispose]()
  }
}
