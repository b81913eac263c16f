/**
 * A client that knows nothing of Tenure: grpc-js and YDB's generated code. What it sees is what any client sees.
 */
import {
  Client,
  credentials,
  type ClientDuplexStream,
  Metadata,
  type ServiceError,
  status as grpcStatus,
} from '@grpc/grpc-js'
import {
  create,
  type DescMessage,
  fromBinary,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from '@bufbuild/protobuf'
import {
  AlterNodeRequestSchema,
  AlterNodeResponseSchema,
  CreateNodeRequestSchema,
  CreateNodeResponseSchema,
  DescribeNodeRequestSchema,
  DescribeNodeResponseSchema,
  DropNodeRequestSchema,
  DropNodeResponseSchema,
  SessionRequestSchema,
  type SessionResponse,
  SessionResponseSchema,
} from '@ydbjs/api/coordination'
import type { Operation } from '@ydbjs/api/operation'

const COORDINATION = '/Ydb.Coordination.V1.CoordinationService'

export type RequestOneof = NonNullable<MessageInitShape<typeof SessionRequestSchema>['request']>
export type ResponseCase = Exclude<SessionResponse['response']['case'], undefined>
export type ResponseValue<C extends ResponseCase> = Extract<
  SessionResponse['response'],
  { case: C }
>['value']

/** How a call ended. */
export interface CallEnd {
  readonly code: grpcStatus
  readonly details: string
}

export class RawClient implements AsyncDisposable {
  readonly #client: Client

  constructor(address: { host: string; port: number }, options: Record<string, number> = {}) {
    this.#client = new Client(`${address.host}:${address.port}`, credentials.createInsecure(), {
      'grpc.max_receive_message_length': 64 * 1024 * 1024,
      'grpc.max_send_message_length': 64 * 1024 * 1024,
      'grpc.use_local_subchannel_pool': 1,
      ...options,
    })
  }

  /** A unary call. @throws ServiceError */
  async call<I extends DescMessage, O extends DescMessage>(
    path: string,
    schemas: { input: I; output: O },
    request: MessageInitShape<I>,
    metadata: Record<string, string> = {},
  ): Promise<MessageShape<O>> {
    const bytes = toBinary(schemas.input, create(schemas.input, request))
    return fromBinary(schemas.output, new Uint8Array(await this.callBytes(path, bytes, metadata)))
  }

  async callBytes(
    path: string,
    bytes: Uint8Array,
    metadata: Record<string, string> = {},
  ): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      this.#client.makeUnaryRequest(
        path,
        (value: Uint8Array) => Buffer.from(value),
        (value: Buffer) => value,
        bytes,
        metadataOf(metadata),
        (error: ServiceError | null, value?: Buffer) => {
          if (value === undefined) reject(error ?? new Error('neither error nor answer'))
          else resolve(value)
        },
      )
    })
  }

  async createNode(path: string, config: object = {}): Promise<Operation> {
    const schemas = { input: CreateNodeRequestSchema, output: CreateNodeResponseSchema }
    return present(await this.call(`${COORDINATION}/CreateNode`, schemas, { path, config }))
  }

  async alterNode(path: string, config: object): Promise<Operation> {
    const schemas = { input: AlterNodeRequestSchema, output: AlterNodeResponseSchema }
    return present(await this.call(`${COORDINATION}/AlterNode`, schemas, { path, config }))
  }

  async dropNode(path: string): Promise<Operation> {
    const schemas = { input: DropNodeRequestSchema, output: DropNodeResponseSchema }
    return present(await this.call(`${COORDINATION}/DropNode`, schemas, { path }))
  }

  async describeNode(path: string): Promise<Operation> {
    const schemas = { input: DescribeNodeRequestSchema, output: DescribeNodeResponseSchema }
    return present(await this.call(`${COORDINATION}/DescribeNode`, schemas, { path }))
  }

  stream(metadata: Record<string, string> = {}): RawStream {
    return new RawStream(
      this.#client.makeBidiStreamRequest(
        `${COORDINATION}/Session`,
        (value: Uint8Array) => Buffer.from(value),
        (value: Buffer) => fromBinary(SessionResponseSchema, new Uint8Array(value)),
        metadataOf(metadata),
      ),
    )
  }

  /** A stream whose session has started; its pings are answered. */
  async session(start: Partial<SessionStart> = {}): Promise<RawStream> {
    const stream = this.stream()
    stream.start(start)
    await stream.next('sessionStarted')
    return stream
  }

  close(): void {
    this.#client.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close()
  }
}

export interface SessionStart {
  path: string
  sessionId: bigint
  timeoutMillis: bigint
  description: string
  seqNo: bigint
  protectionKey: Uint8Array
}

function present({ operation }: { operation?: Operation }): Operation {
  if (operation === undefined) throw new Error('no operation')
  return operation
}

const WAIT_MS = 5_000

/** One session stream. Messages wait here until a test asks for them. */
export class RawStream {
  readonly #stream: ClientDuplexStream<Uint8Array, SessionResponse>
  readonly #received: SessionResponse['response'][] = []
  #wake: () => void = () => {}
  /** Resolves when the call is over. */
  readonly ended: Promise<CallEnd>
  /** Answer pings. */
  answers = true
  sessionId = 0n
  lastPing = 0n

  constructor(stream: ClientDuplexStream<Uint8Array, SessionResponse>) {
    this.#stream = stream
    stream.on('data', (message: SessionResponse) => this.#take(message.response))
    stream.on('error', () => {})
    this.ended = new Promise((resolve) => {
      stream.on('status', ({ code, details }) => resolve({ code, details }))
    })
    void this.ended.then(() => this.#wake())
  }

  #take(response: SessionResponse['response']): void {
    if (response.case === 'ping') {
      this.lastPing = response.value.opaque
      if (this.answers) {
        this.send({ case: 'pong', value: { opaque: response.value.opaque } })
        return
      }
    }
    if (response.case === 'sessionStarted') this.sessionId = response.value.sessionId
    this.#received.push(response)
    this.#wake()
  }

  send(request: RequestOneof): void {
    this.sendBytes(toBinary(SessionRequestSchema, create(SessionRequestSchema, { request })))
  }

  sendBytes(bytes: Uint8Array): boolean {
    return this.#stream.write(bytes)
  }

  start(start: Partial<SessionStart> = {}): void {
    const value = { path: '/local/node', timeoutMillis: 5_000n, ...start }
    this.send({ case: 'sessionStart', value })
  }

  /** The next message, whatever it is. */
  async take(): Promise<SessionResponse['response']> {
    for (;;) {
      const response = this.#received.shift()
      if (response !== undefined) return response
      let timer: NodeJS.Timeout | undefined
      const woken = new Promise<boolean>((resolve) => {
        this.#wake = () => resolve(true)
        timer = setTimeout(() => resolve(false), WAIT_MS)
      })
      const over = this.ended.then(() => true)
      const isOver = await Promise.race([woken, over])
      clearTimeout(timer)
      if (!isOver) throw new Error('no message has come')
      if (this.#received.length === 0 && (await isSettled(this.ended))) {
        throw new Error('the stream is over')
      }
    }
  }

  /** The next message, which must be of this kind. */
  async next<C extends ResponseCase>(kind: C): Promise<ResponseValue<C>> {
    return valueOf(await this.take(), kind)
  }

  /** The kinds of all that has come and was not taken yet. */
  get waiting(): readonly (ResponseCase | undefined)[] {
    return this.#received.map((response) => response.case)
  }

  pause(): void {
    this.#stream.pause()
  }

  resume(): void {
    this.#stream.resume()
  }

  halfClose(): void {
    this.#stream.end()
  }

  cancel(): void {
    this.#stream.cancel()
  }
}

function valueOf<C extends ResponseCase>(
  response: SessionResponse['response'],
  kind: C,
): ResponseValue<C> {
  const value: unknown = response.value
  if (!isValueOf(value, response.case, kind)) {
    throw new Error(`expected ${kind}, got ${response.case}: ${show(value)}`)
  }
  return value
}

function isValueOf<C extends ResponseCase>(
  _value: unknown,
  actual: ResponseCase | undefined,
  expected: C,
): _value is ResponseValue<C> {
  return actual === expected
}

function show(value: unknown): string {
  return JSON.stringify(value, (_key, one: unknown) => (typeof one === 'bigint' ? `${one}` : one))
}

async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  const open = Symbol('open')
  return (await Promise.race([promise, Promise.resolve(open)])) !== open
}

function metadataOf(values: Record<string, string>): Metadata {
  const metadata = new Metadata()
  for (const [name, value] of Object.entries(values)) metadata.set(name, value)
  return metadata
}
