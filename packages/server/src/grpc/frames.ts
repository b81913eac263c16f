/** gRPC's framing: a flag, a length, a message. */
import { gunzipSync, inflateSync } from 'node:zlib'
import { REQUEST_BYTES_MAX } from './limits.ts'
import { GRPC, GrpcError } from './status.ts'

export const FRAME_HEADER_BYTES = 5

/** What a client may name in `grpc-encoding`. */
export const ENCODINGS = 'identity,deflate,gzip'

const EMPTY = Buffer.alloc(0)

/** Takes bytes as they come and gives whole messages. */
export class FrameReader {
  /** How the client said it compresses; empty when it said nothing. */
  readonly #encoding: string
  readonly #bytesMax: number
  #chunks: Buffer[] = []
  #available = 0
  /** Bytes still to come before the next look is worth it. */
  #wanted = FRAME_HEADER_BYTES

  /** @param bytesMax of one message */
  constructor(encoding: string, bytesMax: number = REQUEST_BYTES_MAX) {
    this.#encoding = encoding
    this.#bytesMax = bytesMax
  }

  /** Whether a part of a message is waiting for its rest. */
  get isEmpty(): boolean {
    return this.#available === 0
  }

  push(chunk: Buffer): void {
    this.#chunks.push(chunk)
    this.#available += chunk.length
  }

  /** @returns the next message, inflated; null until it is whole. @throws GrpcError when there can be none */
  next(): Buffer | null {
    if (this.#available < this.#wanted) return null
    const bytes = this.#joined()
    const flag = bytes[0] ?? 0
    const length = bytes.readUInt32BE(1)
    if (flag > 1) throw new GrpcError(GRPC.INTERNAL, 'Frame has an unknown flag')
    if (length > this.#bytesMax) {
      const sizes = `${length} vs. ${this.#bytesMax}`
      throw new GrpcError(GRPC.RESOURCE_EXHAUSTED, `Received message larger than max (${sizes})`)
    }
    const end = FRAME_HEADER_BYTES + length
    if (bytes.length < end) {
      this.#wanted = end
      return null
    }
    this.#wanted = FRAME_HEADER_BYTES
    this.#available -= end
    this.#chunks = this.#available === 0 ? [] : [bytes.subarray(end)]
    const message = bytes.subarray(FRAME_HEADER_BYTES, end)
    return flag === 1 ? this.#inflate(message) : message
  }

  #joined(): Buffer {
    const [first = EMPTY] = this.#chunks
    if (this.#chunks.length === 1) return first
    const joined = Buffer.concat(this.#chunks, this.#available)
    this.#chunks = [joined]
    return joined
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

/** One message as a frame. */
export function frameOf(message: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(FRAME_HEADER_BYTES + message.length)
  frame[0] = 0
  frame.writeUInt32BE(message.length, 1)
  frame.set(message, FRAME_HEADER_BYTES)
  return frame
}
