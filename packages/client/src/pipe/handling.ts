/**
 * The handing of one theme's tasks to this client, through any number of stays.
 *
 * There are so many places for tasks. A task of a stay that is over keeps its place until its handler has settled, so in the next stay the
 * server is asked for the free places only, and for each of the others when it becomes free.
 */
import type { TaskHandedOutReply } from '@tenure/protocol'
import { nothing, onAbort } from '../abort.ts'
import { Backoff } from '../backoff.ts'
import { SessionClosedError, UnavailableError } from '../errors.ts'
import type { Answer } from '../link/link.ts'
import { pause } from '../pause.ts'
import { type TaskHandler, work } from './hand-out.ts'
import { CALL_TIMEOUT_MS, type Follower, type PipeSession } from './pipe-session.ts'
import { isPassing, logErrorOf } from './refused.ts'
import type { Stay } from './stay.ts'

export interface HandlingTerms {
  readonly theme: number
  readonly handler: TaskHandler
  readonly concurrency: number
}

/** One `handle-theme` of the present stay. */
interface Asked {
  readonly stay: Stay
  id: number
}

export class Handling implements Follower {
  readonly #session: PipeSession
  readonly #terms: HandlingTerms
  readonly #backoff: Backoff
  readonly #controller = new AbortController()
  readonly #asked = new Set<Asked>()
  #stay: Stay | null = null
  /** Tasks at work, of whichever stay. */
  #running = 0
  /** Places of former stays that have become free in this turn. */
  #freed = 0
  /** Called when no task is at work. */
  #idle: () => void = nothing
  #isTaking = true
  #closing: Promise<void> | null = null
  #leaveStay: () => void = nothing
  #deafen: () => void = nothing
  /** Ends the wait for the server to accept. */
  #accepted: (failure: { readonly error: unknown } | null) => void = nothing

  constructor(session: PipeSession, terms: HandlingTerms) {
    this.#session = session
    this.#terms = terms
    this.#backoff = new Backoff(session.ground.random)
  }

  /** Aborts when it is over: closed, or refused for good. */
  get signal(): AbortSignal {
    return this.#controller.signal
  }

  /** Resolves when the server has accepted it. @throws what the server refuses for good; UnavailableError; the reason of `signal` */
  async begin(signal: AbortSignal | undefined): Promise<void> {
    const { ground, closed } = this.#session
    signal?.throwIfAborted()
    closed.throwIfAborted()
    // A program that handles tasks must not end because none is at hand.
    ground.clock.hold()
    this.#deafen = onAbort(signal, (reason) => {
      this.#accepted({ error: reason })
      void this.close()
    })
    const timer = ground.clock.after(CALL_TIMEOUT_MS, () => this.failed(this.#unanswered()))
    try {
      await new Promise<void>((resolve, reject) => {
        this.#accepted = (failure) => (failure === null ? resolve() : reject(failure.error))
        this.#session.enlist(this)
      })
    } finally {
      timer.cancel()
    }
  }

  arrived(stay: Stay): void {
    this.#leave()
    this.#stay = stay
    this.#leaveStay = stay.onLost(() => this.#leave())
    this.#take(stay, this.#terms.concurrency - this.#running)
  }

  failed(error: unknown): void {
    this.#accepted({ error })
    this.#end(error)
    void this.close()
  }

  /** Takes nothing more, and waits until what is at work has settled. Never rejects. */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    const reason = new SessionClosedError(`${this.#what}: it was closed`)
    this.#isTaking = false
    this.#session.dismiss(this, reason)
    await Promise.all([...this.#asked].map((asked) => this.#stop(asked)))
    if (this.#running > 0) {
      await new Promise<void>((resolve) => {
        this.#idle = resolve
      })
    }
    this.#leave()
    this.#end(reason)
  }

  #end(reason: unknown): void {
    if (this.signal.aborted) return
    this.#isTaking = false
    this.#deafen()
    this.#session.dismiss(this, reason)
    this.#session.ground.clock.letGo()
    this.#controller.abort(reason)
  }

  /** The present stay is over, or of no use. */
  #leave(): void {
    this.#leaveStay()
    this.#leaveStay = nothing
    this.#stay = null
    this.#freed = 0
    this.#asked.clear()
  }

  #take(stay: Stay, places: number): void {
    if (places <= 0 || !this.#isTaking) return
    const asked: Asked = { stay, id: 0 }
    this.#asked.add(asked)
    asked.id = stay.send(
      { kind: 'handle-theme', theme: this.#terms.theme, concurrency: places },
      (answer) => this.#answered(asked, places, answer),
      (news) => {
        if (news.kind === 'task-handed-out') this.#begin(stay, news)
      },
    )
  }

  #answered(asked: Asked, places: number, answer: Answer): void {
    if (answer.kind !== 'refused') {
      this.#backoff.reset()
      this.#accepted(null)
      return
    }
    this.#asked.delete(asked)
    if (isPassing(answer)) void this.#takeLater(asked.stay, places)
    else this.failed(logErrorOf(answer, this.#what))
  }

  async #takeLater(stay: Stay, places: number): Promise<void> {
    await pause(this.#session.ground.clock, this.#backoff.nextMs(), undefined, false)
    if (this.#stay === stay) this.#take(stay, places)
  }

  #begin(stay: Stay, handed: TaskHandedOutReply): void {
    this.#running += 1
    void work(stay, { ...handed, path: this.#session.path }, this.#terms.handler).then(() =>
      this.#settled(stay),
    )
  }

  #settled(stay: Stay): void {
    this.#running -= 1
    if (this.#running === 0) this.#idle()
    // A place of the present stay is filled again by the server.
    if (this.#stay === null || this.#stay === stay) return
    this.#freed += 1
    if (this.#freed === 1) queueMicrotask(() => this.#takeFreed())
  }

  #takeFreed(): void {
    const places = this.#freed
    this.#freed = 0
    if (this.#stay !== null) this.#take(this.#stay, places)
  }

  /** What crosses this on its way is done all the same: it has been counted as handed out. */
  async #stop({ stay, id }: Asked): Promise<void> {
    const { clock, random } = this.#session.ground
    const backoff = new Backoff(random)
    try {
      for (;;) {
        const answer = await stay.ask({ kind: 'stop-handling', target: BigInt(id) })
        if (answer.kind !== 'refused' || !isPassing(answer)) return
        await pause(clock, backoff.nextMs())
      }
    } catch {
      // The stay is over, and nothing comes after it.
    }
  }

  get #what(): string {
    return `cannot handle theme ${this.#terms.theme} of the log of "${this.#session.path}"`
  }

  #unanswered(): Error {
    const { ground, cause } = this.#session
    const why = `no answer from ${ground.link.address} in ${CALL_TIMEOUT_MS} ms`
    return new UnavailableError(`${this.#what}: ${why}`, cause)
  }
}
