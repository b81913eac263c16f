/** A lease of records: what is written under it goes when it ends. */
import { untilAbort } from '../abort.ts'
import { ClientClosedError, errorOf, LeaseReleasedError } from '../errors.ts'
import type { LeaseBook } from './lease-book.ts'
import type { LeaseTerm } from './lease-term.ts'
import type { StorageSession } from './storage-session.ts'

/** What a lease stands on. */
export interface LeaseGround {
  readonly session: StorageSession
  readonly book: LeaseBook
}

export class RecordLease implements AsyncDisposable {
  readonly #ground: LeaseGround
  readonly #term: LeaseTerm
  #isWatched = false
  /** Whether a release was begun here: until the server has confirmed it, another one tries again. */
  #state: 'held' | 'releasing' | 'released' = 'held'
  #releasing: Promise<void> | null = null

  /** Leases come from `storage.lessor`. */
  constructor(ground: LeaseGround, term: LeaseTerm) {
    this.#ground = ground
    this.#term = term
    if (term.kind === 'kept') this.#watch()
  }

  /** Names the lease to every process; never used again for another lease of the node. */
  get id(): bigint {
    return this.#term.id
  }

  /** The time that it was made with, in milliseconds. */
  get ttlMs(): number {
    return this.#term.ttlMs
  }

  /**
   * Milliseconds until it ends if nobody keeps it alive, as far as this side can tell: less than the truth rather than more. For a lease that
   * this client keeps alive, counted from the last contact with the server; 0 when it is over.
   */
  get ttl(): number {
    const { book, session } = this.#ground
    book.check(this.#term)
    if (this.#term.isOver) return 0
    if (this.#term.kind === 'elsewhere') return this.#term.ttlMs
    const goodMs = this.#term.kind === 'kept' ? this.#term.ttlMs : this.#term.spanMs
    return Math.max(0, book.contactOf(this.#term) + goodMs - session.ground.clock.monotonicMs())
  }

  /**
   * Aborts when the lease is over: released (LeaseReleasedError), ended by the server or not heard of in time (WrongLeaseError), or the
   * client was closed (ClientClosedError). Of a lease that this client keeps alive: before the server can delete its records. Of one that
   * somebody else keeps it does not hear.
   */
  get signal(): AbortSignal {
    this.#watch()
    // Compares the clocks: after a pause the lease may be over although no timer has fired.
    this.#ground.book.check(this.#term)
    return this.#term.signal
  }

  /**
   * Ends the lease at once, whoever keeps it; its records are deleted in the same commit. Does nothing the second time, or when it has ended.
   *
   * @throws UnavailableError when the server is away: it ends when its time is over; the reason of `signal`: the release goes on all the same
   */
  release(signal?: AbortSignal): Promise<void> {
    this.#releasing ??= this.#release().finally(() => {
      this.#releasing = null
    })
    return untilAbort(this.#releasing, signal)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.release()
  }

  #watch(): void {
    if (this.#isWatched) return
    this.#isWatched = true
    if (!this.#term.isOver) this.#ground.book.enter(this.#term)
  }

  async #release(): Promise<void> {
    const { session, book } = this.#ground
    const { id, isOver } = this.#term
    if (this.#state === 'released' || (this.#state === 'held' && isOver)) return
    this.#state = 'releasing'
    book.end(this.#term, new LeaseReleasedError(`record lease ${id} was released`))
    const request = { kind: 'release-lease', lease: id } as const
    const asked = (): string => `cannot release lease ${id}`
    try {
      const { answer } = await session.ask({ request, asked, isRepeatable: true })
      if (answer.kind === 'refused' && answer.code !== 'WRONG_LEASE') throw errorOf(answer, asked())
    } catch (error) {
      // What the client has kept alive ended with it; the rest runs down.
      if (!(error instanceof ClientClosedError)) throw error
    }
    this.#state = 'released'
  }
}
