/**
 * The requests of a session that are not answered yet.
 *
 * The server keeps no requests, so what was unanswered when a stream broke is sent again on the next one, in the
 * order in which it was asked: acquires and releases of one name must not overtake each other.
 *
 * Writes are numbered, so that a server that knows these numbers does none of them twice, and those that are sent again keep their
 * order (`writes.ts`).
 */
import { Backoff } from '../backoff.ts'
import type { Clock, Timer } from '../clock.ts'
import type { Answer, Attachment, Refusal, Request } from '../link/link.ts'
import { LinkedSet, type Place } from '../linked-set.ts'
import type { Random } from '../random.ts'
import { isWrite, WriteLines, type WriteRequest } from './writes.ts'

export interface CallHandlers {
  /** @param attempts how often it was sent; more than once means that an earlier attempt may have been done as well */
  settle(answer: Answer, attempts: number): void
  /** The session is over. */
  fail(reason: unknown): void
}

/** One request until its answer. */
export class Call {
  readonly request: Request
  readonly handlers: CallHandlers
  /** When a waiting acquire gives up; what is sent is the time that remains. */
  readonly deadlineMs: number
  attempts = 0
  /** Of a write: its number within the session, from the first attempt on. */
  serial = 0n
  /** When what the answer tells of may have been done at the earliest: a write by its first attempt, all else by its last. */
  sentMs = 0
  /** Of a wait or watch: what names it to the attachment, until its answer. */
  sent: number | null = null
  retry: Timer | null = null
  /** Among the calls of the outbox. */
  place: Place<Call> | null = null
  /** Among its writes. */
  writePlace: Place<Call> | null = null

  constructor(request: Request, handlers: CallHandlers, deadlineMs: number = Infinity) {
    this.request = request
    this.handlers = handlers
    this.deadlineMs = deadlineMs
  }
}

export interface OutboxOptions {
  readonly clock: Clock
  readonly random: Random
  /** An answer says that the session is not ours any more. */
  readonly lost: (refusal: Refusal) => void
}

export class Outbox {
  readonly #options: OutboxOptions
  readonly #calls = new LinkedSet<Call>()
  readonly #lines = new WriteLines<Call>()
  /** Writes that were sent and are not answered, ascending by their numbers. */
  readonly #writes = new LinkedSet<Call>()
  #lastSerial = 0n
  #attachment: Attachment | null = null

  constructor(options: OutboxOptions) {
    this.#options = options
  }

  add(call: Call): void {
    // A program that waits for an answer must not end because nothing else keeps it alive.
    if (this.#calls.size === 0) this.#options.clock.hold()
    call.place = this.#calls.add(call)
    if (this.#attachment !== null) this.#pass(call, this.#attachment)
  }

  /** Forgets a call: it is not sent again, and its answer goes unheard. */
  drop(call: Call): void {
    call.retry?.cancel()
    // The server would keep a wait for ever; any other request it answers, and nobody listens.
    if (call.sent !== null) this.#attachment?.forget(call.sent)
    call.sent = null
    if (this.#calls.delete(call.place) && this.#calls.size === 0) this.#options.clock.letGo()
    this.#writes.delete(call.writePlace)
    for (const next of this.#lines.leave(call)) {
      if (this.#attachment !== null && this.#isHere(next)) this.#send(next, this.#attachment)
    }
  }

  attached(attachment: Attachment): void {
    this.#attachment = attachment
    // An answer may come at once and lead to another call, which is sent when it is added.
    for (const call of Array.from(this.#calls)) {
      if (this.#attachment === attachment && this.#isHere(call)) this.#pass(call, attachment)
    }
  }

  detached(): void {
    this.#attachment = null
    this.#lines.clear()
    for (const call of this.#calls) {
      call.retry?.cancel()
      call.retry = null
      call.sent = null
    }
  }

  failAll(reason: unknown): void {
    this.detached()
    const calls = [...this.#calls]
    if (calls.length > 0) this.#options.clock.letGo()
    this.#calls.clear()
    this.#writes.clear()
    for (const call of calls) call.handlers.fail(reason)
  }

  #isHere(call: Call): boolean {
    return call.place?.set === this.#calls
  }

  /** Sends a call, or puts it behind a write that is sent again. */
  #pass(call: Call, attachment: Attachment): void {
    if (!isWrite(call.request) || this.#lines.enter(call)) this.#send(call, attachment)
  }

  #send(call: Call, attachment: Attachment): void {
    const { request } = call
    if (call.attempts === 0 || !isWrite(request)) call.sentMs = this.#options.clock.monotonicMs()
    call.attempts += 1
    const form = this.#formOf(call)
    const sent = attachment.send(form, (answer) => this.#answered(call, answer))
    // It may have been answered at once.
    if (isWait(request) && this.#isHere(call)) call.sent = sent
  }

  /** The request as it is sent this time. */
  #formOf(call: Call): Request {
    const { request, deadlineMs } = call
    if (isWrite(request)) return this.#numbered(call, request)
    if (request.kind !== 'acquire' || deadlineMs === Infinity) return request
    const remainingMs = Math.ceil(deadlineMs - this.#options.clock.monotonicMs())
    return { ...request, timeoutMs: BigInt(Math.max(0, remainingMs)) }
  }

  #numbered(call: Call, request: WriteRequest): Request {
    if (call.serial === 0n) {
      this.#lastSerial += 1n
      call.serial = this.#lastSerial
      call.writePlace = this.#writes.add(call)
    }
    const { first = call } = this.#writes
    return { ...request, change: { serial: call.serial, settledBelow: first.serial } }
  }

  #answered(call: Call, answer: Answer): void {
    if (!this.#isHere(call)) return
    call.sent = null
    if (answer.kind === 'refused') {
      if (answer.code === 'SESSION_EXPIRED' || answer.code === 'BAD_SESSION') {
        this.#options.lost(answer)
        return
      }
      if (mustRepeat(call, answer)) {
        this.#repeat(call)
        return
      }
    }
    this.drop(call)
    call.handlers.settle(answer, call.attempts)
  }

  #repeat(call: Call): void {
    const backoff = new Backoff(this.#options.random)
    let pauseMs = 0
    for (let attempt = 0; attempt < call.attempts; attempt += 1) pauseMs = backoff.nextMs()
    call.retry = this.#options.clock.after(pauseMs, () => {
      call.retry = null
      if (this.#attachment !== null && this.#isHere(call)) this.#send(call, this.#attachment)
    })
  }
}

/** What the server answers only when something happens. */
function isWait({ kind }: Request): boolean {
  return kind === 'wait-record' || kind === 'watch-records'
}

/** Whether the fate of the call, or of an attempt before, is open, so that only another attempt can tell. */
function mustRepeat(call: Call, { code }: Refusal): boolean {
  if (code === 'UNAVAILABLE') return true
  // Overload changes nothing: a first attempt may say so. A release must happen, and an earlier attempt may have.
  return code === 'OVERLOADED' && (call.request.kind === 'release' || call.attempts > 1)
}
