/**
 * A session that a program does not see: opened when somebody wants it, opened anew when it is lost, for as long as somebody does.
 *
 *   nothing ──► opening ──► there ──► lost ──► opening …
 *                  └── failed: refused for good, so that whoever waits is told
 */
import { Backoff } from '../backoff.ts'
import { SessionClosedError, TenureError, UnsupportedError } from '../errors.ts'
import type { Attachment, Started } from '../link/link.ts'
import type { Notice } from '@tenure/protocol'
import { nothing } from '../abort.ts'
import { pause } from '../pause.ts'
import type { SessionGround } from '../session.ts'
import { Connection } from './connection.ts'
import { type SessionOptions, settingsOf } from './options.ts'

/** What the session is for. */
export interface HiddenSessionTerms {
  /** What the server must have, in one word for messages. */
  readonly feature: string
  readonly isOffered: (offers: Started) => boolean
  readonly options: SessionOptions
  /** After a long silence the session is left to its timeout, not stopped. */
  readonly partsQuietly: boolean
}

/** Who uses the session. Only the present one is told of. */
export interface HiddenSessionUser {
  /** Whether there must be a session. */
  isWanted(): boolean
  /** How often contact must be made, at least, whatever the timeout of the session asks for. */
  heartbeatMs(): number
  opened(connection: Connection): void
  /** After `opened`, and after each reconnect. */
  attached(attachment: Attachment): void
  /** The connection is broken; the session may live. */
  detached(): void
  contact(sentAtMs: number): void
  kept(untilMs: number, spanMs: number): void
  noticed(notice: Notice): void
  lost(): void
  /** There will be no session, for this reason: until somebody wants one again, or for ever when it is closed. */
  failed(error: unknown): void
}

/** A session that was opened, and what it has heard before it was taken into use. */
interface Opened {
  connection: Connection
  attachment: Attachment | null
  keep: () => void
}

export class HiddenSession {
  readonly #ground: SessionGround
  readonly #path: string
  readonly #terms: HiddenSessionTerms
  readonly #user: HiddenSessionUser
  readonly #closed = new AbortController()
  #connection: Connection | null = null
  /** Gives up the session that is being opened. */
  #opening: AbortController | null = null
  #establishing: Promise<void> = Promise.resolve()
  #trouble: unknown = null

  /** @param path checked */
  constructor(
    ground: SessionGround,
    path: string,
    terms: HiddenSessionTerms,
    user: HiddenSessionUser,
  ) {
    this.#ground = ground
    this.#path = path
    this.#terms = terms
    this.#user = user
  }

  get connection(): Connection | null {
    return this.#connection
  }

  /** Aborts when it is closed. */
  get closed(): AbortSignal {
    return this.#closed.signal
  }

  /** What the latest attempt to open it has failed with, as the cause of an error. */
  get cause(): { readonly cause?: unknown } {
    return this.#trouble === null ? {} : { cause: this.#trouble }
  }

  /** Sees to it that there is a session. */
  open(): void {
    if (this.#connection === null && this.#opening === null) this.#establishing = this.#establish()
  }

  /** Gives up the session that is being opened, unless somebody wants it. */
  relent(reason: unknown): void {
    if (!this.#user.isWanted()) this.#opening?.abort(reason)
  }

  /** Contact is made more often from now on, if the user needs it. */
  hurry(): void {
    this.#connection?.hurry(this.#user.heartbeatMs())
  }

  /** The present session is of no use any more: the next one takes its place. */
  renew(): void {
    const connection = this.#connection
    if (connection === null) return
    this.#lose()
    void connection.close(this.#useless())
  }

  /** Ends the session. Never rejects. */
  async close(reason: Error): Promise<void> {
    if (this.#closed.signal.aborted) return
    this.#closed.abort(reason)
    const connection = this.#connection
    this.#connection = null
    this.#opening?.abort(reason)
    this.#user.failed(reason)
    await connection?.close(
      new SessionClosedError(
        `the ${this.#terms.feature} of "${this.#path}" was closed with the client`,
      ),
    )
    await this.#establishing
  }

  async #establish(): Promise<void> {
    const backoff = new Backoff(this.#ground.random)
    while (this.#user.isWanted() && !this.#closed.signal.aborted) {
      const opening = new AbortController()
      this.#opening = opening
      try {
        const opened = await this.#opened(opening.signal)
        if (opened.connection.reason !== null) continue
        this.#opening = null
        if (this.#closed.signal.aborted) await opened.connection.close(this.#useless())
        else this.#begin(opened)
        return
      } catch (error) {
        if (opening.signal.aborted) continue
        if (!(error instanceof TenureError && error.retryable)) {
          this.#opening = null
          this.#user.failed(error)
          return
        }
        this.#trouble = error
        await pause(this.#ground.clock, backoff.nextMs(), opening.signal, false).catch(nothing)
      }
    }
    this.#opening = null
  }

  async #opened(signal: AbortSignal): Promise<Opened> {
    const { isOffered, feature } = this.#terms
    const opened = this.#prepared()
    const { connection } = opened
    connection.hurry(this.#user.heartbeatMs())
    await connection.open(signal, false)
    if (isOffered(connection.offers)) return opened
    await connection.close(this.#useless())
    throw new UnsupportedError(
      `the server at ${this.#ground.link.address} has no ${feature}; connect to a Tenure server over its own protocol`,
    )
  }

  #prepared(): Opened {
    const { options, partsQuietly } = this.#terms
    const settings = settingsOf(options, this.#ground.random)
    const isCurrent = (): boolean => this.#connection === connection
    const connection: Connection = new Connection(
      { ...this.#ground, path: this.#path, settings, partsQuietly },
      {
        changed: (state) => {
          if (state !== 'recovering') return
          opened.attachment = null
          opened.keep = nothing
          if (isCurrent()) this.#user.detached()
        },
        attached: (attachment) => {
          opened.attachment = attachment
          if (isCurrent()) this.#user.attached(attachment)
        },
        noticed: (notice) => {
          if (isCurrent()) this.#user.noticed(notice)
        },
        contact: (sentAtMs) => {
          if (isCurrent()) this.#user.contact(sentAtMs)
        },
        kept: (untilMs, spanMs) => {
          opened.keep = () => this.#user.kept(untilMs, spanMs)
          if (isCurrent()) opened.keep()
        },
        over: () => {
          if (isCurrent()) this.#lose()
        },
      },
    )
    const opened: Opened = { connection, attachment: null, keep: nothing }
    return opened
  }

  #begin({ connection, attachment, keep }: Opened): void {
    this.#connection = connection
    this.#user.opened(connection)
    if (attachment === null || this.#connection !== connection) return
    this.#user.attached(attachment)
    if (this.#connection === connection) keep()
  }

  #lose(): void {
    this.#connection = null
    this.#user.lost()
    if (this.#user.isWanted()) this.open()
  }

  #useless(): SessionClosedError {
    return new SessionClosedError(
      `the session for the ${this.#terms.feature} of "${this.#path}" is of no use`,
    )
  }
}
