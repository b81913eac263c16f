/** The server's side of a connection: what the gRPC face would do with its calls, without HTTP/2 and bytes of frames. */
import {
  decodeSessionRequest,
  encodeSessionResponse,
  SESSION,
  type SessionRequest,
  type SessionResponse,
} from '@tenure/protocol'
import {
  type CallError,
  type CallInfo,
  type ServiceContext,
  SessionStream,
  type SessionTransport,
  type UnaryMethod,
} from '@tenure/server'
import type { CallHeaders } from '@tenure/client'
import type { End, Party } from './connection.ts'
import { type Frame, GRPC_CODE } from './frame.ts'

/** Hears what passes the face, both ways. */
export interface FaceObserver {
  asked(stream: object, request: SessionRequest): void
  said(stream: object, response: SessionResponse): void
  /** The stream is over. */
  left(stream: object): void
}

export interface FaceOptions {
  readonly context: ServiceContext
  readonly methods: ReadonlyMap<string, UnaryMethod>
  readonly observer: FaceObserver
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
    if (path === SESSION.path) {
      const forget = (): void => void this.#streams.delete(call)
      this.#streams.set(call, new StreamCall(this.#options, info, { end: this.#end, call, forget }))
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
class StreamCall implements SessionTransport {
  readonly #observer: FaceObserver
  readonly #way: { readonly end: End; readonly call: number; forget(): void }
  readonly #session: SessionStream
  readonly #waiting: Uint8Array[] = []
  #isPumping = false
  #isOver = false

  constructor(
    { context, observer }: FaceOptions,
    info: CallInfo,
    way: { readonly end: End; readonly call: number; forget(): void },
  ) {
    this.#observer = observer
    this.#way = way
    this.#session = new SessionStream(context, info, this)
  }

  receive(bytes: Uint8Array): void {
    this.#waiting.push(bytes)
    this.#pump()
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
    if (!this.#isPumping) this.#pump()
  }

  /** Hands over what has arrived as long as the session wants it. */
  #pump(): void {
    this.#isPumping = true
    while (this.#session.ready && !this.#isOver) {
      const bytes = this.#waiting.shift()
      if (bytes === undefined) break
      const request = decodeSessionRequest(bytes)
      this.#observer.asked(this, request)
      this.#session.receive(request)
    }
    this.#isPumping = false
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
