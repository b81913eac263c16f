/**
 * The bytes of a connection of Tenure's own protocol: frames in and out, and the bound of what is unsent.
 *
 * One gRPC message is one frame. What is said within one tick leaves in one frame, as long as it does not become too large.
 */
import {
  decodeClientFrame,
  type ServerMessage,
  WireWriter,
  writeServerMessage,
  FRAME_HEADER_BYTES,
} from '@tenure/protocol'
import type { ServiceContext } from '../services/call.ts'
import {
  type ConnectionError,
  ConnectionStream,
  type ConnectionTransport,
} from '../services/connection/connection-stream.ts'
import { shortened } from '../services/connection/task-translation.ts'
import { CLIENT_CONNECTIONS_MAX } from '../services/limits.ts'
import type { GrpcCall } from './call.ts'
import type { CallHandler } from './grpc-server.ts'
import { HeldStates } from './held-states.ts'
import { Intake } from './intake.ts'
import {
  CONNECTION_CROWDED_BYTES,
  CONNECTION_FRAME_BYTES,
  CONNECTION_STATES_BYTES,
  CONNECTION_UNSENT_BYTES_MAX,
} from './limits.ts'
import { GRPC, GrpcError } from './status.ts'

/** Encoding never waits, so one writer serves all connections. */
const writer = new WireWriter()

/** The connections of one server. */
export class ConnectionCalls {
  readonly #context: ServiceContext
  readonly #open = new Set<ConnectionCall>()

  constructor(context: ServiceContext) {
    this.#context = context
  }

  get size(): number {
    return this.#open.size
  }

  readonly handler: CallHandler = (call) => {
    if (this.#open.size >= CLIENT_CONNECTIONS_MAX) {
      throw new GrpcError(GRPC.RESOURCE_EXHAUSTED, 'Too many connections; try again later')
    }
    const connection = new ConnectionCall(call, this.#context, () => this.#open.delete(connection))
    this.#open.add(connection)
  }

  /** Ends all of them in good order. */
  stop(): void {
    for (const connection of this.#open) connection.stop()
  }
}

class ConnectionCall implements ConnectionTransport {
  readonly #call: GrpcCall
  readonly #intake: Intake
  readonly #connection: ConnectionStream
  /** Parts of the frame that leaves at the end of the tick. */
  #frame: Buffer[] = []
  #frameBytes = 0
  #isOverflown = false
  readonly #held = new HeldStates()

  constructor(call: GrpcCall, context: ServiceContext, closed: () => void) {
    this.#call = call
    const connection = new ConnectionStream(context, call.info, this)
    this.#connection = connection
    this.#intake = new Intake({
      call,
      log: context.log,
      ready: () => connection.ready,
      receive: (message) => connection.receiveFrame(decodeClientFrame(message)),
      broken: (status, message) => {
        connection.left()
        this.#end(status, message)
      },
    })
    call.observe({
      data: (chunk) => this.#intake.push(chunk),
      drained: () => this.#showHeld(),
      halfClosed: () => {
        this.#connection.left()
        this.#end(GRPC.OK)
      },
      closed: () => {
        this.#connection.left()
        closed()
      },
    })
  }

  stop(): void {
    this.#connection.stop()
  }

  send(messages: readonly ServerMessage[]): boolean {
    if (!this.#call.isOpen) return false
    try {
      for (const message of messages) {
        const unsentBytes = this.#call.unsentBytes + this.#frameBytes + writer.length
        if (message.kind === 'shown' && this.#isHeldBack(unsentBytes)) {
          this.#held.hold(message)
          continue
        }
        // A single message may be larger than the bound; what comes behind it may not.
        if (unsentBytes > CONNECTION_UNSENT_BYTES_MAX && !this.#isOverflown) {
          this.#isOverflown = true
          this.#gather(writer.take())
          this.#connection.overflow()
          break
        }
        const isCrowded = unsentBytes > CONNECTION_CROWDED_BYTES
        writeServerMessage(writer, isCrowded ? shortened(message) : message)
        if (this.#frameBytes + writer.length >= CONNECTION_FRAME_BYTES) {
          this.#gather(writer.take())
          this.#flush()
        }
      }
    } finally {
      // Nothing may be left for the next connection.
      this.#gather(writer.take())
    }
    return true
  }

  fail(error: ConnectionError, message: string): void {
    this.#end(GRPC[error], message)
  }

  resume(): void {
    this.#intake.resume()
  }

  /** What waits is followed by nothing newer. */
  #isHeldBack(unsentBytes: number): boolean {
    return !this.#held.isEmpty || unsentBytes > CONNECTION_STATES_BYTES
  }

  #showHeld(): void {
    if (!this.#held.isEmpty) this.send(this.#held.take())
  }

  #gather(bytes: Buffer): void {
    if (bytes.length === 0) return
    if (this.#frameBytes === 0) process.nextTick(() => this.#flush())
    this.#frame.push(bytes)
    this.#frameBytes += bytes.length
  }

  #flush(): void {
    if (this.#frameBytes === 0) return
    const header = Buffer.allocUnsafe(FRAME_HEADER_BYTES)
    header[0] = 0
    header.writeUInt32BE(this.#frameBytes, 1)
    const parts = this.#frame
    this.#frame = []
    this.#frameBytes = 0
    this.#call.write(header)
    for (const part of parts) this.#call.write(part)
  }

  #end(status: (typeof GRPC)[keyof typeof GRPC], message?: string): void {
    this.#flush()
    this.#call.end(status, message)
  }
}
