/**
 * One attempt to put a session on a node of this process.
 *
 * Contact is proven by answers alone. Every answer leaves the tablet after a commit, or after the engine has confirmed
 * that nobody else owns the node; so at the time of the question the session was alive here, and whoever takes the node
 * over later gives it its full timeout again. An attached session asks for its node's settings at every heartbeat, the
 * cheapest question that needs such a confirmation.
 */
import type {
  Answer,
  AttachRequest,
  Attachment,
  AttachmentEnd,
  AttachmentListener,
  Clock,
  News,
  RefusalCode,
  Request,
  Timer,
} from '@tenure/client'
import type {
  Event,
  HostedNode,
  PathRefusal,
  StreamEnd,
  StreamSink,
  TabletStream,
} from '@tenure/server'
import { refusalOf } from './refusal.ts'
import { handedOutOf } from './task-translation.ts'
import { answerOf, commandOf, descriptionOf, isTold, type Shown, type Told } from './translation.ts'

interface Asked {
  readonly sentAtMs: number
  /** null for the link's own questions. */
  readonly answer: ((answer: Answer) => void) | null
}

const ATTACH_ID = 1n

export class LocalAttachment implements Attachment, StreamSink {
  readonly #request: AttachRequest
  readonly #listener: AttachmentListener
  readonly #clock: Clock
  /** By request id. As numbers, which maps find faster than bigints; an attachment does not live for 2^53 requests. */
  readonly #asked = new Map<number, Asked>()
  /** Who hears what comes beside an answer, by request id. */
  readonly #told = new Map<number, (news: News) => void>()
  /** Requests after whose `done` hand-outs come. */
  readonly #handling = new Set<number>()
  #stream: TabletStream | null = null
  #heartbeat: Timer | null = null
  #heartbeatMs: number
  #lastBeatMs = 0
  #sessionId = 0n
  #lastId = Number(ATTACH_ID)
  #heartbeatId = 0
  #stopId = 0
  #over = false

  constructor(request: AttachRequest, listener: AttachmentListener, clock: Clock) {
    this.#request = request
    this.#listener = listener
    this.#clock = clock
    this.#heartbeatMs = request.heartbeatMs
  }

  /** Called with what the path leads to, in a later turn than the constructor. */
  begin(found: HostedNode | PathRefusal): void {
    if (this.#over) return
    if (typeof found === 'string') {
      this.#end(refused('NOT_FOUND', `there is no coordination node at ${this.#request.path}`))
      return
    }
    this.#stream = found.connect(this)
    const { sessionId, timeoutMs, description, sequenceNumber, protectionKey } = this.#request
    this.#asked.set(this.#lastId, { sentAtMs: this.#clock.monotonicMs(), answer: null })
    this.#stream.submit({
      kind: 'attach',
      requestId: ATTACH_ID,
      session: sessionId,
      timeoutMs: BigInt(timeoutMs),
      description,
      sequenceNumber,
      protectionKey: protectionKey.slice(),
    })
  }

  /** The node cannot be reached. */
  fail(cause: unknown): void {
    const refusal = refusalOf(cause)
    this.#end(refusal === null ? { kind: 'broken', cause } : { kind: 'refused', refusal })
  }

  send(request: Request, answer: (answer: Answer) => void, told?: (news: News) => void): number {
    if (this.#over || this.#stream === null) return 0
    const heard = request.kind === 'stop-handling' ? this.#ending(request.target, answer) : answer
    const id = this.#ask(heard)
    if (told !== undefined) this.#told.set(id, told)
    if (request.kind === 'handle-theme') this.#handling.add(id)
    this.#stream.submit(commandOf(request, this.#sessionId, BigInt(id)))
    return id
  }

  forget(sent: number): void {
    if (this.#over || this.#stream === null) return
    const isAsked = this.#asked.delete(sent)
    if (!this.#told.delete(sent) && !isAsked) return
    this.#lastId += 1
    this.#stream.submit({
      kind: 'forget',
      session: this.#sessionId,
      requestId: BigInt(this.#lastId),
      target: BigInt(sent),
    })
  }

  hurry(heartbeatMs: number): void {
    if (this.#over || heartbeatMs >= this.#heartbeatMs) return
    this.#heartbeatMs = heartbeatMs
    if (this.#heartbeat === null) return
    this.#heartbeat.cancel()
    this.#aim()
  }

  stop(): void {
    if (this.#over || this.#stream === null) return
    this.#stopId = this.#ask(null)
    this.#stream.submit({
      kind: 'stop',
      session: this.#sessionId,
      requestId: BigInt(this.#stopId),
    })
  }

  leave(): void {
    if (this.#over) return
    this.#over = true
    this.#heartbeat?.cancel()
    this.#stream?.close()
    this.#asked.clear()
    this.#told.clear()
    this.#handling.clear()
  }

  deliver(events: readonly Event[]): void {
    for (const event of events) {
      if (this.#over) return
      if (event.kind === 'semaphore-shown') this.#show(event)
      else if (isTold(event)) this.#receive(event)
      else if (this.#isNews(event)) this.#hear(event.requestId, handedOutOf(event))
      else this.#answered(event)
    }
  }

  overloaded(requestId: bigint): void {
    if (this.#over) return
    const message = 'too many requests wait already'
    if (this.#decides(requestId)) {
      this.#end(refused('OVERLOADED', message))
      return
    }
    // Nothing was asked of the node, so this proves no contact.
    const id = Number(requestId)
    const asked = this.#asked.get(id)
    this.#asked.delete(id)
    this.#unlisten(id)
    asked?.answer?.({ kind: 'refused', code: 'OVERLOADED', message })
  }

  ended(why: StreamEnd): void {
    this.#end({ kind: 'broken', cause: new Error(`the coordination node has ${why}`) })
  }

  #receive(event: Told): void {
    switch (event.kind) {
      case 'attached':
        this.#start(event.session)
        return
      case 'changed':
        this.#hear(event.requestId, { kind: 'changed' })
        this.#unlisten(Number(event.requestId))
        return
      case 'ended':
        this.#end(this.#endOf(event.reason))
        return
      case 'lease-ended':
        this.#listener.noticed({ kind: 'lease-ended', lease: event.lease })
        return
      case 'revoked':
        this.#listener.noticed({ kind: 'revoked', name: event.name, orderId: event.orderId })
        return
      case 'stopped':
        this.#end({ kind: 'stopped' })
        return
      case 'pending':
      default:
    }
  }

  /** The start tells its own contact. Whoever hears of it may leave at once. */
  #start(sessionId: bigint): void {
    this.#asked.delete(Number(ATTACH_ID))
    this.#sessionId = sessionId
    this.#listener.started({
      sessionId,
      watchAbsent: true,
      numbersChanges: true,
      createsOnAcquire: true,
      hasRecords: true,
      hasLog: true,
    })
    if (!this.#over) this.#beat()
  }

  #endOf(reason: Extract<Event, { kind: 'ended' }>['reason']): AttachmentEnd {
    switch (reason) {
      case 'taken':
        return refused('BAD_SESSION', 'another client has taken the session over')
      case 'expired':
        return refused('SESSION_EXPIRED', 'an operator has ended the session')
      case 'dropped':
      default:
        return refused('UNAVAILABLE', `the coordination node ${this.#request.path} was dropped`)
    }
  }

  #answered(event: Exclude<Event, Told | Shown>): void {
    if (event.kind === 'refused' && this.#decides(event.requestId)) {
      this.#end(refused(event.code, event.message))
      return
    }
    const asked = this.#settled(event.requestId)
    const answer = answerOf(event)
    if (answer === null) return
    if (this.#told.size > 0 && !this.#isFollowed(Number(event.requestId), answer)) {
      this.#unlisten(Number(event.requestId))
    }
    asked?.answer?.(answer)
  }

  /** Whether the attachment is over when the request is refused: whoever asked for its beginning or its end waits for that. */
  #decides(requestId: bigint): boolean {
    return requestId === ATTACH_ID || Number(requestId) === this.#stopId
  }

  /** Whether more comes after this answer. */
  #isFollowed(id: number, answer: Answer): boolean {
    return this.#handling.has(id)
      ? answer.kind === 'done'
      : answer.kind === 'described' && answer.watchAdded
  }

  #isNews(event: Event): event is Extract<Event, { kind: 'task-handed-out' }> {
    return event.kind === 'task-handed-out' && this.#handling.has(Number(event.requestId))
  }

  #hear(requestId: bigint, news: News): void {
    this.#told.get(Number(requestId))?.(news)
  }

  #show({ requestIds, description }: Shown): void {
    for (const requestId of requestIds) {
      const shown = description && descriptionOf(description)
      this.#hear(requestId, { kind: 'shown', description: shown })
    }
  }

  /** Nothing more comes for this request. */
  #unlisten(id: number): void {
    this.#told.delete(id)
    this.#handling.delete(id)
  }

  /** The answer to the end of what goes on. */
  #ending(target: bigint, answer: (answer: Answer) => void): (answer: Answer) => void {
    return (given) => {
      if (given.kind === 'done') this.#unlisten(Number(target))
      answer(given)
    }
  }

  #ask(answer: Asked['answer']): number {
    this.#lastId += 1
    this.#asked.set(this.#lastId, { sentAtMs: this.#clock.monotonicMs(), answer })
    return this.#lastId
  }

  #settled(requestId: bigint): Asked | undefined {
    const id = Number(requestId)
    const asked = this.#asked.get(id)
    if (asked === undefined) return undefined
    this.#asked.delete(id)
    this.#listener.contact(asked.sentAtMs)
    return asked
  }

  #beat(): void {
    this.#lastBeatMs = this.#clock.monotonicMs()
    this.#aim()
  }

  #aim(): void {
    const dueInMs = this.#lastBeatMs + this.#heartbeatMs - this.#clock.monotonicMs()
    this.#heartbeat = this.#clock.after(dueInMs, () => {
      // One question at a time: a node that does not answer is not asked more and more.
      if (!this.#asked.has(this.#heartbeatId)) {
        this.#heartbeatId = this.#ask(null)
        this.#stream?.submit({ kind: 'describe-node', requestId: BigInt(this.#heartbeatId) })
      }
      this.#beat()
    })
  }

  #end(end: AttachmentEnd): void {
    if (this.#over) return
    this.leave()
    this.#listener.ended(end)
  }
}

function refused(code: RefusalCode, message: string): AttachmentEnd {
  return { kind: 'refused', refusal: { kind: 'refused', code, message } }
}
