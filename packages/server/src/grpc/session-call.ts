/**
 * A session stream's bytes: frames in and out, back-pressure, the bound of what is unsent.
 *
 * While the session takes no request the HTTP/2 stream is paused, so the client's sending stops at its flow-control window.
 */
import {
  decodeSessionRequest,
  type SessionResponse,
  WireError,
  WireWriter,
  writeSessionResponse,
} from '@tenure/protocol'
import type { Log } from '../log.ts'
import { reasonOf } from '../log.ts'
import type { ServiceContext } from '../services/call.ts'
import { SESSION_STREAMS_MAX } from '../services/limits.ts'
import { type CallError, SessionStream, type SessionTransport } from '../services/session-stream.ts'
import type { GrpcCall } from './call.ts'
import { FRAME_HEADER_BYTES, FrameReader } from './frames.ts'
import type { CallHandler } from './grpc-server.ts'
import { UNSENT_BYTES_MAX } from './limits.ts'
import { GRPC, GrpcError } from './status.ts'

/** Encoding never waits, so one writer serves all streams. */
const writer = new WireWriter()

/** The session streams of one server. */
export class SessionCalls {
  readonly #context: ServiceContext
  readonly #open = new Set<SessionCall>()

  constructor(context: ServiceContext) {
    this.#context = context
  }

  get size(): number {
    return this.#open.size
  }

  readonly handler: CallHandler = (call) => {
    if (this.#open.size >= SESSION_STREAMS_MAX) {
      throw new GrpcError(GRPC.RESOURCE_EXHAUSTED, 'Too many session streams; try again later')
    }
    const session = new SessionCall(call, this.#context, () => this.#open.delete(session))
    this.#open.add(session)
  }
}

class SessionCall implements SessionTransport {
  readonly #call: GrpcCall
  readonly #log: Log
  readonly #reader: FrameReader
  readonly #session: SessionStream
  #isPumping = false
  #isPaused = false
  #isOverflown = false

  constructor(call: GrpcCall, context: ServiceContext, closed: () => void) {
    this.#call = call
    this.#log = context.log
    this.#reader = new FrameReader(call.header('grpc-encoding'))
    this.#session = new SessionStream(context, call.info, this)
    call.observe({
      data: (chunk) => {
        this.#reader.push(chunk)
        this.#pump()
      },
      halfClosed: () => {
        if (!this.#session.saidLast()) call.end(GRPC.OK)
      },
      closed: () => {
        this.#session.left()
        closed()
      },
    })
  }

  send(responses: readonly SessionResponse[]): boolean {
    if (!this.#call.isOpen) return false
    for (const response of responses) {
      // A single message may be larger than the bound; what comes behind it may not.
      if (this.#call.unsentBytes + writer.length > UNSENT_BYTES_MAX && !this.#isOverflown) {
        this.#isOverflown = true
        this.#call.write(writer.take())
        this.#session.overflow()
        return true
      }
      const start = writer.reserve(FRAME_HEADER_BYTES)
      writeSessionResponse(writer, response)
      writer.setByte(start, 0)
      writer.setU32(start + 1, writer.length - start - FRAME_HEADER_BYTES)
    }
    this.#call.write(writer.take())
    return true
  }

  finish(): void {
    this.#call.end(GRPC.OK)
  }

  fail(error: CallError, message: string): void {
    this.#call.end(GRPC[error], message)
  }

  resume(): void {
    if (!this.#isPumping) this.#pump()
  }

  /** Hands over what has arrived as long as the session wants it. */
  #pump(): void {
    this.#isPumping = true
    try {
      while (this.#session.ready && this.#call.isOpen) {
        const message = this.#reader.next()
        if (message === null) break
        this.#session.receive(decodeSessionRequest(message))
      }
    } catch (error) {
      this.#refuse(error)
    } finally {
      this.#isPumping = false
    }
    this.#setPaused(!this.#session.ready && this.#call.isOpen)
  }

  #setPaused(isPaused: boolean): void {
    if (isPaused === this.#isPaused) return
    this.#isPaused = isPaused
    if (isPaused) this.#call.pause()
    else this.#call.resume()
  }

  #refuse(error: unknown): void {
    this.#session.left()
    if (error instanceof GrpcError) this.#call.end(error.status, error.message)
    else if (error instanceof WireError) this.#call.end(GRPC.INVALID_ARGUMENT, error.message)
    else {
      this.#log.error('a session stream failed', { reason: reasonOf(error) })
      this.#call.end(GRPC.INTERNAL, 'Internal error')
    }
  }
}
