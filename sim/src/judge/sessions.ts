/**
 * When sessions may end: the judge hears what passes the faces of all servers.
 */
import { type Session, SessionExpiredError } from '@tenure/client'
import { STATUS, type SessionRequest, type SessionResponse } from '@tenure/protocol'
import type { Process } from '../machine/process.ts'
import type { SessionObserver } from '../network/face-observer.ts'
import type { Archive } from './archive.ts'
import type { Beliefs } from './beliefs.ts'
import type { Ground, Verdicts } from './ground.ts'
import { CLOCK_SHARE } from './limits.ts'
import type { Pauses } from './pauses.ts'
import type { Pools } from './pools.ts'
import type { Stored } from './stored.ts'

interface Life {
  timeoutMs: number
  /** The stream on which it is attached, as far as anybody can know. */
  stream: object | null
  /** Where it was attached last. */
  server: string
  /** When it was last attached. */
  attachedMs: number
  /** When its client asked for the stream that was started last, and for the newest one. */
  askedMs: number
  triedMs: number
  /** Its client may have ended it. */
  isEnding: boolean
}

interface Attempt {
  readonly process: Process
  sessionId: bigint
  readonly sequence: bigint
  readonly askedMs: number
  hasStarted: boolean
  /** Its client wants it to end as soon as it has started. */
  isEnding: boolean
}

/** A host cannot tell so much of a pause from a busy moment; turns of its event loop come on top. */
const PAUSE_COUNTED_MS = 370

/** Who knows more of a session. */
export interface Colleagues {
  readonly beliefs: Beliefs
  readonly pauses: Pauses
  readonly pools: Pools
  readonly stored: Stored
  readonly archive: Archive
}

export class Sessions {
  readonly #ground: Ground
  readonly #verdicts: Verdicts
  readonly #colleagues: Colleagues
  readonly #lives = new Map<bigint, Life>()
  readonly #attempts = new Map<object, Attempt>()
  /** The number of the newest stream that any server has seen of each session. */
  readonly #sequences = new Map<bigint, bigint>()
  /** When the node was last claimed: every session then has its full timeout and the grace period again. */
  #claimedMs = 0
  #claims = 0
  /** Who claimed it last. */
  #owner = ''

  constructor(ground: Ground, verdicts: Verdicts, colleagues: Colleagues) {
    this.#ground = ground
    this.#verdicts = verdicts
    this.#colleagues = colleagues
  }

  /** What passes the face of a server. */
  watch(process: Process): SessionObserver {
    return {
      asked: (stream, request) => this.#asked(process, stream, request),
      said: (stream, response) => this.#said(stream, response),
      left: (stream) => this.#left(stream),
    }
  }

  opened(process: Process, session: Session, timeoutMs: number): void {
    this.#ground.trace.note(process.name, `opens session ${session.id}, timeout ${timeoutMs}`)
    session.signal.addEventListener('abort', () => this.#lost(session), { once: true })
    this.#colleagues.pools.opened(process, session)
    this.#colleagues.beliefs.opened(process, session, timeoutMs)
  }

  /** A server that ends a session is heard only by who came back in time, which is when servers do not end it. */
  #lost({ signal }: Session): void {
    if (signal.reason instanceof SessionExpiredError) {
      this.#ground.marks.reached('a session is lost by silence')
    }
  }

  /** The client is about to end the session. */
  closing(sessionId: bigint): void {
    const life = this.#lives.get(sessionId)
    if (life !== undefined) life.isEnding = true
    this.#colleagues.pools.mayEnd(sessionId)
  }

  /** How often the node was claimed. */
  get claims(): number {
    return this.#claims
  }

  crashed(process: Process): void {
    for (const [stream, attempt] of this.#attempts) {
      if (attempt.process === process) this.#left(stream)
    }
  }

  /** A server has claimed the node: whoever is attached elsewhere is so no longer. */
  claimed(owner: string): void {
    const { schedule, marks } = this.#ground
    this.#claimedMs = schedule.nowMs
    this.#claims += 1
    if (owner === this.#owner) marks.reached('a server claims its node anew')
    else if (serverOf(owner) === serverOf(this.#owner)) {
      marks.reached('a server claims its node after a restart')
    } else if (this.#owner !== '') marks.reached('a node passes to another server')
    this.#owner = owner
    for (const [stream, attempt] of this.#attempts) {
      // What has not started yet can still start there, when that server has the node again.
      if (serverOf(owner) === attempt.process.name || !attempt.hasStarted) continue
      marks.reached('two servers believe to own a node')
      this.#left(stream)
    }
  }

  #asked(process: Process, stream: object, request: SessionRequest): void {
    this.#ground.trace.note(process.name, `< ${wordsOf(request)}`)
    if (request.kind === 'start') {
      const { sessionId, sequenceNumber: sequence } = request
      const askedMs = this.#ground.schedule.nowMs
      const attempt = { process, sessionId, sequence, askedMs, hasStarted: false, isEnding: false }
      this.#attempts.set(stream, attempt)
      // One that was overtaken on its way is refused, and the session does not come back by it.
      const isNewest = sequence >= (this.#sequences.get(sessionId) ?? 0n)
      this.#latest(sessionId, sequence)
      const life = this.#lives.get(sessionId)
      if (life !== undefined && isNewest) life.triedMs = this.#ground.schedule.nowMs
    } else if (request.kind === 'stop') {
      const attempt = this.#attempts.get(stream)
      for (const life of this.#lives.values()) {
        if (life.stream === stream) life.isEnding = true
      }
      if (attempt === undefined) return
      attempt.isEnding = true
      this.#ground.marks.reached('a session is stopped')
    }
  }

  #said(stream: object, response: SessionResponse): void {
    const attempt = this.#attempts.get(stream)
    if (attempt === undefined) return
    this.#ground.trace.note(attempt.process.name, `> ${wordsOf(response)}`)
    if (response.kind === 'started') this.#started(stream, attempt, response)
    else if (response.kind === 'stopped') this.#judgeStop(response.sessionId)
    else if (response.kind === 'failure') this.#failed(attempt, response.status)
  }

  #started(
    stream: object,
    attempt: Attempt,
    { sessionId, timeoutMs }: Extract<SessionResponse, { kind: 'started' }>,
  ): void {
    const { schedule, marks } = this.#ground
    attempt.hasStarted = true
    const known = this.#lives.get(sessionId)
    const old = known?.stream ?? null
    if (old !== null && old !== stream) {
      const problem = `session ${sessionId} starts on a stream before its old one was ended`
      this.#verdicts.violate('S6', problem)
    }
    if (attempt.sessionId === 0n && known !== undefined) {
      this.#verdicts.violate('S6', `session id ${sessionId} was given out twice`)
    }
    if (attempt.sessionId !== 0n) this.#markReturn(sessionId)
    attempt.sessionId = sessionId
    this.#latest(sessionId, attempt.sequence)
    const server = attempt.process.name
    if (known !== undefined && known.server !== server) {
      marks.reached('a session goes on at another server')
    }
    this.#lives.set(sessionId, {
      server,
      timeoutMs: Number(timeoutMs),
      stream,
      attachedMs: schedule.nowMs,
      askedMs: attempt.askedMs,
      triedMs: Math.max(attempt.askedMs, known?.triedMs ?? 0),
      isEnding: attempt.isEnding || (known?.isEnding ?? false),
    })
  }

  #markReturn(sessionId: bigint): void {
    const { marks } = this.#ground
    marks.reached('a session is attached again')
    const keepsLeases = this.#colleagues.archive.keepsLeases(sessionId)
    if (keepsLeases) marks.reached('a kept lease is attached again')
  }

  #left(stream: object): void {
    if (this.#attempts.get(stream)?.hasStarted === false) {
      this.#ground.marks.reached('a stream ends before its session has started')
    }
    this.#attempts.delete(stream)
    for (const life of this.#lives.values()) {
      if (life.stream !== stream) continue
      life.stream = null
      life.attachedMs = this.#ground.schedule.nowMs
    }
  }

  #latest(sessionId: bigint, sequence: bigint): void {
    const before = this.#sequences.get(sessionId) ?? 0n
    if (sequence > before) this.#sequences.set(sessionId, sequence)
  }

  #failed({ sessionId, sequence, hasStarted }: Attempt, status: number): void {
    if (status === STATUS.SESSION_EXPIRED && !hasStarted) {
      this.#ground.marks.reached('a session has expired')
    } else if (status === STATUS.TIMEOUT) {
      this.#ground.marks.reached('a silent client is detached')
    } else if (status === STATUS.BAD_SESSION) {
      this.#ground.marks.reached(
        hasStarted
          ? 'a stream loses its session to a newer one'
          : 'a stream is too late for its session',
      )
      if (sessionId === 0n || sequence < (this.#sequences.get(sessionId) ?? 0n)) return
      this.#verdicts.violate('S6', `the newest stream of session ${sessionId} was ended`)
    }
  }

  /** Its client was told that the session is closed: nothing of it is left, unless the client itself had lost it. */
  closed(sessionId: bigint): void {
    this.#ground.marks.reached('a session is closed and gone')
    this.#judgeStop(sessionId)
  }

  /** Who is told that his session has stopped finds nothing of it. */
  #judgeStop(sessionId: bigint): void {
    if (!this.#colleagues.stored.hasSession(sessionId)) return
    this.#verdicts.violate('S2', `session ${sessionId} has stopped, and is still stored`)
  }

  /** The end of a session was stored. */
  ended(process: Process, sessionId: bigint): void {
    const { schedule, marks, settings } = this.#ground
    const life = this.#lives.get(sessionId)
    if (life === undefined || life.isEnding) return
    marks.reached('a session ends without its client')
    if (life.stream !== null) {
      this.#verdicts.violate('S1', `session ${sessionId} expired while it was attached`)
      return
    }
    const sinceMs = Math.max(life.attachedMs, this.#claimedMs)
    const graceMs = this.#claimedMs > life.attachedMs ? settings.graceMs : 0
    const due = this.#judgeLife(process, life, life.timeoutMs)
    if (due === null) return
    const promise = due === 'in a pause' ? 'S4' : graceMs > 0 ? 'S3' : 'S1'
    const problem = `session ${sessionId} expired ${due} ${schedule.nowMs - sinceMs} ms after it was attached; its timeout is ${life.timeoutMs} ms, the grace ${graceMs} ms`
    this.#verdicts.violate(promise, problem)
  }

  /** Whether its client may have ended it, or an operator. */
  isEnding(sessionId: bigint): boolean {
    return this.#lives.get(sessionId)?.isEnding ?? true
  }

  /** How what a session keeps for `ttlMs` beyond its attachment ended too early; null when it did not. */
  earlyEndOf(process: Process, sessionId: bigint, ttlMs: number): string | null {
    const life = this.#lives.get(sessionId)
    if (life === undefined) return null
    if (life.stream !== null) return 'while that was attached'
    return this.#judgeLife(process, life, ttlMs)
  }

  /** The same of what nobody keeps, and was asked for and stored then. */
  earlyEnd(
    process: Process,
    {
      askedMs,
      storedMs,
      ttlMs,
    }: { readonly askedMs: number; readonly storedMs: number; readonly ttlMs: number },
  ): string | null {
    const isRestored = storedMs < this.#claimedMs
    const sinceMs = Math.max(askedMs, this.#claimedMs)
    const graceMs = isRestored ? this.#ground.settings.graceMs : 0
    return this.#judgeEnd(process, { sinceMs, dueMs: ttlMs + graceMs })
  }

  #judgeLife(process: Process, life: Life, timeoutMs: number): 'too early' | 'in a pause' | null {
    const { attachedMs, triedMs, askedMs } = life
    const sinceMs = Math.max(attachedMs, this.#claimedMs)
    const graceMs = this.#claimedMs > attachedMs ? this.#ground.settings.graceMs : 0
    const due = this.#judgeEnd(process, { sinceMs, dueMs: timeoutMs + graceMs })
    // It may have come back to a host in vain: then its timeout began anew, without grace.
    const back = { sinceMs: triedMs, dueMs: timeoutMs }
    if (triedMs > askedMs && this.#judgeEnd(process, back) === null) return null
    return due
  }

  #judgeEnd(
    process: Process,
    { sinceMs, dueMs }: { readonly sinceMs: number; readonly dueMs: number },
  ): 'too early' | 'in a pause' | null {
    const livedMs = this.#ground.schedule.nowMs - sinceMs
    if (livedMs < dueMs * CLOCK_SHARE) return 'too early'
    const pausedMs = this.#colleagues.pauses.sinceMs(process, sinceMs, PAUSE_COUNTED_MS)
    if (pausedMs > 0) this.#ground.marks.reached('a session expires behind a pause of its host')
    return livedMs - pausedMs < dueMs * CLOCK_SHARE ? 'in a pause' : null
  }
}

/** Owners are named after their servers: the name, and which start of it. */
function serverOf(owner: string): string {
  return owner.slice(0, owner.lastIndexOf('-'))
}

function wordsOf(message: SessionRequest | SessionResponse): string {
  const parts: string[] = [message.kind]
  if ('sessionId' in message) parts.push(`session ${message.sessionId}`)
  if ('requestId' in message) parts.push(`#${message.requestId}`)
  if ('name' in message) parts.push(message.name)
  if ('count' in message) parts.push(`count ${message.count}`)
  if ('status' in message && message.status !== STATUS.SUCCESS)
    parts.push(`status ${message.status}`)
  if ('orderId' in message) parts.push(`token ${message.orderId}`)
  if ('acquired' in message && !message.acquired) parts.push('in vain')
  return parts.join(' ')
}
