/**
 * The requests of a session that are not answered yet.
 *
 * The server keeps no requests, so what was unanswered when a stream broke is sent again on the next one, in the
 * order in which it was asked: acquires and releases of one name must not overtake each other.
 *
 * A write that is sent again may be put off by the server, and tried once more. What the session has written to the same name
 * after it waits for it: else the older write could undo a newer one that was acknowledged. Writes are numbered, so that a server
 * that knows these numbers does none of them twice.
 */
import { Backoff } from '../backoff.ts'
import type { Clock, Timer } from '../clock.ts'
import type {
  Answer,
  Attachment,
  CreateRequest,
  DeleteRequest,
  Refusal,
  Request,
  UpdateRequest,
} from '../link/link.ts'
import type { Random } from '../random.ts'

export interface CallHandlers {
  /** @param attempts how often it was sent; more than once means that an earlier attempt may have been done as well */
  settle(answer: Answer, attempts: number): void
  /** The session is over. */
  fail(reason: unknown): void
}

/** What changes a semaphore itself: the last one counts. */
type WriteRequest = CreateRequest | UpdateRequest | DeleteRequest

function isWrite(request: Request): request is WriteRequest {
  return request.kind === 'create' || request.kind === 'update' || request.kind === 'delete'
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
  retry: Timer | null = null

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
  readonly #calls = new Set<Call>()
  /** By name: a write that is sent again, and the writes behind it. Only the first has been sent on this attachment. */
  readonly #lines = new Map<string, Call[]>()
  /** Writes that were sent and are not answered, ascending by their numbers. */
  readonly #writes = new Set<Call>()
  #lastSerial = 0n
  #attachment: Attachment | null = null

  constructor(options: OutboxOptions) {
    this.#options = options
  }

  add(call: Call): void {
    // A program that waits for an answer must not end because nothing else keeps it alive.
    if (this.#calls.size === 0) this.#options.clock.hold()
    this.#calls.add(call)
    if (this.#attachment !== null) this.#pass(call, this.#attachment)
  }

  /** Forgets a call: it is not sent again, and its answer goes unheard. */
  drop(call: Call): void {
    call.retry?.cancel()
    if (this.#calls.delete(call) && this.#calls.size === 0) this.#options.clock.letGo()
    this.#writes.delete(call)
    this.#leaveLine(call)
  }

  attached(attachment: Attachment): void {
    this.#attachment = attachment
    // An answer may come at once and lead to another call, which is sent when it is added.
    for (const call of Array.from(this.#calls)) {
      if (this.#attachment === attachment && this.#calls.has(call)) this.#pass(call, attachment)
    }
  }

  detached(): void {
    this.#attachment = null
    this.#lines.clear()
    for (const call of this.#calls) {
      call.retry?.cancel()
      call.retry = null
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

  /** Sends a call, or puts it behind a write of its name that is sent again. */
  #pass(call: Call, attachment: Attachment): void {
    if (isWrite(call.request)) {
      const { name } = call.request
      const line = this.#lines.get(name)
      if (line !== undefined) {
        line.push(call)
        return
      }
      if (call.attempts > 0) this.#lines.set(name, [call])
    }
    this.#send(call, attachment)
  }

  #leaveLine(call: Call): void {
    if (!isWrite(call.request)) return
    const { name } = call.request
    const line = this.#lines.get(name)
    const place = line?.indexOf(call) ?? -1
    if (line === undefined || place < 0) return
    line.splice(place, 1)
    if (place > 0) return
    // Those behind it that were sent before wait for each other in turn; from the first new one on nothing has to wait.
    this.#lines.delete(name)
    for (const next of line) if (this.#attachment !== null) this.#pass(next, this.#attachment)
  }

  #send(call: Call, attachment: Attachment): void {
    call.attempts += 1
    attachment.send(this.#formOf(call), (answer) => this.#answered(call, answer))
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
      this.#writes.add(call)
    }
    const [first = call] = this.#writes
    return { ...request, change: { serial: call.serial, settledBelow: first.serial } }
  }

  #answered(call: Call, answer: Answer): void {
    if (!this.#calls.has(call)) return
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
      if (this.#attachment !== null && this.#calls.has(call)) this.#send(call, this.#attachment)
    })
  }
}

/** Whether the fate of the call, or of an attempt before, is open, so that only another attempt can tell. */
function mustRepeat(call: Call, { code }: Refusal): boolean {
  if (code === 'UNAVAILABLE') return true
  // Overload changes nothing: a first attempt may say so. A release must happen, and an earlier attempt may have.
  return code === 'OVERLOADED' && (call.request.kind === 'release' || call.attempts > 1)
}
