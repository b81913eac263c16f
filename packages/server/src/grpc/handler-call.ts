/**
 * One hand-out as a gRPC call: the records go out, the handler's operations come in and are answered, until the task has ended.
 *
 * The handler may say several operations before it has heard of the first; they are done in their order. What it said in good order
 * counts although it has ended the call since.
 */
import type { ClientHttp2Session, ClientHttp2Stream, IncomingHttpHeaders } from 'node:http2'
import { constants } from 'node:http2'
import { codeNumber, create, frameOf, fromBinary, HANDLE_PATH, toBinary } from '@tenure/protocol'
import type { MessageInitShape } from '@tenure/protocol'
import { DialerMessageSchema, HandlerMessageSchema } from '@tenure/protocol/tenure-v1'
import type { HandlerMessage } from '@tenure/protocol/tenure-v1'
import type { Clock } from '../clock.ts'
import type { Errand, HandOut, Verdict, Wish, WishOutcome } from '../services/delivery/endpoint.ts'
import { failed } from '../services/delivery/endpoint.ts'
import { FAREWELL_MS, WAITING_OPERATIONS_MAX } from '../services/delivery/limits.ts'
import { assertEncoding, ENCODINGS, FrameReader } from './frames.ts'
import { GRPC } from './status.ts'

type DialerMessage = MessageInitShape<typeof DialerMessageSchema>

/** About so much of a task's records goes into one message. */
const PAGE_BYTES = 1024 * 1024

export interface HandlerCallPorts {
  readonly session: ClientHttp2Session
  /** `host:port` */
  readonly authority: string
  readonly clock: Clock
}

export class HandlerCall {
  readonly #stream: ClientHttp2Stream
  readonly #errand: Errand
  readonly #clock: Clock
  #settle: (verdict: Verdict) => void = () => {}
  #reader: FrameReader | null = null
  /** How the handler has ended the call; null when it has not said. */
  #status: Verdict | null = null
  /** Operations that have not been answered. */
  #waiting = 0
  #isTaskEnded = false
  #isOver = false

  constructor(errand: Errand, { session, authority, clock }: HandlerCallPorts) {
    this.#errand = errand
    this.#clock = clock
    this.#stream = session.request({
      ':method': 'POST',
      ':scheme': 'http',
      ':path': HANDLE_PATH,
      ':authority': authority,
      'content-type': 'application/grpc+proto',
      'grpc-accept-encoding': ENCODINGS,
      te: 'trailers',
    })
  }

  /** Never rejects. */
  run(): Promise<Verdict> {
    const { signal, handOut } = this.#errand
    const stream = this.#stream
    return new Promise((resolve) => {
      this.#settle = resolve
      signal.addEventListener('abort', this.#callOff, { once: true })
      stream.on('response', (headers) => this.#respond(headers))
      stream.on('trailers', (trailers) => {
        this.#status ??= verdictOf(trailers)
      })
      stream.on('data', (chunk: Buffer) => this.#hear(chunk))
      stream.on('error', () => {})
      // The handler hears nothing any more, but its side alone does not close the stream.
      stream.once('end', () => stream.end())
      stream.once('close', () => this.#closed())
      this.#handOver(handOut)
    })
  }

  /** As fast as the handler takes it. */
  #handOver(handOut: HandOut): void {
    const pages = pagesOf(handOut)
    const write = (): void => {
      for (let page = pages.next(); page.done !== true; page = pages.next()) {
        if (!this.#say(page.value)) return void this.#stream.once('drain', write)
      }
    }
    write()
  }

  #say(message: DialerMessage): boolean {
    if (this.#stream.destroyed || this.#stream.closed || this.#stream.writableEnded) return true
    const bytes = toBinary(DialerMessageSchema, create(DialerMessageSchema, message))
    return this.#stream.write(frameOf(bytes))
  }

  #respond(headers: IncomingHttpHeaders): void {
    const encoding = String(headers['grpc-encoding'] ?? '')
    const isGrpc = headers['content-type']?.startsWith('application/grpc') === true
    const status = Number(headers[':status'])
    if (status !== 200 || !isGrpc) {
      return this.#abandon(`the handler speaks no gRPC: HTTP ${status}`)
    }
    try {
      assertEncoding(encoding)
      this.#reader = new FrameReader(encoding)
    } catch {
      return this.#abandon('the handler says what cannot be read: an unknown compression')
    }
    if (headers['grpc-status'] !== undefined) this.#status = verdictOf(headers)
  }

  #hear(chunk: Buffer): void {
    if (this.#isOver || this.#reader === null) return
    this.#reader.push(chunk)
    try {
      for (let frame = this.#reader.next(); frame !== null; frame = this.#reader.next()) {
        void this.#do(fromBinary(HandlerMessageSchema, frame))
      }
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      this.#abandon(`the handler says what cannot be read: ${reason}`)
    }
  }

  async #do(message: HandlerMessage): Promise<void> {
    const wish = wishOf(message)
    this.#waiting += 1
    if (this.#waiting >= WAITING_OPERATIONS_MAX) this.#stream.pause()
    try {
      const outcome = wish === null ? UNSUPPORTED : await this.#errand.wish(wish)
      if (outcome.kind === 'done' && isLast(wish)) this.#isTaskEnded = true
      this.#say(outcomeOf(message.number, outcome))
    } catch {
      // The node is lost, or nobody waits for the handler any more: the call is ended by whoever knows why.
    } finally {
      this.#waiting -= 1
      this.#answered()
    }
  }

  #answered(): void {
    if (this.#waiting < WAITING_OPERATIONS_MAX) this.#stream.resume()
    if (this.#waiting > 0) return
    if (this.#isTaskEnded) this.#bidFarewell()
    if (this.#stream.closed) this.#closed()
  }

  /** The task has ended: the handler may end the call in peace, but nothing depends on it. */
  #bidFarewell(): void {
    if (this.#isOver) return
    this.#over({ kind: 'ended' })
    if (this.#stream.destroyed) return
    this.#stream.end()
    this.#stream.resume()
    const close = (): void => this.#stream.close(constants.NGHTTP2_CANCEL)
    const timer = this.#clock.after(FAREWELL_MS, close)
    this.#stream.once('close', () => timer.cancel())
  }

  readonly #callOff = (): void => this.#abandon('called off')

  #abandon(failure: string): void {
    this.#over(failed(failure))
    this.#stream.close(constants.NGHTTP2_CANCEL)
  }

  #closed(): void {
    if (this.#waiting > 0) return
    const { origin } = this.#errand.address
    const lost = failed(`the connection to ${origin} was lost`, this.#reader === null)
    this.#over(this.#status ?? lost)
  }

  #over(verdict: Verdict): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#errand.signal.removeEventListener('abort', this.#callOff)
    this.#settle(verdict)
  }
}

function verdictOf(trailers: IncomingHttpHeaders): Verdict {
  const status = Number(trailers['grpc-status'] ?? GRPC.UNKNOWN)
  if (status === GRPC.OK) return { kind: 'ended' }
  const message = decoded(String(trailers['grpc-message'] ?? ''))
  const name = Object.entries(GRPC).find(([, number]) => number === status)?.[0]
  return failed(`${name ?? `gRPC status ${status}`}: ${message}`)
}

/** gRPC's way to put any text into a header, undone as far as it can be. */
function decoded(message: string): string {
  try {
    return decodeURIComponent(message)
  } catch {
    return message
  }
}

const UNSUPPORTED = {
  kind: 'refused',
  code: 'UNSUPPORTED',
  message: 'the operation is unknown here',
} as const satisfies WishOutcome

function wishOf({ operation }: HandlerMessage): Wish | null {
  switch (operation.case) {
    case 'append':
    case 'replace':
      return { kind: operation.case, record: operation.value.record }
    case 'delete':
      return { kind: 'delete' }
    case 'store': {
      const { delaySeconds, failure } = operation.value
      return { kind: 'store', delaySeconds, failure }
    }
    case undefined:
  }
  return null
}

function isLast(wish: Wish | null): boolean {
  return wish?.kind === 'delete' || wish?.kind === 'store'
}

function outcomeOf(number: bigint, outcome: WishOutcome): DialerMessage {
  const value =
    outcome.kind === 'done'
      ? { number }
      : { number, code: codeNumber(outcome.code), message: outcome.message }
  return { message: { case: 'outcome', value } }
}

function* pagesOf(handOut: HandOut): Generator<DialerMessage, void> {
  const { records, task, theme, path, attempt, repeats } = handOut
  let page: Uint8Array[] = []
  let bytes = 0
  const say = (more: boolean): DialerMessage => {
    const value = { task, theme, path, attempt, repeats, records: page, more }
    return { message: { case: 'handOut', value } }
  }
  for (const record of records) {
    if (page.length > 0 && bytes + record.length > PAGE_BYTES) {
      yield say(true)
      page = []
      bytes = 0
    }
    page.push(record)
    bytes += record.length
  }
  yield say(false)
}
