/**
 * A channel to a socket in the file system, directly on `node:http2`.
 *
 * Unlike a channel of gRPC's library it never keeps its process alive: whoever waits for something does. So a program ends when it has
 * nothing to do, whether it is a guest or the host itself.
 */
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect as connectHttp2,
  constants,
  type IncomingHttpHeaders,
} from 'node:http2'
import { connect } from 'node:net'
import { FrameBuffer, frameOf } from '@tenure/protocol'
import { nothing } from '../../abort.ts'
import type {
  CallError,
  CallHeaders,
  Channel,
  MessageStream,
  MessageStreamListener,
  PendingCall,
  UnaryRequest,
} from '../grpc/channel.ts'

/** gRPC's numbers. */
const OK = 0
const UNIMPLEMENTED = 12
const UNAVAILABLE = 14
/** How much of a stream, and of all of them, the host may send before it is read. */
const WINDOW_BYTES = 4 * 1024 * 1024
/** Of one message. */
const MESSAGE_MAX_BYTES = 64 * 1024 * 1024

export class SocketChannel implements Channel {
  readonly #session: ClientHttp2Session

  /** @param path of the socket */
  constructor(path: string) {
    const session = connectHttp2('http://localhost', {
      createConnection: () => connect(path),
      settings: { enablePush: false, initialWindowSize: WINDOW_BYTES },
    })
    this.#session = session
    session.unref()
    // Its streams are told.
    session.on('error', nothing)
    session.once('connect', () => session.setLocalWindowSize(WINDOW_BYTES))
  }

  stream(path: string, headers: CallHeaders, listener: MessageStreamListener): MessageStream {
    let stream: ClientHttp2Stream
    try {
      stream = this.#session.request({
        ':method': 'POST',
        ':path': path,
        'content-type': 'application/grpc+proto',
        te: 'trailers',
        ...headers,
      })
    } catch (error) {
      queueMicrotask(() => listener.failed(callError(UNAVAILABLE, textOf(error))))
      return { write: nothing, cancel: nothing }
    }
    return new SocketStream(stream, listener)
  }

  /** Nothing is asked outside of streams over a socket: its users are anonymous. */
  call(
    { path }: UnaryRequest,
    settle: (error: CallError | null, response: Uint8Array | undefined) => void,
  ): PendingCall {
    const error = callError(UNIMPLEMENTED, `${path} cannot be called over a socket`)
    queueMicrotask(() => settle(error, undefined))
    return { cancel: nothing }
  }

  close(): void {
    this.#session.close()
  }
}

class SocketStream implements MessageStream {
  readonly #stream: ClientHttp2Stream
  readonly #listener: MessageStreamListener
  readonly #frames = new FrameBuffer(MESSAGE_MAX_BYTES)
  #status: { readonly code: number; readonly details: string } | null = null
  #cause: unknown = null
  #isOver = false

  constructor(stream: ClientHttp2Stream, listener: MessageStreamListener) {
    this.#stream = stream
    this.#listener = listener
    stream.on('response', (headers) => this.#hear(headers))
    stream.on('trailers', (headers) => this.#hear(headers))
    stream.on('data', (chunk: Buffer) => this.#read(chunk))
    stream.on('error', (error) => {
      this.#cause = error
    })
    stream.once('close', () => this.#closed())
  }

  write(bytes: Uint8Array): void {
    if (this.#isOver || this.#stream.destroyed) return
    this.#stream.write(frameOf(bytes))
  }

  cancel(): void {
    this.#isOver = true
    this.#stream.close(constants.NGHTTP2_CANCEL)
  }

  #hear(headers: IncomingHttpHeaders): void {
    const code = headers['grpc-status']
    if (typeof code !== 'string') return
    const details = headers['grpc-message']
    this.#status = {
      code: Number(code),
      details: typeof details === 'string' ? plain(details) : '',
    }
  }

  #read(chunk: Buffer): void {
    if (this.#isOver) return
    try {
      this.#frames.push(chunk)
      for (let bytes = this.#frames.next(); bytes !== null; bytes = this.#frames.next()) {
        if (this.#frames.isCompressed) throw new Error('a message is compressed unasked')
        this.#listener.message(bytes)
        if (this.#isOver) return
      }
    } catch (error) {
      this.#cause = error
      this.#stream.close(constants.NGHTTP2_CANCEL)
    }
  }

  #closed(): void {
    if (this.#isOver) return
    this.#isOver = true
    if (this.#status === null) {
      const why = this.#cause === null ? 'the connection is over' : textOf(this.#cause)
      this.#listener.failed(callError(UNAVAILABLE, why))
    } else if (this.#status.code === OK) this.#listener.ended()
    else this.#listener.failed(callError(this.#status.code, this.#status.details))
  }
}

function callError(code: number, details: string): CallError {
  return Object.assign(new Error(details), { code, details })
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** gRPC's way to put any text into a header, undone. */
function plain(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
