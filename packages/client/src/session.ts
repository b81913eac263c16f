/**
 * A session as a program sees it: all that it holds on one coordination node lives and ends with it.
 */
import type { Clock } from './clock.ts'
import { SessionClosedError } from './errors.ts'
import type { Link } from './link/link.ts'
import type { Random } from './random.ts'
import { Config } from './recipes/config.ts'
import {
  type CodedElectionOptions,
  type Election,
  electionOf,
  type ElectionOptions,
} from './recipes/election.ts'
import { Mutex } from './recipes/mutex.ts'
import { Registry } from './recipes/registry.ts'
import { RwLock } from './recipes/rwlock.ts'
import { Semaphore, type SemaphoreOptions } from './semaphore.ts'
import { Connection, type SessionState } from './session/connection.ts'
import type { SessionCore } from './session/core.ts'
import { Holdings } from './session/holdings.ts'
import { latest, type LatestSink } from './session/latest.ts'
import type { SessionOptions, SessionSettings } from './session/options.ts'
import { Watches } from './session/watches.ts'

export type { SessionOptions, SessionState }

/** What a session stands on. */
export interface SessionGround {
  readonly link: Link
  readonly clock: Clock
  readonly random: Random
}

export class Session implements AsyncDisposable {
  /** How long before the server may give the session up it counts as lost here, in milliseconds: what a holder has to stop. */
  readonly margin: number
  readonly #core: SessionCore
  readonly #controller = new AbortController()
  readonly #followers = new Set<LatestSink<SessionState>>()
  #closing: Promise<void> | null = null

  private constructor(ground: SessionGround, path: string, settings: SessionSettings) {
    const { clock, random } = ground
    this.margin = settings.marginMs
    const holdings = new Holdings()
    const connection: Connection = new Connection(
      { ...ground, path, settings },
      {
        changed: (state) => this.#tell(state),
        attached: (attachment) => watches.attached(attachment, connection.offers.watchAbsent),
        noticed: (notice) => {
          if (notice.kind === 'revoked') holdings.revoke(notice.orderId)
        },
        over: (reason) => {
          holdings.failAll(reason)
          this.#controller.abort(reason)
          watches.failAll(reason)
        },
      },
    )
    const watches = new Watches({ clock, random, lost: (refusal) => connection.lose(refusal) })
    this.#core = { clock, connection, holdings, watches }
  }

  /** Sessions come from `client.openSession`, which says what can go wrong. */
  static async open(
    ground: SessionGround,
    path: string,
    settings: SessionSettings,
    signal?: AbortSignal,
  ): Promise<Session> {
    const session = new Session(ground, path, settings)
    signal?.throwIfAborted()
    await session.#core.connection.open(signal)
    return session
  }

  /** Given by the server; never used again for another session of the node. */
  get id(): bigint {
    return this.#core.connection.id
  }

  /** The coordination node. */
  get path(): string {
    return this.#core.connection.path
  }

  /**
   * Aborts when the session is closed (SessionClosedError) or lost (SessionExpiredError), before the server can give what it
   * holds to others.
   */
  get signal(): AbortSignal {
    // Compares the clocks: after a pause the session may be over although no timer has fired.
    void this.#core.connection.reason
    return this.#controller.signal
  }

  get state(): SessionState {
    return this.#core.connection.state
  }

  /** Milliseconds until the session counts as lost if nothing is heard from the server. */
  get expiresInMs(): number {
    return this.#core.connection.expiresInMs
  }

  /** The state, then each change; a slow reader gets the latest. Ends after 'closed' or 'expired'. */
  states(signal?: AbortSignal): AsyncIterable<SessionState> {
    return latest(
      this.#core.clock,
      (sink) => {
        this.#followers.add(sink)
        pass(this.state, sink)
        return () => {
          this.#followers.delete(sink)
        }
      },
      signal,
    )
  }

  /** A handle on a semaphore of the node; no message is sent for it. */
  semaphore(name: string, options?: SemaphoreOptions): Semaphore {
    return new Semaphore(this.#core, name, options)
  }

  /** One holder at a time; needs no set-up. */
  mutex(name: string): Mutex {
    return new Mutex(this.semaphore(name))
  }

  /** Readers together, a writer alone; the same lock as the mutex of the name. */
  rwlock(name: string): RwLock {
    return new RwLock(this.semaphore(name), this)
  }

  /** One leader among the sessions that campaign; created on first use. */
  election(name: string, options?: ElectionOptions): Election
  election<T>(name: string, options: CodedElectionOptions<T>): Election<T>
  election<T>(
    name: string,
    options: ElectionOptions | CodedElectionOptions<T> = {},
  ): Election | Election<T> {
    return electionOf(name, { session: this, clock: this.#core.clock }, options)
  }

  /** Who is there; needs no set-up. */
  registry(name: string): Registry {
    return new Registry(this.semaphore(name))
  }

  /** One value that many follow; created by its first publish. */
  config(name: string): Config {
    return new Config(this.semaphore(name))
  }

  /**
   * Ends the session and frees all that it holds, at once. Pending calls reject with SessionClosedError. A server that does
   * not answer within `closeTimeout` frees it when the session's timeout has passed. Never rejects.
   */
  close(): Promise<void> {
    const { connection } = this.#core
    this.#closing ??= connection.close(
      new SessionClosedError(`session ${this.id} on "${this.path}" was closed; open a new session`),
    )
    return this.#closing
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #tell(state: SessionState): void {
    for (const sink of this.#followers) pass(state, sink)
  }
}

function pass(state: SessionState, sink: LatestSink<SessionState>): void {
  sink.push(state)
  if (state === 'closed' || state === 'expired') sink.finish()
}
