/**
 * What an acquire gives: units of a semaphore, held until they are given back, or lost with the session.
 *
 * A lease that is held does not mean that nobody else acts: a program that sleeps past its lease wakes up believing in it.
 * Only a resource that checks `token` is safe from that.
 */
import { bytesOf, type Count, countOf } from './arguments.ts'
import type { Bytes } from './bytes.ts'
import { AbortedError, errorOf, LeaseReleasedError, NotFoundError } from './errors.ts'
import { type AcquireRequest, type Answer, type Description, NO_WATCH } from './link/link.ts'
import { nothing, untilAbort } from './abort.ts'
import { giveBack } from './session/acquisition.ts'
import type { SessionCore } from './session/core.ts'
import { Call } from './session/outbox.ts'
import { outOfRange } from './wrong-argument.ts'

/** What is held, as it was granted. */
export interface LeaseTerms {
  readonly request: AcquireRequest
  readonly token: bigint
}

interface Terms {
  readonly count: bigint
  readonly data: Uint8Array
}

export class Lease implements AsyncDisposable {
  /** The semaphore's name. */
  readonly name: string
  /** The fencing token: every later grant of the same name has a greater one, across restarts. */
  readonly token: bigint
  readonly #core: SessionCore
  readonly #ephemeral: boolean
  readonly #place: ReturnType<SessionCore['holdings']['hold']>
  #count: bigint
  #data: Uint8Array
  /** Made when somebody looks: many leases are held and given back without a look at their signal. */
  #controller: AbortController | null = null
  /** Gives the reason of the end. Most are never asked for, and an error with its stack is dear. */
  #end: (() => unknown) | null = null
  #releasing: Promise<void> | null = null
  /** The change that is under way; the next one waits for it. */
  #change: Promise<void> | null = null
  #changing: Call | null = null
  #unwatch: () => void = nothing

  constructor(core: SessionCore, { request, token }: LeaseTerms) {
    this.#core = core
    this.name = request.name
    this.token = token
    this.#ephemeral = request.ephemeral
    this.#count = request.count
    this.#data = request.data
    this.#place = core.holdings.hold(this)
  }

  /** Units held. */
  get count(): bigint {
    return this.#count
  }

  /** The owner data as it was last written. */
  get data(): Uint8Array {
    return this.#data
  }

  /**
   * Aborts when the lease is over: released (LeaseReleasedError), lost with the session (SessionExpiredError,
   * SessionClosedError, before the server can grant the units to anybody else), or taken away by a forced delete of the
   * semaphore or by an operator (AbortedError).
   */
  get signal(): AbortSignal {
    // Compares the clocks: after a pause the lease may be over although no timer has fired.
    void this.#core.connection.reason
    if (this.#controller === null) {
      this.#controller = new AbortController()
      if (this.#end === null) this.#watchForDelete()
      else this.#controller.abort(this.#end())
    }
    return this.#controller.signal
  }

  /**
   * Gives the units back; whoever waits first has them next. Does nothing the second time, or when the lease is lost.
   *
   * @throws the reason of `signal`; the release goes on all the same
   */
  release(signal?: AbortSignal): Promise<void> {
    this.#releasing ??= this.#release()
    return untilAbort(this.#releasing, signal)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.release()
  }

  /**
   * Replaces the owner data, which describe and watch show.
   *
   * @throws the reason of the lease's end, or of `signal`: the data may then have been replaced or not
   */
  async update(data: Bytes, signal?: AbortSignal): Promise<void> {
    const bytes = bytesOf(data, 'the data of a lease')
    await this.#reacquire(() => ({ count: this.#count, data: bytes }), signal)
  }

  /**
   * Gives a part of the units back and keeps the place: the token stays.
   *
   * @param count what is kept, 1 to the units held
   */
  async downgrade(count: Count, signal?: AbortSignal): Promise<void> {
    const kept = countOf(count, 'the count of a lease')
    if (kept > this.#count) {
      throw outOfRange(
        `a lease can only shrink: "${this.name}" is held with ${this.#count}, asked for ${kept}; release and acquire again`,
      )
    }
    await this.#reacquire(() => ({ count: kept, data: this.#data }), signal)
  }

  /** Called when the session is over. */
  lost(reason: unknown): void {
    this.#finish(() => reason)
  }

  /** Called when an operator has taken the units away. */
  revoked(): void {
    this.#taken(`an operator has taken "${this.name}" away`)
  }

  #release(): Promise<void> {
    if (this.#end !== null) return Promise.resolve()
    this.#finish(() => new LeaseReleasedError(`the lease of "${this.name}" was released`))
    const { connection, holdings } = this.#core
    return new Promise((resolve, reject) => {
      connection.request(
        new Call(
          { kind: 'release', name: this.name },
          {
            settle: (answer) => {
              holdings.leave(this.name)
              if (answer.kind === 'refused')
                reject(errorOf(answer, `cannot release "${this.name}"`))
              else resolve()
            },
            // The session's end has freed the units.
            fail: () => resolve(),
          },
        ),
      )
    })
  }

  #finish(reasonOf: () => unknown): void {
    if (this.#end !== null) return
    let reason: unknown = null
    const end = (): unknown => (reason ??= reasonOf())
    this.#end = end
    this.#unwatch()
    this.#core.holdings.letGo(this.#place)
    // A change sent again after the release would take the units anew.
    if (this.#changing !== null) {
      this.#core.connection.outbox.drop(this.#changing)
      this.#changing.handlers.fail(end())
    }
    this.#controller?.abort(end())
  }

  /** The units are gone, most often because somebody has deleted the semaphore. The next task of this session has its turn after a release. */
  #taken(why: string = `"${this.name}" was deleted while it was held`): void {
    if (this.#end !== null) return
    this.#finish(() => new AbortedError(why))
    this.#releasing = Promise.resolve()
    // A change may have taken units of a semaphore that was made anew under the name.
    giveBack(this.#core, this.name)
  }

  // The server changes the data or the count of what a session owns when the session acquires it again.
  #reacquire(terms: () => Terms, signal: AbortSignal | undefined): Promise<void> {
    const change = this.#after(this.#change, terms, signal)
    this.#change = change.catch(() => {})
    return untilAbort(change, signal)
  }

  async #after(
    before: Promise<void> | null,
    terms: () => Terms,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    await before
    signal?.throwIfAborted()
    void this.#core.connection.reason
    if (this.#end !== null) throw this.#end()
    const { count, data } = terms()
    await this.#send({
      kind: 'acquire',
      name: this.name,
      count,
      data,
      timeoutMs: 0n,
      ephemeral: this.#ephemeral,
    })
  }

  #send(request: AcquireRequest): Promise<void> {
    return new Promise<void>((resolve, reject) => {
      const changed = (): void => {
        this.#count = request.count
        this.#data = request.data
        resolve()
      }
      const settle = (answer: Answer): void => {
        this.#changing = null
        if (answer.kind === 'acquired' && answer.token === this.token) changed()
        else if (answer.kind === 'acquired' && answer.token === null) {
          this.#whenOurs(changed, reject)
        } else if (answer.kind === 'refused' && answer.code !== 'NOT_FOUND') {
          const refusal = errorOf(answer, `cannot change the lease of "${this.name}"`)
          this.#whenOurs(() => reject(refusal), reject)
        } else this.#takenFrom(reject)
      }
      const fail = (reason: unknown): void => {
        this.#changing = null
        reject(reason)
      }
      const call = new Call(request, { settle, fail })
      this.#changing = call
      this.#core.connection.request(call)
    })
  }

  // Another semaphore may have the name by now: what it says of a change is not said of what is held.
  #whenOurs(ours: () => void, reject: (reason: unknown) => void): void {
    const wish = { owners: true, waiters: false }
    const request = { kind: 'describe', name: this.name, ...wish, ...NO_WATCH } as const
    const settle = (answer: Answer): void => {
      const isGone =
        answer.kind === 'described'
          ? !this.#isOwner(answer.description)
          : answer.kind === 'refused' && answer.code === 'NOT_FOUND'
      if (this.#end !== null) reject(this.#end())
      else if (isGone) this.#takenFrom(reject)
      else ours()
    }
    this.#core.connection.request(new Call(request, { settle, fail: reject }))
  }

  #takenFrom(reject: (reason: unknown) => void): void {
    this.#taken()
    reject(this.#end?.())
  }

  // Owners of a deleted semaphore get no message, only watchers do. An ephemeral one cannot be deleted while it is held.
  #watchForDelete(): void {
    if (this.#ephemeral) return
    const { watches } = this.#core
    this.#unwatch = watches.subscribe(this.name, {
      flags: { owners: true, waiters: false, watchData: true, watchOwners: false },
      waitsWhenAbsent: false,
      push: (description) => {
        if (!this.#isOwner(description)) this.#taken()
      },
      fail: (error) => {
        if (error instanceof NotFoundError) this.#taken()
      },
    })
  }

  #isOwner(description: Description | null): boolean {
    const { id } = this.#core.connection
    return (
      description?.owners.some(
        ({ sessionId, orderId }) => sessionId === id && orderId === this.token,
      ) === true
    )
  }
}
