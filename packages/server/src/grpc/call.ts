/**
 * One gRPC call on an HTTP/2 stream: headers, frames out, status.
 *
 * What is written within one turn of the event loop leaves as one write; while a write is under way, more waits in the
 * backlog.
 */
import type { IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2'
import { constants } from 'node:http2'
import type { CallInfo } from '../services/call.ts'
import type { Clock, Timer } from '../clock.ts'
import { Backlog } from './backlog.ts'
import { ENCODINGS } from './frames.ts'
import { LINGER_MS } from './limits.ts'
import { GRPC, type GrpcStatus } from './status.ts'

const DEADLINE = /^(\d{1,8})([HMSmun])$/
const UNIT_MS: Readonly<Record<string, number>> = {
  H: 3_600_000,
  M: 60_000,
  S: 1_000,
  m: 1,
  u: 0.001,
  n: 0.000_001,
}

/** What a call tells its handler. */
export interface CallObserver {
  data(chunk: Buffer): void
  /** All that was written has been handed over. */
  drained?(): void
  /** The client sends no more. */
  halfClosed(): void
  /** Nothing can be said or heard any more. Comes last, and once. */
  closed(): void
}

export class GrpcCall {
  readonly path: string
  readonly #stream: ServerHttp2Stream
  readonly #headers: IncomingHttpHeaders
  readonly #clock: Clock
  #observer: CallObserver | null = null
  #deadline: Timer | null = null
  #linger: Timer | null = null
  #hasHeaders = false
  #isEnded = false
  #isClosed = false
  #pending: Buffer[] = []
  #pendingBytes = 0
  readonly #backlog = new Backlog()
  #isWriting = false

  constructor(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, clock: Clock) {
    this.#stream = stream
    this.#headers = headers
    this.#clock = clock
    this.path = headers[':path'] ?? ''
  }

  /** The value of a header that has one; empty when it is absent. */
  header(name: string): string {
    const value = this.#headers[name]
    return (Array.isArray(value) ? value[0] : value) ?? ''
  }

  get info(): CallInfo {
    const socket = this.#stream.session?.socket
    const reached = authorityOf(this.header(':authority'))
    return {
      database: this.header('x-ydb-database'),
      ticket: this.header('x-ydb-auth-ticket'),
      address: reached?.address ?? socket?.localAddress ?? '',
      port: reached?.port ?? socket?.localPort ?? 0,
    }
  }

  /** Whether what is written may still arrive. A stream whose connection broke is dead before it tells so by 'close'. */
  get isOpen(): boolean {
    const { destroyed, closed } = this.#stream
    return !this.#isEnded && !this.#isClosed && !destroyed && !closed
  }

  get unsentBytes(): number {
    return this.#stream.writableLength + this.#pendingBytes + this.#backlog.bytes
  }

  /** Begins to listen. */
  observe(observer: CallObserver): void {
    const stream = this.#stream
    this.#observer = observer
    stream.on('data', (chunk: Buffer) => {
      if (!this.#isEnded) observer.data(chunk)
    })
    stream.on('end', () => observer.halfClosed())
    stream.once('close', () => {
      this.#isClosed = true
      this.#deadline?.cancel()
      this.#linger?.cancel()
      this.#pending = []
      observer.closed()
    })
    this.#startDeadline(observer)
  }

  pause(): void {
    this.#stream.pause()
  }

  resume(): void {
    this.#stream.resume()
  }

  /** Says that the call was accepted, before there is anything to write. */
  begin(): void {
    if (this.isOpen) this.#begin()
  }

  /** Sends bytes that are whole frames. */
  write(frames: Buffer): void {
    if (!this.isOpen) return
    this.#begin()
    if (this.#pending.length === 0) process.nextTick(() => this.#flush())
    this.#pending.push(frames)
    this.#pendingBytes += frames.length
  }

  /** Ends the call after what was written. What the client still sends is thrown away. */
  end(status: GrpcStatus, message: string = ''): void {
    if (!this.isOpen) return
    this.#isEnded = true
    this.#deadline?.cancel()
    const trailers = { 'grpc-status': String(status), 'grpc-message': percentEncoded(message) }
    if (this.#hasHeaders) {
      this.#stream.once('wantTrailers', () => {
        this.#stream.sendTrailers(trailers)
        this.#closeSoon()
      })
      this.#flush()
      for (let rest = this.#backlog.take(); rest !== null; rest = this.#backlog.take()) {
        this.#stream.write(rest)
      }
      this.#stream.end()
    } else {
      this.#stream.respond({ ...RESPONSE_HEADERS, ...trailers }, { endStream: true })
      this.#closeSoon()
    }
    this.#stream.resume()
    // Behind NO_ERROR Node would wait until the client has read everything, and keep it all that time.
    this.#linger = this.#clock.after(LINGER_MS, () => this.#stream.close(constants.NGHTTP2_CANCEL))
  }

  /** Nothing that the client could still send matters, so it need not half-close first; but the trailers must go out. */
  #closeSoon(): void {
    this.#clock.afterInput(() => this.#stream.close(constants.NGHTTP2_NO_ERROR))
  }

  #begin(): void {
    if (this.#hasHeaders) return
    this.#hasHeaders = true
    this.#stream.respond(RESPONSE_HEADERS, { waitForTrailers: true })
  }

  #flush(): void {
    if (this.#pending.length === 0 || this.#isClosed || this.#stream.destroyed) return
    const pending = this.#pending
    const [first] = pending
    this.#pending = []
    if (this.#isWriting) for (const frames of pending) this.#backlog.add(frames)
    else if (pending.length === 1 && first !== undefined) this.#send(first)
    else this.#send(Buffer.concat(pending, this.#pendingBytes))
    this.#pendingBytes = 0
  }

  #send(bytes: Buffer): void {
    this.#isWriting = true
    this.#stream.write(bytes, this.#written)
  }

  readonly #written = (): void => {
    this.#isWriting = false
    if (this.#isClosed || this.#stream.destroyed) return
    const next = this.#backlog.take()
    if (next !== null) this.#send(next)
    else if (this.#pendingBytes === 0) this.#observer?.drained?.()
  }

  #startDeadline(observer: CallObserver): void {
    const match = DEADLINE.exec(this.header('grpc-timeout'))
    if (match === null) return
    const timeoutMs = Number(match[1]) * (UNIT_MS[match[2] ?? ''] ?? 0)
    this.#deadline = this.#clock.after(timeoutMs, () => {
      observer.halfClosed()
      this.end(GRPC.DEADLINE_EXCEEDED, 'Deadline exceeded')
    })
  }
}

const RESPONSE_HEADERS = {
  ':status': 200,
  'content-type': 'application/grpc+proto',
  'grpc-accept-encoding': ENCODINGS,
} as const

/** Host and port of what the client asked for; null when it is no such thing. */
function authorityOf(authority: string): { address: string; port: number } | null {
  const match = /^(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+):(\d{1,5})$/.exec(authority)
  const [, address, port] = match ?? []
  if (address === undefined || port === undefined) return null
  return { address: address.replace(/^\[|\]$/g, ''), port: Number(port) }
}

/** gRPC's way to put any text into a header. */
function percentEncoded(message: string): string {
  return message.replace(/[^\x20-\x24\x26-\x7e]+/g, (part) => encodeURIComponent(part))
}
