/** One lease that several readers share: the first asks for it, the last gives it back. */
import { untilAbort } from '../abort.ts'
import { LeaseReleasedError } from '../errors.ts'
import type { Lease } from '../lease.ts'
import { LinkedAbort } from './linked-abort.ts'

/** A held lock. `signal` aborts at release and when it is lost. */
export interface HeldLock extends AsyncDisposable {
  readonly name: string
  readonly token: bigint
  readonly signal: AbortSignal
  release(signal?: AbortSignal): Promise<void>
}

type GiveBack = (lease: Lease) => PromiseLike<void>

export class SharedHolding {
  readonly #lease: Promise<Lease>
  readonly #abandon: AbortController
  readonly #emptied: (holding: SharedHolding) => void
  #members = 0
  #granted = false

  /**
   * @param acquire asks for the lease; its signal aborts when all who waited for it have given up
   * @param emptied called when the last member has left: nobody may join any more
   */
  constructor(
    acquire: (signal: AbortSignal) => Promise<Lease>,
    emptied: (holding: SharedHolding) => void,
  ) {
    this.#abandon = new AbortController()
    this.#emptied = emptied
    this.#lease = acquire(this.#abandon.signal)
    this.#lease.then(
      () => (this.#granted = true),
      // Each member hears of it where it waits.
      () => undefined,
    )
  }

  get granted(): boolean {
    return this.#granted
  }

  /** Becomes a member, and waits for the lease. Rejects with the reason of `signal`, or with what the acquire threw. */
  async join(signal?: AbortSignal): Promise<HeldLock> {
    this.#members += 1
    try {
      const lease = await untilAbort(this.#lease, signal)
      return new Membership(lease, (giveBack) => this.#leave(giveBack))
    } catch (error) {
      await this.#leave((lease) => lease[Symbol.asyncDispose]())
      throw error
    }
  }

  async #leave(giveBack: GiveBack): Promise<void> {
    this.#members -= 1
    if (this.#members > 0) return
    this.#emptied(this)
    this.#abandon.abort(new Error('nobody waits for this lock any more'))
    let lease: Lease
    try {
      lease = await this.#lease
    } catch {
      return
    }
    await giveBack(lease)
  }
}

class Membership implements HeldLock {
  readonly name: string
  readonly token: bigint
  readonly #lease: Lease
  readonly #held: LinkedAbort
  readonly #leave: (giveBack: GiveBack) => Promise<void>
  #left: Promise<void> | undefined

  constructor(lease: Lease, leave: (giveBack: GiveBack) => Promise<void>) {
    this.#lease = lease
    this.name = lease.name
    this.token = lease.token
    this.#held = new LinkedAbort(lease.signal)
    this.#leave = leave
  }

  get signal(): AbortSignal {
    // To look at a lease's signal compares the clocks: after a pause it may be over although no timer has fired.
    void this.#lease.signal
    return this.#held.signal
  }

  release(signal?: AbortSignal): Promise<void> {
    return this.#end((lease) => lease.release(signal))
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#end((lease) => lease[Symbol.asyncDispose]())
  }

  #end(giveBack: GiveBack): Promise<void> {
    if (this.#left === undefined) {
      this.#held[Symbol.dispose]()
      this.#held.abort(new LeaseReleasedError(`the lock "${this.name}" was released`))
      this.#left = this.#leave(giveBack)
    }
    return this.#left
  }
}
