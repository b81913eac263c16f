/** The gRPC service of those who handle tasks, at a host and port: one call for each task that is brought. */
import {
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  type ServiceDefinition,
  status,
} from '@grpc/grpc-js'
import { fromBinary, HANDLE_PATH, toBinary } from '@tenure/protocol'
import {
  type DialerMessage,
  DialerMessageSchema,
  type HandlerMessage,
  HandlerMessageSchema,
} from '@tenure/protocol/tenure-v1'
import { systemClock } from '../clock.ts'
import { UnavailableError } from '../errors.ts'
import { systemRandom } from '../random.ts'
import type { TaskHandler } from './hand-out.ts'
import { HandlerCall, type HandlerStream } from './handler-call.ts'

type Call = ServerDuplexStream<DialerMessage, HandlerMessage>

const MESSAGE_MAX_BYTES = 64 * 1024 * 1024
/** A server that is not heard for so long may have given the tasks up that it has brought. */
const OPTIONS = {
  'grpc.keepalive_time_ms': 5_000,
  'grpc.keepalive_timeout_ms': 4_000,
  'grpc.max_receive_message_length': MESSAGE_MAX_BYTES,
  'grpc.max_send_message_length': MESSAGE_MAX_BYTES,
}
/** How long a server that keeps its connection may hold up the end. */
const SHUTDOWN_MS = 1_000

const SERVICE: ServiceDefinition = {
  handle: {
    path: HANDLE_PATH,
    requestStream: true,
    responseStream: true,
    requestSerialize: (message: DialerMessage) =>
      Buffer.from(toBinary(DialerMessageSchema, message)),
    requestDeserialize: (bytes: Buffer) => fromBinary(DialerMessageSchema, bytes),
    responseSerialize: (message: HandlerMessage) =>
      Buffer.from(toBinary(HandlerMessageSchema, message)),
    responseDeserialize: (bytes: Buffer) => fromBinary(HandlerMessageSchema, bytes),
  },
}

export class HandlerServer {
  readonly #handlers: ReadonlyMap<number, TaskHandler>
  readonly #server = new Server(OPTIONS)
  readonly #calls = new Set<HandlerCall>()
  #closing: Promise<void> | null = null

  constructor(handlers: ReadonlyMap<number, TaskHandler>) {
    this.#handlers = handlers
    this.#server.addService(SERVICE, { handle: (call: Call) => this.#take(call) })
  }

  /** @returns the port */
  listen(listen: string): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.bindAsync(listen, ServerCredentials.createInsecure(), (cause, port) => {
        if (cause === null) resolve(port)
        else {
          const message = `cannot listen at ${listen}: ${cause.message}; choose another port`
          reject(new UnavailableError(message, { cause }))
        }
      })
    })
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    const shutDown = new Promise<void>((resolve) => {
      this.#server.tryShutdown(() => resolve())
    })
    await Promise.all([...this.#calls].map(({ done }) => done))
    const timer = systemClock.after(SHUTDOWN_MS, () => this.#server.forceShutdown(), true)
    await shutDown
    timer.cancel()
  }

  #take(stream: Call): void {
    const call = new HandlerCall({
      stream: streamOf(stream),
      clock: systemClock,
      random: systemRandom,
      handlerOf: (theme) => this.#handlers.get(theme),
    })
    this.#calls.add(call)
    void call.done.then(() => this.#calls.delete(call))
    stream.on('data', (message: DialerMessage) => call.hear(message))
    stream.on('cancelled', () => call.over('the server has cancelled the call'))
    stream.on('error', (error) => call.over(error.message))
    stream.on('close', () => call.over('the call has ended'))
  }
}

const STATUS_OF = {
  'unknown-theme': status.UNIMPLEMENTED,
  unfinished: status.ABORTED,
} as const

function streamOf(stream: Call): HandlerStream {
  return {
    write: (message) => void stream.write(message),
    end: () => void stream.end(),
    fail: (kind, details) => void stream.emit('error', { code: STATUS_OF[kind], details }),
  }
}
