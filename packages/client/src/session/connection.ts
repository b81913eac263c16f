/**
 * One session's connection to its server, over as many attachments as it takes.
 *
 *   opening ──► attached ◄──► recovering        an attachment breaks, another one is made
 *                  └──────┬──────┘
 *            closing ──► over                   closed by the program, or lost
 *
 * A lost session is over for good. It is lost when the server says so, or when the server was silent for so long that it may
 * have given the session up.
 */
import { Backoff } from '../backoff.ts'
import type { Clock, Timer } from '../clock.ts'
import { errorOf, SessionClosedError, SessionExpiredError, UnavailableError } from '../errors.ts'
import type {
  Attachment,
  AttachmentEnd,
  Link,
  Refusal,
  RefusalCode,
  Started,
} from '../link/link.ts'
import type { Notice } from '@tenure/protocol'
import type { Random } from '../random.ts'
import { onAbort } from '../abort.ts'
import { Belief } from './belief.ts'
import type { SessionSettings } from './options.ts'
import { type Call, Outbox } from './outbox.ts'

export type SessionState = 'attached' | 'recovering' | 'closed' | 'expired'

export interface ConnectionOptions {
  readonly link: Link
  readonly path: string
  readonly clock: Clock
  readonly random: Random
  readonly settings: SessionSettings
  /** After a long silence the session is left to its timeout, not stopped. */
  readonly partsQuietly?: boolean
}

export interface ConnectionObserver {
  changed(state: SessionState): void
  /** A fresh attachment: the server has forgotten the watches of the one before. */
  attached(attachment: Attachment): void
  noticed(notice: Notice): void
  /** Something that was sent at `sentAtMs` has been answered. */
  contact?(sentAtMs: number): void
  /** As the attachment tells it. */
  kept?(untilMs: number, spanMs: number): void
  /** The session is over; called once, before `changed`. */
  over(reason: Error): void
}

interface Failure {
  readonly error: unknown
}

type Phase = 'opening' | 'attached' | 'recovering' | 'closing' | 'over'

/** While these may pass, an open waits for them. */
const TRANSIENT: ReadonlySet<RefusalCode> = new Set<RefusalCode>([
  'UNAVAILABLE',
  'OVERLOADED',
  'TIMEOUT',
  'INTERNAL',
  'ABORTED',
])

/** After these the session does not exist any more, or is somebody else's. */
const FINAL: ReadonlySet<RefusalCode> = new Set<RefusalCode>([
  'SESSION_EXPIRED',
  'BAD_SESSION',
  'NOT_FOUND',
])

/** Contact is made so often in the time for which one contact is good. */
export const HEARTBEATS_PER_TIMEOUT = 4
const HEARTBEAT_MIN_MS = 10
const HEARTBEAT_MAX_MS = 5_000
const PAUSE_MIN_MS = 20
const PAUSE_MAX_MS = 2_000
/** A short session must get several attempts before it is lost. */
const PAUSES_PER_TIMEOUT = 10
/** How long a server that is still there may take to end a session that this side has given up. */
const PARTING_MS = 1_000

export class Connection {
  readonly path: string
  readonly outbox: Outbox
  readonly #options: ConnectionOptions
  readonly #observer: ConnectionObserver
  readonly #belief: Belief
  readonly #backoff: Backoff
  #phase: Phase = 'opening'
  #id = 0n
  #sequence = 0n
  #heartbeatMs: number
  #started: Started = {
    sessionId: 0n,
    watchAbsent: false,
    numbersChanges: false,
    createsOnAcquire: false,
    hasRecords: false,
    hasLog: false,
  }
  #attachment: Attachment | null = null
  #pause: Timer | null = null
  #lastEnd: AttachmentEnd | null = null
  #reason: Error | null = null
  /** Ends the wait of `open` or of `close`. */
  #settled: (failure: Failure | null) => void = () => {}

  constructor(options: ConnectionOptions, observer: ConnectionObserver) {
    const { clock, random, settings, path } = options
    this.path = path
    this.#options = options
    this.#observer = observer
    this.#heartbeatMs = Math.min(
      HEARTBEAT_MAX_MS,
      Math.max(HEARTBEAT_MIN_MS, settings.timeoutMs / HEARTBEATS_PER_TIMEOUT),
    )
    const spanMs = settings.timeoutMs - settings.marginMs
    this.#belief = new Belief(clock, spanMs, () => this.#fallSilent())
    this.#backoff = new Backoff(random, {
      baseMs: PAUSE_MIN_MS,
      maxMs: Math.min(
        PAUSE_MAX_MS,
        Math.max(PAUSE_MIN_MS, settings.timeoutMs / PAUSES_PER_TIMEOUT),
      ),
    })
    this.outbox = new Outbox({ clock, random, lost: (refusal) => this.lose(refusal) })
  }

  get id(): bigint {
    return this.#id
  }

  /** What the server offers beyond YDB's protocol. */
  get offers(): Started {
    return this.#started
  }

  get expiresInMs(): number {
    return this.#belief.remainingMs
  }

  /** Why the session is over, or null. Compares the clocks first. */
  get reason(): Error | null {
    this.#belief.check()
    return this.#reason
  }

  get state(): SessionState {
    this.#belief.check()
    if (this.#reason !== null)
      return this.#reason instanceof SessionClosedError ? 'closed' : 'expired'
    return this.#phase === 'recovering' ? 'recovering' : 'attached'
  }

  /** Sends a request, at once or as soon as there is an attachment. */
  request(call: Call): void {
    const { reason } = this
    if (reason === null) this.outbox.add(call)
    else call.handlers.fail(reason)
  }

  /** From now on makes sure so often, at least, that the server answers, on every attachment. */
  hurry(heartbeatMs: number): void {
    const hurriedMs = Math.max(HEARTBEAT_MIN_MS, heartbeatMs)
    if (hurriedMs >= this.#heartbeatMs) return
    this.#heartbeatMs = hurriedMs
    if (this.#phase === 'attached') this.#attachment?.hurry(hurriedMs)
  }

  /**
   * Makes the session.
   *
   * @throws at once what the server refuses for good (no such node, no right); UnavailableError when nobody has answered in
   *   `startTimeoutMs`; the reason of `signal`
   * @param hold whether the process stays alive for it
   */
  async open(signal?: AbortSignal, hold: boolean = true): Promise<void> {
    const { clock, settings } = this.#options
    await new Promise<void>((resolve, reject) => {
      const deafen = onAbort(signal, (reason) => this.#abandon(reason))
      const timer = clock.after(
        settings.startTimeoutMs,
        () => this.#abandon(this.#unreachable()),
        hold,
      )
      this.#settled = (failure) => {
        timer.cancel()
        deafen()
        if (failure === null) resolve()
        else reject(failure.error)
      }
      this.#attach()
    })
  }

  /**
   * Ends the session, and with it all that it holds. What waits on it is told at once; the server is given `closeTimeoutMs`
   * to confirm. One that cannot be reached frees everything when the session's timeout has passed.
   */
  async close(reason: SessionClosedError): Promise<void> {
    const { clock, settings } = this.#options
    if (this.#reason !== null) return
    const wasAttached = this.#phase === 'attached'
    this.#phase = 'closing'
    await new Promise<void>((resolve) => {
      const timer = clock.after(settings.closeTimeoutMs, () => this.#finish(), true)
      this.#settled = () => {
        timer.cancel()
        resolve()
      }
      this.#end(reason)
      if (wasAttached) this.#attachment?.stop()
      else if (this.#attachment === null) this.#attach()
    })
  }

  #attach(): void {
    const { link, path, clock, settings } = this.#options
    this.#pause?.cancel()
    this.#pause = null
    this.#sequence += 1n
    const sequence = this.#sequence
    const isCurrent = (): boolean => this.#sequence === sequence && this.#phase !== 'over'
    const sentAtMs = clock.monotonicMs()
    const heartbeatMs = this.#heartbeatMs
    this.#attachment = link.attach(
      {
        path,
        sessionId: this.#id,
        timeoutMs: settings.timeoutMs,
        description: settings.description,
        sequenceNumber: sequence,
        protectionKey: settings.protectionKey,
        heartbeatMs,
      },
      {
        started: (started) => {
          if (!isCurrent()) return
          this.#begin(started, sentAtMs)
          if (this.#heartbeatMs < heartbeatMs) this.#attachment?.hurry(this.#heartbeatMs)
        },
        contact: (atMs) => {
          if (!isCurrent()) return
          // An attachment that answers more than its start is a good one; one that only starts would be tried ever faster.
          this.#backoff.reset()
          this.#belief.contact(atMs)
          this.#observer.contact?.(atMs)
        },
        noticed: (notice) => {
          if (isCurrent()) this.#observer.noticed(notice)
        },
        kept: (untilMs, spanMs) => {
          if (isCurrent()) this.#observer.kept?.(untilMs, spanMs)
        },
        ended: (end) => {
          if (isCurrent()) this.#detach(end)
        },
      },
    )
  }

  #begin(started: Started, sentAtMs: number): void {
    const attachment = this.#attachment
    if (attachment === null) return
    this.#belief.contact(sentAtMs)
    this.#observer.contact?.(sentAtMs)
    this.#started = started
    this.#id = started.sessionId
    if (this.#phase === 'closing') {
      attachment.stop()
      return
    }
    const wasOpening = this.#phase === 'opening'
    this.#phase = 'attached'
    this.outbox.attached(attachment)
    this.#observer.attached(attachment)
    if (wasOpening) this.#settled(null)
    else this.#observer.changed('attached')
  }

  #detach(end: AttachmentEnd): void {
    this.#attachment = null
    this.#lastEnd = end
    this.outbox.detached()
    const isFinal =
      end.kind === 'stopped' || (end.kind === 'refused' && FINAL.has(end.refusal.code))
    if (this.#phase === 'closing') {
      if (isFinal) this.#finish()
      else this.#retry()
    } else if (this.#phase === 'opening') {
      if (end.kind === 'refused' && !TRANSIENT.has(end.refusal.code))
        this.#abandon(this.#refused(end.refusal))
      else this.#retry()
    } else if (isFinal) this.lose(end.kind === 'refused' ? end.refusal : null)
    else {
      const wasAttached = this.#phase === 'attached'
      this.#phase = 'recovering'
      this.#retry()
      if (wasAttached) this.#observer.changed('recovering')
    }
  }

  #retry(): void {
    // The process stays alive for it only while somebody waits, which the outbox and the waits of open and close see to.
    this.#pause = this.#options.clock.after(this.#backoff.nextMs(), () => this.#attach())
  }

  #refused(refusal: Refusal): Error {
    return errorOf(
      refusal,
      `cannot open a session on "${this.path}" at ${this.#options.link.address}`,
    )
  }

  #unreachable(): Error {
    const { link, settings } = this.#options
    const asked = `cannot open a session on "${this.path}" at ${link.address}`
    const end = this.#lastEnd
    if (end?.kind === 'refused') return this.#refused(end.refusal)
    const message = `${asked}: nobody answered in ${settings.startTimeoutMs} ms; check the address and that the server runs`
    return new UnavailableError(message, end?.kind === 'broken' ? { cause: end.cause } : {})
  }

  /** Gives up opening. */
  #abandon(reason: unknown): void {
    if (this.#phase !== 'opening') return
    const settled = this.#settled
    this.#settled = () => {}
    this.#finish()
    settled({ error: reason })
  }

  #fallSilent(): void {
    const { link, settings, partsQuietly = false } = this.#options
    // A stalled program may find its connection sound: then the others need not wait for the timeout.
    this.#expire(
      `nothing heard from ${link.address} for so long that its timeout of ${settings.timeoutMs} ms may be over`,
      { part: this.#phase === 'attached' && !partsQuietly },
    )
  }

  /** The server says that the session is gone, or is not ours any more. */
  lose(refusal: Refusal | null): void {
    const said =
      refusal === null ? 'the server has ended it' : `${refusal.code} ${refusal.message}`.trim()
    this.#expire(said, { part: false })
  }

  #expire(why: string, { part }: { readonly part: boolean }): void {
    if (this.#phase === 'closing') {
      this.#finish()
      return
    }
    if (this.#reason !== null || this.#phase === 'over') return
    const message = `session ${this.#id} on "${this.path}" is lost: ${why}; open a new session`
    if (part) this.#part()
    this.#phase = 'over'
    this.#end(new SessionExpiredError(message))
    if (!part) this.#finish()
  }

  /** Asks the server to end the session at once, without waiting for it. */
  #part(): void {
    const attachment = this.#attachment
    if (attachment === null) return
    this.#attachment = null
    attachment.stop()
    this.#options.clock.after(PARTING_MS, () => attachment.leave())
  }

  /** Tells all who depend on the session. */
  #end(reason: Error): void {
    this.#belief.stop()
    this.#reason = reason
    this.outbox.failAll(reason)
    this.#observer.over(reason)
    this.#observer.changed(this.state)
  }

  /** The connection itself is not needed any more. */
  #finish(): void {
    this.#phase = 'over'
    this.#pause?.cancel()
    this.#belief.stop()
    this.#attachment?.leave()
    this.#attachment = null
    this.#settled(null)
  }
}
