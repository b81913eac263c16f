/**
 * Read-write lock: readers together, a writer alone.
 *
 * To read is to take one unit of an ephemeral semaphore, to write is to take all. The server knows one holding per session
 * and name, so the readers of one session share one: the first takes it and the last gives it back.
 *
 * Invariant: a reader joins a granted holding only while nobody waits, here or elsewhere. Else a stream of readers, each
 * joining before the last has left, would keep a writer out for ever. A reader that may not join stands in line.
 */
import { NotFoundError } from '../errors.ts'
import type { Lease } from '../lease.ts'
import type { Semaphore } from '../semaphore.ts'
import { SharedHolding, type HeldLock } from './shared-holding.ts'

const ONE = { count: 1, ephemeral: true } as const
const WHOLE = { count: Infinity, ephemeral: true } as const

export type ReadLock = HeldLock

/** The right to write. */
export interface WriteLock extends HeldLock {
  /** Goes on as a reader, without a moment in between in which another could write. */
  downgrade(signal?: AbortSignal): Promise<void>
}

/** What the handles of one name in one session have in common. */
interface Common {
  /** The holding that a reader may join, granted or still in line. */
  holding: SharedHolding | null
  /** Tasks of this session that wait to write. */
  writers: number
}

const commons = new WeakMap<object, Map<string, Common>>()

export class RwLock {
  readonly #semaphore: Semaphore
  readonly #commons: Map<string, Common>

  /**
   * @param semaphore a name that only mutexes and read-write locks use
   * @param session the session of `semaphore`
   */
  constructor(semaphore: Semaphore, session: object) {
    this.#semaphore = semaphore
    const known = commons.get(session)
    this.#commons = known ?? new Map<string, Common>()
    if (known === undefined) commons.set(session, this.#commons)
  }

  get name(): string {
    return this.#semaphore.name
  }

  /** Waits until nobody writes, nor waits to. Rejects with the reason of `signal`; the place in line is then given back. */
  async read(signal?: AbortSignal): Promise<ReadLock> {
    signal?.throwIfAborted()
    for (;;) {
      const holding = this.#joinable
      if (holding === null) break
      // One that stands in line itself overtakes nobody, whoever joins it.
      const awaited = holding.granted && (await this.#awaited(signal))
      // What was asked about another holding says nothing of this one.
      if (this.#joinable !== holding) continue
      if (!awaited) return holding.join(signal)
      break
    }
    return this.#share((given) => this.#semaphore.acquire(ONE, given)).join(signal)
  }

  /** Null when it would have to wait. */
  async tryRead(signal?: AbortSignal): Promise<ReadLock | null> {
    signal?.throwIfAborted()
    const holding = this.#joinable
    if (holding?.granted === true && !(await this.#awaited(signal)) && this.#joinable === holding) {
      return holding.join(signal)
    }
    const lease = await this.#semaphore.tryAcquire(ONE, signal)
    return lease === null ? null : this.#share(async () => lease).join()
  }

  /** Waits in line until nobody reads or writes. Rejects as `read` does. A reader that waits to write waits for itself. */
  async write(signal?: AbortSignal): Promise<WriteLock> {
    const common = this.#common()
    common.writers += 1
    try {
      return await this.#write(await this.#semaphore.acquire(WHOLE, signal))
    } finally {
      common.writers -= 1
      this.#tidy()
    }
  }

  /** Null when it would have to wait. */
  async tryWrite(signal?: AbortSignal): Promise<WriteLock | null> {
    const lease = await this.#semaphore.tryAcquire(WHOLE, signal)
    return lease === null ? null : this.#write(lease)
  }

  async #write(lease: Lease): Promise<WriteLock> {
    const holding = this.#holding(async () => lease)
    const lock = await holding.join()
    const downgrade = async (signal?: AbortSignal): Promise<void> => {
      await lease.downgrade(1, signal)
      if (!lock.signal.aborted) this.#common().holding = holding
    }
    return Object.assign(lock, { downgrade })
  }

  get #joinable(): SharedHolding | null {
    return this.#commons.get(this.name)?.holding ?? null
  }

  /** Whether anybody waits, in this session or in another. */
  async #awaited(signal?: AbortSignal): Promise<boolean> {
    try {
      const { waiters } = await this.#semaphore.describe({ waiters: true }, signal)
      return waiters.length > 0 || this.#common().writers > 0
    } catch (error) {
      if (error instanceof NotFoundError) return false
      throw error
    }
  }

  /** Makes a holding that later readers join. */
  #share(acquire: (signal: AbortSignal) => Promise<Lease>): SharedHolding {
    const holding = this.#holding(acquire)
    this.#common().holding = holding
    return holding
  }

  #holding(acquire: (signal: AbortSignal) => Promise<Lease>): SharedHolding {
    return new SharedHolding(acquire, (emptied) => {
      if (this.#joinable === emptied) this.#common().holding = null
      this.#tidy()
    })
  }

  #common(): Common {
    const known = this.#commons.get(this.name)
    if (known !== undefined) return known
    const common: Common = { holding: null, writers: 0 }
    this.#commons.set(this.name, common)
    return common
  }

  /** A session may use many names in its life; one that nobody uses is not kept. */
  #tidy(): void {
    const common = this.#commons.get(this.name)
    if (common?.holding === null && common.writers === 0) this.#commons.delete(this.name)
  }
}
