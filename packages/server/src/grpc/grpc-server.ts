/**
 * The gRPC server, directly on `node:http2`.
 *
 * Limits, back-pressure, compression and resets are decided here, where a gRPC library would decide them for us.
 */
import {
  createServer,
  type Http2Server,
  type Http2Session,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2'
import { chmodSync, existsSync } from 'node:fs'
import type { AddressInfo, ListenOptions, Socket } from 'node:net'
import type { Clock } from '../clock.ts'
import { type Log, reasonOf } from '../log.ts'
import { GrpcCall } from './call.ts'
import { ConnectionGuard } from './connection.ts'
import { assertEncoding } from './frames.ts'
import {
  CONNECTION_MEMORY_MB,
  CONNECTIONS_MAX,
  HEADER_LIST_BYTES_MAX,
  INVALID_FRAMES_MAX,
  REJECTED_STREAMS_MAX,
  STREAM_WINDOW_BYTES,
  STREAMS_PER_CONNECTION_MAX,
} from './limits.ts'
import { GRPC, GrpcError } from './status.ts'

/** Takes a call over. @throws GrpcError when the call cannot begin */
export type CallHandler = (call: GrpcCall) => void

const OWNER_ONLY = 0o600

const HTTP2_OPTIONS = {
  maxSessionMemory: CONNECTION_MEMORY_MB,
  maxSessionInvalidFrames: INVALID_FRAMES_MAX,
  maxSessionRejectedStreams: REJECTED_STREAMS_MAX,
  settings: {
    enablePush: false,
    maxConcurrentStreams: STREAMS_PER_CONNECTION_MAX,
    maxHeaderListSize: HEADER_LIST_BYTES_MAX,
    initialWindowSize: STREAM_WINDOW_BYTES,
  },
}

export interface GrpcServerOptions {
  readonly clock: Clock
  readonly log: Log
  readonly handlers: ReadonlyMap<string, CallHandler>
}

export class GrpcServer {
  readonly #options: GrpcServerOptions
  readonly #server: Http2Server
  readonly #connections = new Map<Http2Session, ConnectionGuard>()
  readonly #sockets = new Set<Socket>()
  #calls = 0

  constructor(options: GrpcServerOptions) {
    this.#options = options
    this.#server = createServer(HTTP2_OPTIONS)
    this.#server.maxConnections = CONNECTIONS_MAX
    this.#server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket)
      socket.once('close', () => this.#sockets.delete(socket))
    })
    this.#server.on('session', (session) => this.#connected(session))
    this.#server.on('stream', (stream, headers) => this.#called(stream, headers))
    // What is wrong with one connection is that connection's end.
    this.#server.on('sessionError', () => {})
  }

  get connections(): number {
    return this.#connections.size
  }

  /** Calls that were begun, since the start. */
  get calls(): number {
    return this.#calls
  }

  async listen(host: string, port: number): Promise<AddressInfo> {
    await this.#listen({ host, port })
    const address = this.#server.address()
    if (address === null || typeof address === 'string') throw new Error('no TCP address')
    return address
  }

  /** On a socket in the file system, which the user of this process alone may use. Keeps no process alive. */
  async listenOnFile(path: string): Promise<void> {
    this.#server.unref()
    this.#server.on('connection', (socket: Socket) => socket.unref())
    // In a worker of a cluster of Node's the primary process would listen, and would live on when this one has died.
    const listening = this.#listen({ path, exclusive: true })
    // The socket is there when `listen` has returned, and nobody has been let in before this.
    if (existsSync(path)) chmodSync(path, OWNER_ONLY)
    await listening
  }

  async #listen(where: ListenOptions): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject)
      this.#server.listen(where, () => {
        this.#server.off('error', reject)
        this.#server.on('error', (error) => {
          this.#options.log.error('the gRPC listener failed', { reason: reasonOf(error) })
        })
        resolve()
      })
    })
  }

  /** Takes nothing new; resolves when the last call has ended. */
  async drain(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()))
    for (const session of this.#connections.keys()) session.close()
    await closed
  }

  /** Ends every connection at once. */
  destroy(): void {
    for (const session of this.#connections.keys()) session.destroy()
    // A session that was draining waits for its client to close the socket, which the client need not do.
    for (const socket of this.#sockets) socket.destroy()
  }

  #connected(session: ServerHttp2Session): void {
    this.#connections.set(session, new ConnectionGuard(session, this.#options.clock))
    session.once('close', () => this.#connections.delete(session))
  }

  #called(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void {
    // The stream's end is what counts; why it ended is its client's business.
    stream.on('error', () => {})
    const session = stream.session
    const guard = session === undefined ? undefined : this.#connections.get(session)
    if (guard === undefined || !guard.admits(stream)) return
    this.#calls += 1
    if (headers[':method'] !== 'POST') return refuse(stream, 405)
    if (headers['content-type']?.startsWith('application/grpc') !== true) return refuse(stream, 415)
    const call = new GrpcCall(stream, headers, this.#options.clock)
    try {
      assertHeaders(headers)
      this.#handle(call)
    } catch (error) {
      if (error instanceof GrpcError) return call.end(error.status, error.message)
      this.#options.log.error('a call failed to begin', { reason: reasonOf(error) })
      call.end(GRPC.INTERNAL, 'Internal error')
    }
  }

  #handle(call: GrpcCall): void {
    const handler = this.#options.handlers.get(call.path)
    if (handler === undefined) {
      throw new GrpcError(GRPC.UNIMPLEMENTED, 'The server does not implement this method')
    }
    assertEncoding(call.header('grpc-encoding'))
    handler(call)
  }
}

/** HTTP/2 counts 32 bytes for each header beside its text. */
const HEADER_OVERHEAD_BYTES = 32

/** Node announces the bound of the header list, but does not hold clients to it. */
function assertHeaders(headers: IncomingHttpHeaders): void {
  let bytes = 0
  for (const [name, value] of Object.entries(headers)) {
    bytes += name.length + String(value).length + HEADER_OVERHEAD_BYTES
  }
  if (bytes <= HEADER_LIST_BYTES_MAX) return
  throw new GrpcError(GRPC.RESOURCE_EXHAUSTED, 'Headers are too large')
}

/** An answer to something that is no gRPC. */
function refuse(stream: ServerHttp2Stream, httpStatus: number): void {
  stream.respond({ ':status': httpStatus }, { endStream: true })
  stream.resume()
}
