/** The server's side of a connection: what the gRPC face would do with its calls, without HTTP/2 and bytes of frames. */
import {
  CONNECT_PATH,
  decodeSessionRequest,
  encodeSessionResponse,
  SESSION,
  type SessionResponse,
} from '@tenure/protocol'
import { type CallError, type CallInfo, SessionStream, type SessionTransport } from '@tenure/server'
import type { CallHeaders } from '@tenure/client'
import type { End, Party } from './connection.ts'
import { CallIntake } from './call-intake.ts'
import { ConnectionCall } from './connection-call.ts'
import type { SessionObserver } from './face-observer.ts'
import type { CallWay, FaceOptions } from './face-options.ts'
import { type Frame, GRPC_CODE } from './frame.ts'

/** A call that is a stream. */
interface StreamCall {
  receive(bytes: Uint8Array): void
  /** The client has gone. */
  leave(): void
}

export class Face implements Party {
  readonly #options: FaceOptions
  readonly #end: End
  readonly #streams = new Map<number, StreamCall>()

  constructor(options: FaceOptions, end: End) {
    this.#options = options
    this.#end = end
  }

  receive(frame: Frame): void {
    if (frame.kind === 'open') this.#begin(frame)
    else if (frame.kind === 'message') this.#streams.get(frame.call)?.receive(frame.bytes)
    else if (frame.kind === 'cancel') this.#streams.get(frame.call)?.leave()
    else if (frame.kind === 'keep-alive') this.#end.send({ kind: 'keep-alive-answer' })
  }

  closed(): void {
    for (const stream of this.#streams.values()) stream.leave()
  }

  #begin({ call, path, headers, bytes }: Extract<Frame, { kind: 'open' }>): void {
    const info = infoOf(headers)
    const method = this.#options.methods.get(path)
    const forget = (): void => void this.#streams.delete(call)
    const way = { end: this.#end, call, forget }
    if (path === SESSION.path) {
      this.#streams.set(call, new SessionCall(this.#options, info, way))
    } else if (path === CONNECT_PATH && this.#options.speaksOwn) {
      this.#streams.set(call, new ConnectionCall(this.#options, info, way))
    } else if (method !== undefined && bytes !== null) {
      void this.#answer(call, () => method.answer(bytes, info))
    } else this.#fail(call, GRPC_CODE.UNIMPLEMENTED, 'The server does not implement this method')
  }

  async #answer(call: number, method: () => Promise<Uint8Array>): Promise<void> {
    try {
      const bytes = await method()
      this.#end.send({ kind: 'message', call, bytes })
      this.#end.send({ kind: 'end', call })
    } catch {
      this.#fail(call, GRPC_CODE.INTERNAL, 'Internal error')
    }
  }

  #fail(call: number, code: number, details: string): void {
    this.#end.send({ kind: 'failed', call, code, details })
  }
}

/** One session stream. */
class SessionCall implements SessionTransport, StreamCall {
  readonly #observer: SessionObserver
  readonly #way: CallWay
  readonly #session: SessionStream
  readonly #intake: CallIntake
  #isOver = false

  constructor({ context, observer }: FaceOptions, info: CallInfo, way: CallWay) {
    this.#observer = observer.sessions
    this.#way = way
    const session = new SessionStream(context, info, this)
    this.#session = session
    this.#intake = new CallIntake({
      ready: () => session.ready && !this.#isOver,
      take: (bytes) => {
        const request = decodeSessionRequest(bytes)
        this.#observer.asked(this, request)
        session.receive(request)
      },
    })
  }

  receive(bytes: Uint8Array): void {
    this.#intake.push(bytes)
  }

  leave(): void {
    if (this.#isOver) return
    this.#over()
    this.#session.left()
  }

  send(responses: readonly SessionResponse[]): boolean {
    const { end, call } = this.#way
    if (this.#isOver || !end.isOpen) return false
    for (const response of responses) {
      this.#observer.said(this, response)
      end.send({ kind: 'message', call, bytes: encodeSessionResponse(response) })
    }
    return true
  }

  finish(): void {
    const { end, call } = this.#way
    if (!this.#isOver) end.send({ kind: 'end', call })
    this.#over()
  }

  fail(error: CallError, message: string): void {
    const { end, call } = this.#way
    if (!this.#isOver) end.send({ kind: 'failed', call, code: GRPC_CODE[error], details: message })
    this.#over()
  }

  resume(): void {
    this.#intake.pump()
  }

  #over(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#observer.left(this)
    this.#way.forget()
  }
}

function infoOf(headers: CallHeaders): CallInfo {
  return {
    database: headers['x-ydb-database'] ?? '',
    ticket: headers['x-ydb-auth-ticket'] ?? '',
    address: '',
    port: 0,
  }
}
