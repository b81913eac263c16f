/**
 * The incoming half of a stream of messages: frames out of bytes, handed over as long as they are wanted.
 *
 * While none is wanted the HTTP/2 stream is paused, so the client's sending stops at its flow-control window.
 */
import { WireError } from '@tenure/protocol'
import { type Log, reasonOf } from '../log.ts'
import type { GrpcCall } from './call.ts'
import { FrameReader } from './frames.ts'
import { GRPC, GrpcError, type GrpcStatus } from './status.ts'

export interface IntakeOptions {
  readonly call: GrpcCall
  readonly log: Log
  /** Whether the next message is wanted. */
  readonly ready: () => boolean
  /** Takes one message. @throws WireError or GrpcError when it cannot be one */
  readonly receive: (message: Buffer) => void
  /** Nothing more can be understood: the call is to end so. */
  readonly broken: (status: GrpcStatus, message: string) => void
  /** The largest message; by default that of a client. */
  readonly frameBytesMax?: number
}

export class Intake {
  readonly #options: IntakeOptions
  readonly #reader: FrameReader
  #isPumping = false
  #isPaused = false

  constructor(options: IntakeOptions) {
    this.#options = options
    this.#reader = new FrameReader(options.call.header('grpc-encoding'), options.frameBytesMax)
  }

  push(chunk: Buffer): void {
    this.#reader.push(chunk)
    this.#pump()
  }

  /** Messages are wanted again. */
  resume(): void {
    if (!this.#isPumping) this.#pump()
  }

  /** Hands over what has arrived as long as it is wanted. */
  #pump(): void {
    const { call, ready, receive } = this.#options
    this.#isPumping = true
    try {
      while (ready() && call.isOpen) {
        const message = this.#reader.next()
        if (message === null) break
        receive(message)
      }
    } catch (error) {
      this.#refuse(error)
    } finally {
      this.#isPumping = false
    }
    this.#setPaused(!ready() && call.isOpen)
  }

  #setPaused(isPaused: boolean): void {
    if (isPaused === this.#isPaused) return
    this.#isPaused = isPaused
    if (isPaused) this.#options.call.pause()
    else this.#options.call.resume()
  }

  #refuse(error: unknown): void {
    const { log, broken } = this.#options
    if (error instanceof GrpcError) broken(error.status, error.message)
    else if (error instanceof WireError) broken(GRPC.INVALID_ARGUMENT, error.message)
    else {
      log.error('a stream failed', { reason: reasonOf(error) })
      broken(GRPC.INTERNAL, 'Internal error')
    }
  }
}
