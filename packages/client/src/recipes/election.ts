/**
 * Election: the owner of a semaphore with one unit leads, its waiters are the candidates in order.
 *
 * What the leader says of itself is its owner data, not the semaphore's: it comes with the leadership, goes with it, and can
 * never be read as the word of a successor. A term is the fencing token of the leader's grant, so terms only grow.
 */
import type { Bytes } from '../bytes.ts'
import { NotFoundError } from '../errors.ts'
import type { Lease } from '../lease.ts'
import type { Semaphore } from '../semaphore.ts'
import {
  ElectionObserver,
  leaderOf,
  type Leader,
  type LeadershipState,
} from './election-observer.ts'
import { LinkedAbort } from './linked-abort.ts'

export class Election {
  readonly #semaphore: Semaphore
  readonly #sessionId: bigint

  /** @param semaphore a name that only this election uses, made with limit 1 */
  constructor(semaphore: Semaphore, sessionId: bigint) {
    this.#semaphore = semaphore
    this.#sessionId = sessionId
  }

  get name(): string {
    return this.#semaphore.name
  }

  /** Waits in line until this session leads. Rejects with the reason of `signal`; the place in line is then given back. */
  async campaign(data: Bytes, signal?: AbortSignal): Promise<Leadership> {
    return new Leadership(await this.#semaphore.acquire({ count: 1, data }, signal))
  }

  /** The leader at this moment, or null. */
  async leader(signal?: AbortSignal): Promise<Leader | null> {
    try {
      return leaderOf(await this.#semaphore.describe({ owners: true }, signal))
    } catch (error) {
      if (error instanceof NotFoundError) return null
      throw error
    }
  }

  /**
   * Who leads now, then every change of the leader or of what it says; also without taking part. A slow reader misses states
   * in between, never the last one. Ends by throwing the reason of `signal`, or of the session's end.
   */
  async *observe(signal?: AbortSignal): AsyncGenerator<LeadershipState, void, undefined> {
    using watching = new LinkedAbort(signal)
    const observer = new ElectionObserver(this.#sessionId)
    const following = observer.follow(
      this.#semaphore.watch({ owners: true, absent: 'wait' }, watching.signal),
    )
    try {
      for (;;) yield await observer.next()
    } finally {
      watching.abort(new Error(`the observation of the election "${this.name}" has ended`))
      await following
    }
  }
}

/** Being the leader; dispose it to resign. */
export class Leadership implements AsyncDisposable {
  readonly #lease: Lease

  constructor(lease: Lease) {
    this.#lease = lease
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
