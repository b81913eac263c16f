/**
 * Clients by the thousand: session streams directly on HTTP/2, with nothing around them that costs memory or time.
 */
import { once } from 'node:events'
import { connect, constants } from 'node:http2'
import type { ClientHttp2Session, ClientHttp2Stream } from 'node:http2'
import { decodeSessionResponse, encodeSessionRequest, SESSION } from '@tenure/protocol'
import type { SemaphoreRequest, SessionRequest, SessionResponse } from '@tenure/protocol'

const HEADERS = {
  [constants.HTTP2_HEADER_METHOD]: 'POST',
  [constants.HTTP2_HEADER_PATH]: SESSION.path,
  'content-type': 'application/grpc',
  te: 'trailers',
} as const
const FRAME_HEADER_BYTES = 5

const LOOK = {
  kind: 'describe',
  owners: false,
  waiters: false,
  watchData: false,
  watchOwners: false,
} as const

const WAIT = {
  kind: 'acquire',
  count: 1n,
  timeoutMs: 2n ** 64n - 1n,
  data: new Uint8Array(0),
  ephemeral: false,
} as const

export class WireConnection implements AsyncDisposable {
  readonly #connection: ClientHttp2Session

  private constructor(connection: ClientHttp2Session) {
    this.#connection = connection
    connection.on('error', () => {})
  }

  static async open(port: number): Promise<WireConnection> {
    const connection = connect(`http://127.0.0.1:${port}`)
    await once(connection, 'remoteSettings')
    return new WireConnection(connection)
  }

  /** A stream with a new session on it. */
  async session(options: { path: string; timeoutMs: number }): Promise<WireSession> {
    const session = new WireSession(this.#connection.request(HEADERS))
    session.send({
      kind: 'start',
      path: options.path,
      sessionId: 0n,
      timeoutMs: BigInt(options.timeoutMs),
      description: '',
      sequenceNumber: 1n,
      protectionKey: new Uint8Array(0),
    })
    await session.started
    return session
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#connection.destroy()
  }
}

type Result = Extract<SessionResponse, { readonly status: number; readonly requestId: bigint }>

/** One session on one stream; answers pings by itself. */
export class WireSession {
  readonly started: Promise<bigint>
  /** What the server said last before the stream was over; null when it said nothing of it. */
  readonly ended: Promise<SessionResponse | null>
  /** Results and notifications that came, in the order in which they came. */
  heard: (response: SessionResponse) => void = () => {}
  readonly #stream: ClientHttp2Stream
  readonly #waiting = new Map<bigint, (result: Result) => void>()
  #lastRequest = 0n
  #rest: Buffer = Buffer.alloc(0)
  #lastWord: SessionResponse | null = null
  #begin: (sessionId: bigint) => void = () => {}

  constructor(stream: ClientHttp2Stream) {
    this.#stream = stream
    stream.on('error', () => {})
    stream.on('data', (chunk: Buffer) => this.#take(chunk))
    this.ended = new Promise((resolve) => stream.once('close', () => resolve(this.#lastWord)))
    this.started = new Promise((resolve, reject) => {
      this.#begin = resolve
      void this.ended.then(() => reject(new Error('the stream ended before the session began')))
    })
  }

  send(request: SessionRequest): void {
    const message = encodeSessionRequest(request)
    const frame = Buffer.allocUnsafe(FRAME_HEADER_BYTES + message.length)
    frame.writeUInt8(0, 0)
    frame.writeUInt32BE(message.length, 1)
    message.copy(frame, FRAME_HEADER_BYTES)
    this.#stream.write(frame)
  }

  /** @returns the answer, whatever its status; rejects when the stream is over before */
  ask(request: WithoutId<SemaphoreRequest>): Promise<Result> {
    this.#lastRequest += 1n
    const requestId = this.#lastRequest
    return new Promise((resolve, reject) => {
      this.#waiting.set(requestId, resolve)
      void this.ended.then(() => reject(new Error(`no answer to ${request.kind}`)))
      this.send({ ...request, requestId })
    })
  }

  /** Asks for a description without waiting for it. */
  describe(name: string, { requestId }: { requestId: bigint }): void {
    this.send({ ...LOOK, name, requestId })
  }

  /** Asks for a description, and waits for it. */
  async look(name: string): Promise<void> {
    await this.ask({ ...LOOK, name })
  }

  /** Watches the data of a semaphore: its next change is heard. */
  async watch(name: string): Promise<void> {
    await this.ask({ ...LOOK, name, watchData: true })
  }

  /** Asks for one unit, for ever. Resolves when it is held, or this waits in line. */
  async wait(name: string): Promise<void> {
    const { heard } = this
    const queued = new Promise<void>((resolve) => {
      this.heard = (response) => {
        if (response.kind === 'pending') resolve()
        heard(response)
      }
    })
    const held = this.ask({ ...WAIT, name })
    await Promise.race([queued, held])
    // Who leaves the line by leaving hears of no answer.
    held.catch(() => {})
  }

  /** Reads nothing any more. */
  stopReading(): void {
    this.#stream.pause()
  }

  /** Says no more, which is how a client leaves; its session lives for its timeout. */
  leave(): void {
    this.#stream.end()
  }

  /** Ends the session. */
  async stop(): Promise<void> {
    this.send({ kind: 'stop' })
    this.#stream.end()
    await this.ended
  }

  #take(chunk: Buffer): void {
    let bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk])
    while (bytes.length >= FRAME_HEADER_BYTES) {
      const end = FRAME_HEADER_BYTES + bytes.readUInt32BE(1)
      if (bytes.length < end) break
      this.#hear(decodeSessionResponse(bytes.subarray(FRAME_HEADER_BYTES, end)))
      bytes = bytes.subarray(end)
    }
    // A copy: what is left must not keep the whole chunk.
    this.#rest = Buffer.from(bytes)
  }

  #hear(response: SessionResponse): void {
    if (response.kind === 'ping') {
      this.send({ kind: 'pong', opaque: response.opaque })
      return
    }
    this.#lastWord = response
    if (response.kind === 'started') this.#begin(response.sessionId)
    if ('status' in response && 'requestId' in response) {
      this.#waiting.get(response.requestId)?.(response)
      this.#waiting.delete(response.requestId)
    }
    this.heard(response)
  }
}

type WithoutId<R> = R extends unknown ? Omit<R, 'requestId'> : never

/** Sessions on as many connections as they need, a few at a time. */
export class WireCrowd implements AsyncDisposable {
  readonly #connections: WireConnection[]

  private constructor(connections: WireConnection[]) {
    this.#connections = connections
  }

  static async open(port: number, connections: number): Promise<WireCrowd> {
    return new WireCrowd(
      await Promise.all(Array.from({ length: connections }, () => WireConnection.open(port))),
    )
  }

  /**
   * Makes `count` sessions and does `work` with each, `lanes` of them at a time on each connection. Each connection takes an
   * equal share: there is a bound on the streams of one.
   */
  async each(
    options: { path: string; timeoutMs: number; count: number; lanes: number },
    work: (session: WireSession) => Promise<void>,
  ): Promise<void> {
    const share = Math.ceil(options.count / this.#connections.length)
    const crew = async (connection: WireConnection): Promise<void> => {
      let left = share
      const lane = async (): Promise<void> => {
        while (left > 0) {
          left -= 1
          await work(await connection.session(options))
        }
      }
      await Promise.all(Array.from({ length: options.lanes }, lane))
    }
    await Promise.all(this.#connections.map(crew))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const connection of this.#connections) await connection[Symbol.asyncDispose]()
  }
}
