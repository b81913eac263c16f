/**
 * A server that is not ours, written after YDB's protocol with grpc-js: it says `timeout_millis` 0 in `session_started`, has one
 * coordination node, and its discovery names an endpoint where nobody listens.
 */
import {
  create,
  type DescMessage,
  fromBinary,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from '@bufbuild/protobuf'
import { anyPack } from '@bufbuild/protobuf/wkt'
import {
  type handleBidiStreamingCall,
  type handleUnaryCall,
  type MethodDefinition,
  Server,
  ServerCredentials,
  type ServerDuplexStream,
} from '@grpc/grpc-js'
import {
  CreateNodeRequestSchema,
  CreateNodeResponseSchema,
  type SessionRequest,
  SessionRequestSchema,
  SessionResponseSchema,
} from '@ydbjs/api/coordination'
import {
  ListEndpointsRequestSchema,
  ListEndpointsResponseSchema,
  ListEndpointsResultSchema,
} from '@ydbjs/api/discovery'
import { StatusIds_StatusCode as Status } from '@ydbjs/api/operation'
import { ForeignNode } from './foreign-node.ts'
import { atEnd } from './ground.ts'

export type Answered = NonNullable<MessageInitShape<typeof SessionResponseSchema>['response']>
type Response = MessageInitShape<typeof SessionResponseSchema>
type Stream = ServerDuplexStream<SessionRequest, Response>
type Start = Extract<SessionRequest['request'], { case: 'sessionStart' }>['value']

interface ForeignSession {
  readonly protectionKey: Uint8Array
  seqNo: bigint
  stream: Stream | null
}

export class ForeignServer {
  readonly #server = new Server()
  readonly #sessions = new Map<bigint, ForeignSession>()
  readonly #node = new ForeignNode((sessionId, message) => this.#tell(sessionId, message))
  #lastSession = 0n
  port = 0
  /** How often somebody asked for endpoints. */
  discoveries = 0
  /** Streams so far. */
  streams = 0

  static async start(): Promise<ForeignServer> {
    const foreign = new ForeignServer()
    const server = foreign.#server
    server.addService(SERVICE, {
      session: foreign.#session,
      createNode: foreign.#createNode,
      listEndpoints: foreign.#listEndpoints,
    })
    foreign.port = await new Promise((resolve, reject) => {
      server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) => {
        if (error === null) resolve(port)
        else reject(error)
      })
    })
    atEnd(() => server.forceShutdown())
    return foreign
  }

  /** Ends all streams as a server does whose leader has moved. */
  failStreams(): void {
    for (const { stream } of this.#sessions.values()) {
      if (stream !== null) fail(stream, Status.UNAVAILABLE)
    }
  }

  get sessions(): number {
    return this.#sessions.size
  }

  #tell(sessionId: bigint, message: Answered): void {
    this.#sessions.get(sessionId)?.stream?.write({ response: message })
  }

  readonly #createNode: handleUnaryCall<
    unknown,
    MessageInitShape<typeof CreateNodeResponseSchema>
  > = (_call, callback) => callback(null, { operation: { ready: true, status: Status.SUCCESS } })

  readonly #listEndpoints: handleUnaryCall<
    unknown,
    MessageInitShape<typeof ListEndpointsResponseSchema>
  > = (_call, callback) => {
    this.discoveries += 1
    const endpoints = [{ address: '127.0.0.1', port: NOBODY_PORT, nodeId: 7 }]
    const result = anyPack(
      ListEndpointsResultSchema,
      create(ListEndpointsResultSchema, { endpoints }),
    )
    callback(null, { operation: { ready: true, status: Status.SUCCESS, result } })
  }

  readonly #session: handleBidiStreamingCall<SessionRequest, Response> = (stream) => {
    this.streams += 1
    let sessionId = 0n
    stream.on('data', ({ request }: SessionRequest) => {
      if (request.case === 'sessionStart') sessionId = this.#start(stream, request.value)
      else this.#ask(stream, sessionId, request)
    })
    const left = (): void => {
      const session = this.#sessions.get(sessionId)
      if (session?.stream === stream) session.stream = null
    }
    stream.on('cancelled', left)
    stream.on('error', left)
    stream.on('end', () => {
      left()
      stream.end()
    })
  }

  /** @returns the session's id; 0 when it was refused */
  #start(stream: Stream, { sessionId, seqNo, protectionKey }: Start): bigint {
    const session = this.#sessions.get(sessionId)
    if (sessionId === 0n) {
      this.#lastSession += 1n
      this.#sessions.set(this.#lastSession, { protectionKey, seqNo, stream })
      return this.#started(stream, this.#lastSession)
    }
    if (session === undefined) return fail(stream, Status.SESSION_EXPIRED)
    const isSame = Buffer.compare(session.protectionKey, protectionKey) === 0
    if (seqNo < session.seqNo || !isSame) return fail(stream, Status.BAD_SESSION)
    if (session.stream !== null) fail(session.stream, Status.BAD_SESSION)
    session.seqNo = seqNo
    session.stream = stream
    this.#node.forgetWatches(sessionId)
    return this.#started(stream, sessionId)
  }

  #started(stream: Stream, sessionId: bigint): bigint {
    stream.write({ response: { case: 'sessionStarted', value: { sessionId, timeoutMillis: 0n } } })
    stream.write({ response: { case: 'ping', value: { opaque: sessionId + 1_000n } } })
    return sessionId
  }

  #ask(stream: Stream, sessionId: bigint, request: SessionRequest['request']): void {
    if (request.case === 'ping') {
      const { opaque } = request.value
      stream.write({ response: { case: 'pong', value: { opaque } } })
    } else if (request.case === 'pong') {
      if (request.value.opaque !== sessionId + 1_000n) fail(stream, Status.BAD_REQUEST)
    } else if (request.case === 'sessionStop') {
      this.#node.forget(sessionId)
      this.#sessions.delete(sessionId)
      stream.write({ response: { case: 'sessionStopped', value: { sessionId } } })
      stream.end()
    } else if (request.case === 'acquireSemaphore') this.#node.acquire(sessionId, request.value)
    else if (request.case === 'releaseSemaphore') this.#node.release(sessionId, request.value)
    else if (request.case === 'describeSemaphore') this.#node.describe(sessionId, request.value)
    else if (request.case === 'createSemaphore') this.#node.create(sessionId, request.value)
    else if (request.case === 'updateSemaphore') this.#node.update(sessionId, request.value)
    else fail(stream, Status.BAD_REQUEST)
  }
}

/** The discard service: nobody listens there. */
const NOBODY_PORT = 9

function fail(stream: Stream, status: Status): bigint {
  stream.write({ response: { case: 'failure', value: { status } } })
  stream.end()
  return 0n
}

interface Schemas<I extends DescMessage, O extends DescMessage> {
  readonly input: I
  readonly output: O
  readonly isStream?: boolean
}

function method<I extends DescMessage, O extends DescMessage>(
  path: string,
  { input, output, isStream = false }: Schemas<I, O>,
): MethodDefinition<MessageShape<I>, MessageInitShape<O>> {
  return {
    path,
    requestStream: isStream,
    responseStream: isStream,
    requestSerialize: (message) => Buffer.from(toBinary(input, message)),
    requestDeserialize: (bytes) => fromBinary(input, bytes),
    responseSerialize: (message) => Buffer.from(toBinary(output, create(output, message))),
    responseDeserialize: () => {
      throw new Error('a server reads no responses')
    },
  }
}

const SERVICE = {
  session: method('/Ydb.Coordination.V1.CoordinationService/Session', {
    input: SessionRequestSchema,
    output: SessionResponseSchema,
    isStream: true,
  }),
  createNode: method('/Ydb.Coordination.V1.CoordinationService/CreateNode', {
    input: CreateNodeRequestSchema,
    output: CreateNodeResponseSchema,
  }),
  listEndpoints: method('/Ydb.Discovery.V1.DiscoveryService/ListEndpoints', {
    input: ListEndpointsRequestSchema,
    output: ListEndpointsResponseSchema,
  }),
}
