/**
 * One session stream: its start, its requests, its liveness and its end. Messages in, messages out; bytes are the
 * transport's.
 */
import type { Event } from '@tenure/kernel'
import {
  type SemaphoreRequest,
  type SessionRequest,
  type SessionResponse,
  type SessionStart,
  STATUS,
  type StatusNumber,
} from '@tenure/protocol'
import type { Timer } from '../clock.ts'
import type { HostedNode } from '../host/host.ts'
import { UnreachedError } from '../host/unreached.ts'
import { reasonOf } from '../log.ts'
import type { StreamEnd, StreamSink, TabletStream } from '../tablet/stream.ts'
import type { CallInfo, ServiceContext } from './call.ts'
import { Heartbeat } from './heartbeat.ts'
import {
  FIRST_MESSAGE_MS,
  FLOOD_REQUESTS,
  START_PATIENCE_MS,
  UNANSWERED_REQUESTS_MAX,
} from './limits.ts'
import { canonicalPath } from './paths.ts'
import { Patience } from './patience.ts'
import { answerOf, refusalResult } from './session-answer.ts'
import { askedOf, commandOf, kernelRequestId } from './session-command.ts'
import {
  issuesOf,
  OVERLOADED_TEXT,
  REFUSAL_STATUS,
  UNAUTHORIZED_TEXT,
  UNAVAILABLE_TEXT,
} from './status.ts'

/** Why a call ends without a message of the protocol. */
export type CallError = 'INVALID_ARGUMENT' | 'DEADLINE_EXCEEDED'

/** What carries the messages of a stream. */
export interface SessionTransport {
  /** @returns false when nobody is there any more */
  send(responses: readonly SessionResponse[]): boolean
  /** Ends the call in good order after what was sent. */
  finish(): void
  /** Ends the call with an error of the call itself. */
  fail(error: CallError, message: string): void
  /** `ready` has become true. */
  resume(): void
}

/** `leaving`: the client went before its new session was known to it; the session goes, too. */
type Phase = 'waiting' | 'attaching' | 'working' | 'stopping' | 'leaving' | 'ended'

export class SessionStream implements StreamSink {
  readonly #context: ServiceContext
  readonly #call: CallInfo
  readonly #transport: SessionTransport
  #phase: Phase = 'waiting'
  #firstMessage: Timer | null
  #tablet: TabletStream | null = null
  /** Looks for the node again, which moves and has not begun the session; fails when it has moved for too long. Never rejects. */
  #again: () => Promise<void> = () => Promise.resolve()
  #heartbeat: Heartbeat | null = null
  #sessionId = 0n
  #isNewSession = false
  #unanswered = 0
  /** Requests since the heartbeat last asked. */
  #askedInPeriod = 0
  /** Acquires that wait in a queue, by request id: clients may use one id twice. */
  readonly #queued = new Map<bigint, number>()

  constructor(context: ServiceContext, call: CallInfo, transport: SessionTransport) {
    this.#context = context
    this.#call = call
    this.#transport = transport
    this.#firstMessage = context.clock.after(FIRST_MESSAGE_MS, () => {
      this.#end()
      this.#transport.fail('DEADLINE_EXCEEDED', 'No SessionStart has come')
    })
  }

  /** Whether the next request is wanted. */
  get ready(): boolean {
    if (this.#phase === 'waiting') return true
    return this.#phase === 'working' && this.#unanswered < UNANSWERED_REQUESTS_MAX
  }

  /** Takes the next request; only while `ready`. */
  receive(request: SessionRequest): void {
    if (this.#phase === 'waiting') this.#receiveFirst(request)
    else if (this.#phase === 'working') this.#receiveNext(request)
  }

  /**
   * The client says no more, which is how it leaves.
   *
   * @returns whether it still waits: behind its stop it may be silent, and is told when the session has stopped
   */
  saidLast(): boolean {
    if (this.#phase === 'stopping') return true
    this.left()
    return false
  }

  /** The client has gone. */
  left(): void {
    if (this.#phase === 'attaching' && this.#tablet !== null && this.#isNewSession) {
      this.#phase = 'leaving'
    } else if (this.#phase !== 'leaving') {
      this.#end()
    }
  }

  /** The client does not read what it is sent. */
  overflow(): void {
    this.#fail(STATUS.OVERLOADED, 'too much was sent and not read')
  }

  #receiveFirst(request: SessionRequest): void {
    this.#firstMessage?.cancel()
    this.#firstMessage = null
    if (request.kind !== 'start') {
      this.#end()
      this.#transport.fail('INVALID_ARGUMENT', 'First message must be a SessionStart')
      return
    }
    this.#phase = 'attaching'
    void this.#attach(request)
  }

  async #attach(start: SessionStart): Promise<void> {
    const { accounts, database } = this.#context
    const canonical = canonicalPath(start.path, database, this.#call.database)
    if (canonical.kind === 'malformed') return this.#fail(STATUS.BAD_REQUEST, canonical.message)
    if (canonical.kind !== 'path') return this.#fail(STATUS.NOT_FOUND, canonical.message)
    if (accounts.userOf(this.#call.ticket) === null) {
      return this.#fail(STATUS.UNAUTHORIZED, UNAUTHORIZED_TEXT)
    }
    this.#isNewSession = start.sessionId === 0n
    const patience = new Patience(this.#context, START_PATIENCE_MS)
    this.#again = async () => {
      const isTime = await patience.pause()
      if (this.#phase !== 'attaching') return
      if (isTime) await this.#start(canonical.path, start)
      else this.#fail(STATUS.UNAVAILABLE, UNAVAILABLE_TEXT)
    }
    await this.#start(canonical.path, start)
  }

  async #start(path: string, start: SessionStart): Promise<void> {
    const node = await this.#find(path)
    if (node === null || this.#phase !== 'attaching') return
    this.#tablet = node.connect(this)
    const { timeoutMs, description, sequenceNumber, protectionKey, sessionId: session } = start
    const settings = { timeoutMs, description, sequenceNumber, protectionKey }
    const requestId = kernelRequestId('attach', 0n)
    this.#tablet.submit({ kind: 'attach', requestId, session, ...settings })
  }

  async #find(path: string): Promise<HostedNode | null> {
    try {
      const node = await this.#context.host.node(path, { create: false })
      if (typeof node !== 'string') return node
      this.#fail(STATUS.NOT_FOUND, `there is no coordination node ${path}`)
    } catch (error) {
      if (error instanceof UnreachedError) {
        void this.#again()
        return null
      }
      this.#context.log.warn('a node could not be reached', { path, reason: reasonOf(error) })
      this.#fail(STATUS.UNAVAILABLE, UNAVAILABLE_TEXT)
    }
    return null
  }

  #receiveNext(request: SessionRequest): void {
    switch (request.kind) {
      case 'ping':
        this.#transport.send([{ kind: 'pong', opaque: request.opaque }])
        return
      case 'pong':
        if (this.#heartbeat?.pong(request.opaque) !== true) {
          this.#fail(STATUS.BAD_REQUEST, 'Pong data mismatch')
        }
        return
      case 'start':
        this.#fail(STATUS.BAD_REQUEST, 'Session cannot be started twice')
        return
      case 'stop':
        this.#phase = 'stopping'
        this.#submitStop()
        return
      case 'retired':
        this.#fail(STATUS.BAD_REQUEST, 'Unimplemented request')
        return
      case 'empty':
        this.#fail(STATUS.BAD_REQUEST, 'Empty request')
        return
      case 'acquire':
      case 'release':
      case 'describe':
      case 'create':
      case 'update':
      case 'delete':
        this.#ask(request)
    }
  }

  #ask(request: SemaphoreRequest): void {
    this.#unanswered += 1
    this.#askedInPeriod += 1
    this.#tablet?.submit(commandOf(request, this.#sessionId))
  }

  #submitStop(): void {
    const requestId = kernelRequestId('stop', 0n)
    this.#tablet?.submit({ kind: 'stop', requestId, session: this.#sessionId })
  }

  deliver(events: readonly Event[]): void {
    const wasReady = this.ready
    const responses: SessionResponse[] = []
    for (const event of events) {
      if (this.#phase === 'ended') break
      const response = this.#phase === 'leaving' ? this.#abandon(event) : this.#translate(event)
      if (response !== null) responses.push(response)
    }
    const isOver = this.#phase === 'ended'
    if (responses.length > 0 && !this.#transport.send(responses)) this.#undelivered(responses)
    if (isOver && responses.length > 0) this.#transport.finish()
    else if (responses[0]?.kind === 'started') this.#begin()
    if (!wasReady && this.ready) this.#transport.resume()
  }

  overloaded(requestId: bigint): void {
    if (this.#phase === 'ended') return
    const asked = askedOf(requestId)
    if (asked === 'attach' || asked === 'stop')
      return this.#fail(STATUS.OVERLOADED, OVERLOADED_TEXT)
    const wasReady = this.ready
    this.#unanswered -= 1
    const response = refusalResult(requestId, STATUS.OVERLOADED, OVERLOADED_TEXT)
    if (response !== null) this.#transport.send([response])
    if (!wasReady && this.ready) this.#transport.resume()
  }

  ended(why: StreamEnd): void {
    this.#tablet = null
    if (this.#phase === 'attaching' && why !== 'failed') void this.#again()
    else this.#fail(STATUS.UNAVAILABLE, UNAVAILABLE_TEXT)
  }

  /** The message for an event; ends the stream when the event does. */
  #translate(event: Event): SessionResponse | null {
    if (event.kind === 'attached') {
      const { session: sessionId, timeoutMs } = event
      this.#sessionId = sessionId
      this.#heartbeat = this.#heartbeatFor(timeoutMs)
      return { kind: 'started', sessionId, timeoutMs, numbersChanges: true }
    }
    const last = lastMessageOf(event)
    if (last !== null) {
      this.#end()
      return last
    }
    this.#account(event)
    return answerOf(event)
  }

  /** A request counts as unanswered until its result, or until it waits in a queue. */
  #account(event: Event): void {
    if (event.kind === 'changed' || !('requestId' in event)) return
    const { requestId } = event
    const queued = this.#queued.get(requestId)
    if (event.kind === 'pending') {
      this.#queued.set(requestId, (queued ?? 0) + 1)
      this.#unanswered -= 1
    } else if (queued === undefined) this.#unanswered -= 1
    else if (queued === 1) this.#queued.delete(requestId)
    else this.#queued.set(requestId, queued - 1)
  }

  /** Stops the session that its client will never know of. */
  #abandon(event: Event): null {
    if (event.kind === 'attached') {
      this.#sessionId = event.session
      this.#submitStop()
    } else {
      this.#end()
    }
    return null
  }

  #undelivered(responses: readonly SessionResponse[]): void {
    if (responses[0]?.kind !== 'started' || this.#phase !== 'attaching') return
    if (!this.#isNewSession) return this.#end()
    this.#phase = 'leaving'
    this.#submitStop()
  }

  #begin(): void {
    if (this.#phase !== 'attaching') return
    this.#phase = 'working'
    this.#heartbeat?.start()
  }

  #heartbeatFor(timeoutMs: bigint): Heartbeat {
    const { clock, random } = this.#context
    return new Heartbeat({
      clock,
      random,
      timeoutMs,
      ping: (opaque) => {
        this.#transport.send([{ kind: 'ping', opaque }])
      },
      silent: () => this.#fail(STATUS.TIMEOUT, 'the client did not answer a ping in time'),
      flooded: () => {
        const isFlooded = !this.ready || this.#askedInPeriod >= FLOOD_REQUESTS
        this.#askedInPeriod = 0
        return isFlooded
      },
    })
  }

  #fail(status: StatusNumber, message: string): void {
    if (this.#phase === 'ended') return
    const isHeard = this.#phase !== 'leaving'
    this.#end()
    if (!isHeard) return
    this.#transport.send([failure(status, message)])
    this.#transport.finish()
  }

  /** Nothing is read, asked or pinged any more; the session is detached if it is still on this stream. */
  #end(): void {
    this.#phase = 'ended'
    this.#firstMessage?.cancel()
    this.#heartbeat?.stop()
    this.#tablet?.close()
    this.#queued.clear()
  }
}

/** The message with which an event ends its stream; null when the stream goes on. */
function lastMessageOf(event: Event): SessionResponse | null {
  if (event.kind === 'stopped') return { kind: 'stopped', sessionId: event.session }
  if (event.kind === 'ended') {
    return endOf(event.reason)
  }
  if (event.kind !== 'refused') return null
  const asked = askedOf(event.requestId)
  if (asked !== 'attach' && asked !== 'stop') return null
  return failure(REFUSAL_STATUS[event.code], event.message)
}

function endOf(reason: Extract<Event, { kind: 'ended' }>['reason']): SessionResponse {
  if (reason === 'taken') return failure(STATUS.BAD_SESSION, 'another stream has taken the session')
  if (reason === 'expired') return failure(STATUS.SESSION_EXPIRED, 'an operator ended the session')
  return failure(STATUS.UNAVAILABLE, 'the coordination node was dropped')
}

function failure(status: StatusNumber, message: string): SessionResponse {
  return { kind: 'failure', status, issues: issuesOf(message) }
}
