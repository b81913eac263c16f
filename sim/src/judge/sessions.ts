/**
 * When sessions may end: the judge hears what passes the faces of all servers.
 */
import type { Session } from '@tenure/client'
import { STATUS, type SessionRequest, type SessionResponse } from '@tenure/protocol'
import type { Process } from '../machine/process.ts'
import type { FaceObserver } from '../network/face.ts'
import type { World } from '../world.ts'
import type { Judge } from './judge.ts'

interface Life {
  timeoutMs: number
  /** The stream on which it is attached, as far as anybody can know. */
  stream: object | null
  /** When it was last attached. */
  attachedMs: number
  /** Its client may have ended it. */
  isEnding: boolean
}

interface Attempt {
  readonly process: Process
  readonly sessionId: bigint
  hasStarted: boolean
}

/** Clocks of two processes differ by that much of the time that passes. */
const CLOCK_SHARE = 0.975

export class Sessions {
  readonly #world: World
  readonly #judge: Judge
  readonly #lives = new Map<bigint, Life>()
  readonly #attempts = new Map<object, Attempt>()
  /** When the node was last claimed: every session then has its full timeout and the grace period again. */
  #claimedMs = 0

  constructor(world: World, judge: Judge) {
    this.#world = world
    this.#judge = judge
  }

  /** What passes the face of a server. */
  watch(process: Process): FaceObserver {
    return {
      asked: (stream, request) => this.#asked(process, stream, request),
      said: (stream, response) => this.#said(stream, response),
      left: (stream) => this.#left(stream),
    }
  }

  opened(process: Process, session: Session, timeoutMs: number): void {
    this.#world.trace.note(process.name, `opens session ${session.id}, timeout ${timeoutMs}`)
    this.#judge.pools.opened(process, session)
  }

  /** The client is about to end the session. */
  closing(sessionId: bigint): void {
    const life = this.#lives.get(sessionId)
    if (life !== undefined) life.isEnding = true
    this.#judge.pools.mayEnd(sessionId)
  }

  crashed(process: Process): void {
    for (const [stream, attempt] of this.#attempts) {
      if (attempt.process === process) this.#left(stream)
    }
  }

  /** A server has claimed the node: whoever is attached elsewhere is so no longer. */
  claimed(owner: string): void {
    this.#claimedMs = this.#world.schedule.nowMs
    for (const [stream, attempt] of this.#attempts) {
      if (!owner.startsWith(`${attempt.process.name}-`)) this.#left(stream)
    }
  }

  #asked(process: Process, stream: object, request: SessionRequest): void {
    this.#world.trace.note(process.name, `< ${wordsOf(request)}`)
    if (request.kind === 'start') {
      const { sessionId } = request
      this.#attempts.set(stream, { process, sessionId, hasStarted: false })
    } else if (request.kind === 'stop') {
      const attempt = this.#attempts.get(stream)
      for (const life of this.#lives.values()) {
        if (life.stream === stream) life.isEnding = true
      }
      if (attempt !== undefined) this.#world.marks.reached('a session is stopped')
    }
  }

  #said(stream: object, response: SessionResponse): void {
    const attempt = this.#attempts.get(stream)
    if (attempt === undefined) return
    this.#world.trace.note(attempt.process.name, `> ${wordsOf(response)}`)
    if (response.kind === 'started') this.#started(stream, attempt, response)
    else if (response.kind === 'failure' && !attempt.hasStarted) {
      if (response.status === STATUS.SESSION_EXPIRED) this.#judgeExpiry(attempt.sessionId)
    }
  }

  #started(
    stream: object,
    attempt: Attempt,
    { sessionId, timeoutMs }: Extract<SessionResponse, { kind: 'started' }>,
  ): void {
    const { schedule, marks } = this.#world
    attempt.hasStarted = true
    const known = this.#lives.get(sessionId)
    if (attempt.sessionId === 0n && known !== undefined) {
      this.#judge.violate('S6', `session id ${sessionId} was given out twice`)
    }
    if (attempt.sessionId !== 0n) marks.reached('a session is attached again')
    this.#lives.set(sessionId, {
      timeoutMs: Number(timeoutMs),
      stream,
      attachedMs: schedule.nowMs,
      isEnding: known?.isEnding ?? false,
    })
  }

  #left(stream: object): void {
    this.#attempts.delete(stream)
    for (const life of this.#lives.values()) {
      if (life.stream !== stream) continue
      life.stream = null
      life.attachedMs = this.#world.schedule.nowMs
    }
  }

  #judgeExpiry(sessionId: bigint): void {
    const { schedule, marks, settings } = this.#world
    const life = this.#lives.get(sessionId)
    marks.reached('a session has expired')
    if (life === undefined || life.isEnding) return
    if (life.stream !== null) {
      this.#judge.violate('S1', `session ${sessionId} expired while it was attached`)
      return
    }
    const graceMs = this.#claimedMs > life.attachedMs ? settings.graceMs : 0
    const sinceMs = Math.max(life.attachedMs, this.#claimedMs)
    const livedMs = schedule.nowMs - sinceMs
    if (livedMs >= (life.timeoutMs + graceMs) * CLOCK_SHARE) return
    const promise = graceMs > 0 ? 'S3' : 'S1'
    const text = `session ${sessionId} expired ${livedMs} ms after it was attached; its timeout is ${life.timeoutMs} ms, the grace ${graceMs} ms`
    this.#judge.violate(promise, text)
  }
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
