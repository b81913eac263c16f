/** What clients send, framed by gRPC and perhaps compressed. */
import { gunzipSync, inflateSync } from 'node:zlib'
import { FrameBuffer, FrameError } from '@tenure/protocol'
import { REQUEST_BYTES_MAX } from './limits.ts'
import { GRPC, GrpcError } from './status.ts'

/** What a client may name in `grpc-encoding`. */
export const ENCODINGS = 'identity,deflate,gzip'

/** Takes bytes as they come and gives whole messages. */
export class FrameReader {
  /** How the client said it compresses; empty when it said nothing. */
  readonly #encoding: string
  readonly #frames: FrameBuffer

  /** @param bytesMax of one message */
  constructor(encoding: string, bytesMax: number = REQUEST_BYTES_MAX) {
    this.#encoding = encoding
    this.#frames = new FrameBuffer(bytesMax)
  }

  /** Whether a part of a message is waiting for its rest. */
  get isEmpty(): boolean {
    return this.#frames.isEmpty
  }

  push(chunk: Buffer): void {
    this.#frames.push(chunk)
  }

  /** @returns the next message, inflated; null until it is whole. @throws GrpcError when there can be none */
  next(): Buffer | null {
    const message = this.#next()
    return message !== null && this.#frames.isCompressed ? this.#inflate(message) : message
  }

  #next(): Buffer | null {
    try {
      return this.#frames.next()
    } catch (error) {
      if (!(error instanceof FrameError)) throw error
      const status = error.reason === 'size' ? GRPC.RESOURCE_EXHAUSTED : GRPC.INTERNAL
      throw new GrpcError(status, error.message)
    }
  }

  #inflate(message: Buffer): Buffer {
    if (this.#encoding === '' || this.#encoding === 'identity') {
      throw new GrpcError(GRPC.INTERNAL, 'Message is compressed, but no encoding was named')
    }
    try {
      const options = { maxOutputLength: REQUEST_BYTES_MAX }
      return this.#encoding === 'gzip'
        ? gunzipSync(message, options)
        : inflateSync(message, options)
    } catch (error) {
      const isLarge = error instanceof RangeError
      throw isLarge
        ? new GrpcError(
            GRPC.RESOURCE_EXHAUSTED,
            `Message is larger than ${REQUEST_BYTES_MAX} bytes`,
          )
        : new GrpcError(GRPC.INTERNAL, 'Message cannot be decompressed')
    }
  }
}

/** @throws GrpcError when the encoding is not one of `ENCODINGS` */
export function assertEncoding(encoding: string): void {
  if (encoding === '' || ENCODINGS.split(',').includes(encoding)) return
  throw new GrpcError(GRPC.UNIMPLEMENTED, 'Messages of this encoding cannot be read')
}
