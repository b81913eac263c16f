/** A session stream's bytes: frames in and out, and the bound of what is unsent. */
import {
  decodeSessionRequest,
  type SessionResponse,
  WireWriter,
  writeSessionResponse,
  FRAME_HEADER_BYTES,
} from '@tenure/protocol'
import type { ServiceContext } from '../services/call.ts'
import { SESSION_STREAMS_MAX } from '../services/limits.ts'
import { type CallError, SessionStream, type SessionTransport } from '../services/session-stream.ts'
import type { GrpcCall } from './call.ts'
import type { CallHandler } from './grpc-server.ts'
import { Intake } from './intake.ts'
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
  readonly #intake: Intake
  readonly #session: SessionStream
  #isOverflown = false

  constructor(call: GrpcCall, context: ServiceContext, closed: () => void) {
    this.#call = call
    const session = new SessionStream(context, call.info, this)
    this.#session = session
    this.#intake = new Intake({
      call,
      log: context.log,
      ready: () => session.ready,
      receive: (message) => session.receive(decodeSessionRequest(message)),
      broken: (status, message) => {
        session.left()
        call.end(status, message)
      },
    })
    call.observe({
      data: (chunk) => this.#intake.push(chunk),
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
    this.#intake.resume()
  }
}
