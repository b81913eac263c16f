/**
 * X7: how long a client may believe in its session.
 *
 * A client counts from the moment at which it sent what the server has answered. The server cannot have handled that before it
 * was sent, so what is believed ends, whatever was on its way for how long, with the session's timeout without the margin,
 * counted from the latest message that the server has handled.
 */
import type { Session } from '@tenure/client'
import type { SessionRequest, SessionResponse } from '@tenure/protocol'
import type { Process } from '../machine/process.ts'
import type { SessionObserver } from '../network/face-observer.ts'
import type { Ground, Verdicts } from './ground.ts'

interface Believer {
  readonly process: Process
  readonly session: Session
  readonly timeoutMs: number
}

const SAMPLE_MS = 50
/** The margin that the client library promises: so much of the timeout, and not less, but never more than a third. */
const MARGIN_SHARE = 0.05
const MARGIN_MIN_MS = 250
const MARGIN_MAX_SHARE = 1 / 3
/** Clocks of two processes differ by that much of the time that passes; timers count whole milliseconds. */
const CLOCK_ERROR_SHARE = 0.02
const CLOCK_MS = 10

export class Beliefs {
  readonly #ground: Ground
  readonly #verdicts: Verdicts
  readonly #believers = new Map<bigint, Believer>()
  /** When a server last handled a message of each session. */
  readonly #heardMs = new Map<bigint, number>()
  /** The session of each stream, and when its latest message was handled. */
  readonly #streams = new Map<object, { sessionId: bigint; heardMs: number }>()

  constructor(ground: Ground, verdicts: Verdicts) {
    this.#ground = ground
    this.#verdicts = verdicts
  }

  /** What passes the face of any server. */
  readonly observer: SessionObserver = {
    asked: (stream, request) => this.#asked(stream, request),
    said: (stream, response) => this.#said(stream, response),
    left: (stream) => void this.#streams.delete(stream),
  }

  begin(): void {
    this.#ground.schedule.after(SAMPLE_MS, () => {
      for (const believer of this.#believers.values()) this.#sample(believer)
      this.begin()
    })
  }

  opened(process: Process, session: Session, timeoutMs: number): void {
    const { id, signal } = session
    this.#believers.set(id, { process, session, timeoutMs })
    const forget = (): void => void this.#believers.delete(id)
    signal.addEventListener('abort', forget, { once: true })
    process.onCrash(forget)
  }

  /** A program goes on: whatever it looks at now must know what time it is. */
  awake(process: Process): void {
    for (const believer of this.#believers.values()) {
      if (believer.process !== process) continue
      const overMs = this.#ground.schedule.nowMs - this.#latestEndMs(believer)
      if (overMs <= 0) continue
      this.#ground.marks.reached('a program wakes up behind the end of its session')
      if (!believer.session.signal.aborted) this.#violate(believer, overMs)
    }
  }

  #asked(stream: object, request: SessionRequest): void {
    const heardMs = this.#ground.schedule.nowMs
    const known = this.#streams.get(stream)
    if (known !== undefined) known.heardMs = heardMs
    else if (request.kind === 'start') {
      this.#streams.set(stream, { sessionId: request.sessionId, heardMs })
    }
    const sessionId = this.#streams.get(stream)?.sessionId ?? 0n
    if (sessionId !== 0n) this.#heardMs.set(sessionId, heardMs)
  }

  #said(stream: object, response: SessionResponse): void {
    const known = this.#streams.get(stream)
    if (known === undefined || response.kind !== 'started') return
    known.sessionId = response.sessionId
    // A stream that its client has left may start behind a later one, when its server was slow.
    const latestMs = this.#heardMs.get(response.sessionId) ?? 0
    this.#heardMs.set(response.sessionId, Math.max(latestMs, known.heardMs))
  }

  #sample(believer: Believer): void {
    const { process, session } = believer
    if (process.paused || !process.alive) return
    const { expiresInMs } = session
    if (expiresInMs === 0) return
    const overMs = this.#ground.schedule.nowMs + expiresInMs - this.#latestEndMs(believer)
    if (overMs > 0) this.#violate(believer, overMs)
  }

  #latestEndMs({ session, timeoutMs }: Believer): number {
    const marginMs = Math.min(
      Math.max(MARGIN_MIN_MS, timeoutMs * MARGIN_SHARE),
      timeoutMs * MARGIN_MAX_SHARE,
    )
    const heardMs = this.#heardMs.get(session.id) ?? Infinity
    return heardMs + timeoutMs - marginMs + timeoutMs * CLOCK_ERROR_SHARE + CLOCK_MS
  }

  #violate({ process, session, timeoutMs }: Believer, overMs: number): void {
    const problem = `${process.name} believes in session ${session.id}, with its timeout of ${timeoutMs} ms, ${overMs.toFixed(1)} ms too long`
    this.#verdicts.violate('X7', problem)
  }
}
