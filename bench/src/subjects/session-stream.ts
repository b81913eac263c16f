/**
 * One session on one stream of YDB's protocol, without Tenure's client: no retries, no belief, no local queue.
 */
import type { Client, ClientDuplexStream } from '@grpc/grpc-js'
import {
  decodeSessionResponse,
  encodeSessionRequest,
  SESSION,
  STATUS,
  type SemaphoreRequest,
  type SessionRequest,
  type SessionResponse,
} from '@tenure/protocol'

type Without<R, K extends PropertyKey> = R extends unknown ? Omit<R, K> : never
export type Asked = Without<SemaphoreRequest, 'requestId'>
type Result = Extract<SessionResponse, { readonly status: number; readonly requestId: bigint }>

interface Waiting {
  resolve(result: Result): void
  reject(error: Error): void
}

export interface StreamOptions {
  readonly path: string
  readonly timeoutMs: number
}

export class SessionStream {
  readonly #stream: ClientDuplexStream<SessionRequest, SessionResponse>
  readonly #waiting = new Map<bigint, Waiting>()
  readonly #watches = new Map<bigint, () => void>()
  #lastRequest = 0n
  #starting: { resolve(): void; reject(error: Error): void } | null = null

  private constructor(client: Client) {
    this.#stream = client.makeBidiStreamRequest(
      SESSION.path,
      encodeSessionRequest,
      decodeSessionResponse,
    )
    this.#stream.on('data', (response: SessionResponse) => this.#handle(response))
    this.#stream.on('error', (error) => this.#fail(error))
    this.#stream.on('end', () => this.#fail(new Error('the server ended the stream')))
  }

  /** Starts a new session. @throws when the server refuses it */
  static async open(client: Client, options: StreamOptions): Promise<SessionStream> {
    const session = new SessionStream(client)
    const started = new Promise<void>((resolve, reject) => {
      session.#starting = { resolve, reject }
    })
    session.#stream.write({
      kind: 'start',
      path: options.path,
      sessionId: 0n,
      timeoutMs: BigInt(options.timeoutMs),
      description: '',
      sequenceNumber: 1n,
      protectionKey: new Uint8Array(0),
    })
    await started
    return session
  }

  /**
   * @param changed called once when the watch that a describe sets fires
   * @throws when the answer is not SUCCESS
   */
  async ask(asked: Asked, changed?: () => void): Promise<Result> {
    const requestId = ++this.#lastRequest
    const answered = new Promise<Result>((resolve, reject) => {
      this.#waiting.set(requestId, { resolve, reject })
    })
    if (changed !== undefined) this.#watches.set(requestId, changed)
    this.#stream.write({ ...asked, requestId })
    const result = await answered
    if (result.status === STATUS.SUCCESS) return result
    throw new Error(`${asked.kind} ${asked.name}: status ${result.status}`)
  }

  /** Leaves without a word: the session lives on for its timeout. */
  leave(): void {
    this.#stream.cancel()
  }

  #handle(response: SessionResponse): void {
    if (response.kind === 'ping') this.#stream.write({ kind: 'pong', opaque: response.opaque })
    else if (response.kind === 'started') this.#begin()
    else if (response.kind === 'changed') this.#fire(response.requestId)
    else if (response.kind === 'failure') {
      this.#fail(new Error(`the server refused: status ${response.status}`))
    } else if ('status' in response) {
      this.#waiting.get(response.requestId)?.resolve(response)
      this.#waiting.delete(response.requestId)
    }
  }

  #begin(): void {
    this.#starting?.resolve()
    this.#starting = null
  }

  #fire(requestId: bigint): void {
    const changed = this.#watches.get(requestId)
    this.#watches.delete(requestId)
    changed?.()
  }

  #fail(error: Error): void {
    this.#starting?.reject(error)
    this.#starting = null
    for (const waiting of this.#waiting.values()) waiting.reject(error)
    this.#waiting.clear()
  }
}
