/**
 * One session stream of YDB's protocol.
 *
 * The stream must prove at every heartbeat that the server hears us: our own pings are answered, else the stream is given up and
 * its connection with it. That the server's pings arrive proves nothing of that.
 */
import {
  decodeSessionResponse,
  encodeSessionRequest,
  SESSION,
  type SessionRequest,
  type SessionResponse,
  type SessionStarted,
} from '@tenure/protocol'
import type { Timer } from '../../clock.ts'
import type {
  Answer,
  Attachment,
  AttachmentEnd,
  AttachmentListener,
  AttachRequest,
  News,
  Request,
} from '../link.ts'
import type { CallError, MessageStream } from '../grpc/channel.ts'
import type { ChannelUse } from '../grpc/channels.ts'
import type { Ground } from '../grpc/ground.ts'
import { endOfLogin, refusalOf, refusalOfGrpc } from '../grpc/status.ts'
import { answerOf, isOfSemaphores, messageOf, type ResultMessage } from './translation.ts'
import { headersFor } from '../grpc/unary.ts'
import { PARTING_MS, PATIENCE_MIN_MS, startTimeoutMs } from '../patience.ts'

interface Asked {
  readonly sentAtMs: number
  readonly answer: (answer: Answer) => void
}

const NOTHING_SENT = 0

/** What YDB's protocol has no words for. */
const NOT_OFFERED = { createsOnAcquire: false, hasRecords: false, hasLog: false }

export class YdbAttachment implements Attachment {
  readonly #ground: Ground
  readonly #request: AttachRequest
  readonly #listener: AttachmentListener
  readonly #asked = new Map<bigint, Asked>()
  readonly #watches = new Map<bigint, (news: News) => void>()
  #lastId = 0n
  #use: ChannelUse | null = null
  #stream: MessageStream | null = null
  #timer: Timer | null = null
  /** The ping that is not answered yet. */
  #ping: { readonly opaque: bigint; sentAtMs: number } | null = null
  #hasStarted = false
  #over = false
  #heartbeatMs: number

  constructor(ground: Ground, request: AttachRequest, listener: AttachmentListener) {
    this.#ground = ground
    this.#request = request
    this.#heartbeatMs = request.heartbeatMs
    this.#listener = listener
    this.#timer = ground.clock.after(startTimeoutMs(request.heartbeatMs), () => {
      this.#use?.fail()
      this.leave()
      const cause = new Error('the server did not start the session in time')
      this.#listener.ended({ kind: 'broken', cause })
    })
    ground.tokens.get().then(
      (token) => this.#open(token),
      (error: unknown) => this.#end(endOfLogin(error)),
    )
  }

  send(request: Request, answer: (answer: Answer) => void, told?: (news: News) => void): number {
    if (this.#over) return NOTHING_SENT
    if (!isOfSemaphores(request)) {
      const message = 'the server has neither records nor a log'
      answer({ kind: 'refused', code: 'UNSUPPORTED', message })
      return NOTHING_SENT
    }
    this.#lastId += 1n
    const id = this.#lastId
    this.#asked.set(id, { sentAtMs: this.#ground.clock.monotonicMs(), answer })
    if (told !== undefined) this.#watches.set(id, told)
    this.#write(messageOf(request, id))
    return Number(id)
  }

  /** Only records can be waited for or watched in a way that can be taken back. */
  forget(): void {}

  hurry(heartbeatMs: number): void {
    this.#heartbeatMs = Math.min(this.#heartbeatMs, heartbeatMs)
  }

  stop(): void {
    if (!this.#over) this.#write({ kind: 'stop' })
  }

  leave(): void {
    if (this.#over) return
    this.#fallSilent()
    if (this.#stream === null || this.#hasStarted || this.#request.sessionId !== 0n) this.#drop()
    else {
      // A session that begins although nobody wants it any more would stay for its timeout: its stop follows its start.
      this.#write({ kind: 'stop' })
      this.#ground.clock.after(PARTING_MS, () => this.#drop())
    }
  }

  /** Nothing is called any more. */
  #fallSilent(): void {
    this.#over = true
    this.#timer?.cancel()
    this.#asked.clear()
    this.#watches.clear()
  }

  #drop(): void {
    this.#stream?.cancel()
    this.#use?.end()
  }

  #open(token: string): void {
    if (this.#over) return
    const { channels, database } = this.#ground
    this.#use = channels.use()
    this.#stream = this.#use.channel.stream(SESSION.path, headersFor(database, token), {
      message: (bytes) => this.#read(bytes),
      ended: () => {
        if (this.#over) this.#drop()
        else this.#break(new Error('the server ended the stream'))
      },
      failed: (error) => {
        if (this.#over) this.#drop()
        else this.#fail(error)
      },
    })
    const { path, sessionId, timeoutMs, description, sequenceNumber, protectionKey } = this.#request
    this.#write({
      kind: 'start',
      path,
      sessionId,
      timeoutMs: BigInt(timeoutMs),
      description,
      sequenceNumber,
      protectionKey,
    })
  }

  #write(request: SessionRequest): void {
    this.#stream?.write(encodeSessionRequest(request))
  }

  #read(bytes: Uint8Array): void {
    if (this.#over) return
    let response: SessionResponse
    try {
      response = decodeSessionResponse(bytes)
    } catch (error) {
      this.#break(error)
      return
    }
    this.#receive(response)
  }

  #receive(response: SessionResponse): void {
    if ('status' in response && 'requestId' in response) {
      this.#answered(response)
      return
    }
    switch (response.kind) {
      case 'ping':
        this.#write({ kind: 'pong', opaque: response.opaque })
        return
      case 'pong':
        this.#answeredPing(response.opaque)
        return
      case 'failure':
        this.#refuse(response.status, response.issues)
        return
      case 'started':
        this.#start(response)
        return
      case 'stopped':
        this.#end({ kind: 'stopped' })
        return
      case 'changed':
        this.#fire(response.requestId)
        return
      case 'pending':
      case 'retired':
      case 'empty':
        return
    }
  }

  #start({ sessionId, numbersChanges }: SessionStarted): void {
    if (this.#hasStarted) return
    this.#hasStarted = true
    this.#timer?.cancel()
    this.#listener.started({ sessionId, watchAbsent: false, numbersChanges, ...NOT_OFFERED })
    if (!this.#isOver()) this.#beat()
  }

  #isOver(): boolean {
    return this.#over
  }

  #beat(): void {
    const { clock } = this.#ground
    const heartbeatMs = this.#heartbeatMs
    const nowMs = clock.monotonicMs()
    if (this.#ping === null) {
      this.#lastId += 1n
      this.#ping = { opaque: this.#lastId, sentAtMs: nowMs }
      this.#write({ kind: 'ping', opaque: this.#lastId })
    } else if (nowMs - this.#ping.sentAtMs >= PATIENCE_MIN_MS) {
      this.#break(
        new Error(`the server has not answered for ${Math.round(nowMs - this.#ping.sentAtMs)} ms`),
      )
      return
    }
    this.#timer = clock.after(heartbeatMs, () => {
      // After a stall of this process the answer may lie unread: it gets one more heartbeat.
      const lateMs = clock.monotonicMs() - nowMs - heartbeatMs
      if (lateMs < heartbeatMs || this.#ping === null) this.#beat()
      else this.#timer = clock.after(heartbeatMs, () => this.#beat())
    })
  }

  #answeredPing(opaque: bigint): void {
    if (this.#ping?.opaque !== opaque) return
    const { sentAtMs } = this.#ping
    this.#ping = null
    this.#listener.contact(sentAtMs)
  }

  #answered(result: ResultMessage): void {
    const asked = this.#asked.get(result.requestId)
    if (asked === undefined) return
    this.#asked.delete(result.requestId)
    this.#listener.contact(asked.sentAtMs)
    const answer = answerOf(result)
    if (answer.kind !== 'described' || !answer.watchAdded) this.#watches.delete(result.requestId)
    asked.answer(answer)
  }

  #fire(requestId: bigint): void {
    const told = this.#watches.get(requestId)
    this.#watches.delete(requestId)
    told?.({ kind: 'changed' })
  }

  #refuse(status: number, issues: Parameters<typeof refusalOf>[1]): void {
    const refusal = refusalOf(status, issues)
    // A token that has run out gives way to a fresh one; a fresh one that is refused is the last word.
    if (refusal.code === 'UNAUTHORIZED' && this.#ground.tokens.forget()) {
      this.#end({ kind: 'broken', cause: new Error(refusal.message) })
    } else this.#end({ kind: 'refused', refusal })
  }

  #fail(error: CallError): void {
    const refusal = refusalOfGrpc(error)
    if (refusal === null) this.#break(error)
    else if (refusal.code === 'UNAUTHORIZED' && this.#ground.tokens.forget()) this.#break(error)
    else this.#end({ kind: 'refused', refusal })
  }

  /** The way is broken: whatever comes next takes another. */
  #break(cause: unknown): void {
    if (this.#over) return
    this.#use?.fail()
    this.#end({ kind: 'broken', cause })
  }

  #end(end: AttachmentEnd): void {
    if (this.#over) return
    this.#fallSilent()
    this.#drop()
    this.#listener.ended(end)
  }
}
