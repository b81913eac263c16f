/** gRPC's framing: a flag, a length, a message. */

export const FRAME_HEADER_BYTES = 5

const EMPTY = Buffer.alloc(0)

/** What arrives is no frame, or one too large. */
export class FrameError extends Error {
  override name = 'FrameError'
  readonly reason: 'flag' | 'size'

  constructor(reason: 'flag' | 'size', message: string) {
    super(message)
    this.reason = reason
  }
}

/** Takes bytes as they come and gives whole messages. */
export class FrameBuffer {
  readonly #bytesMax: number
  #chunks: Buffer[] = []
  #available = 0
  /** Bytes that must be there before the next look is worth it. */
  #wanted = FRAME_HEADER_BYTES
  #isCompressed = false

  /** @param bytesMax of one message */
  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
  }

  /** Whether nothing is waiting for its rest. */
  get isEmpty(): boolean {
    return this.#available === 0
  }

  /** Of the message that was given last. */
  get isCompressed(): boolean {
    return this.#isCompressed
  }

  push(chunk: Buffer): void {
    this.#chunks.push(chunk)
    this.#available += chunk.length
  }

  /** @returns the next message; null until it is whole. @throws FrameError when there can be none */
  next(): Buffer | null {
    if (this.#available < this.#wanted) return null
    const bytes = this.#joined()
    const flag = bytes[0] ?? 0
    if (flag > 1) throw new FrameError('flag', 'Frame has an unknown flag')
    const length = bytes.readUInt32BE(1)
    if (length > this.#bytesMax) {
      const sizes = `${length} vs. ${this.#bytesMax}`
      throw new FrameError('size', `Received message larger than max (${sizes})`)
    }
    const end = FRAME_HEADER_BYTES + length
    if (bytes.length < end) {
      this.#wanted = end
      return null
    }
    this.#wanted = FRAME_HEADER_BYTES
    this.#available -= end
    this.#chunks = this.#available === 0 ? [] : [bytes.subarray(end)]
    this.#isCompressed = flag === 1
    return bytes.subarray(FRAME_HEADER_BYTES, end)
  }

  #joined(): Buffer {
    const [first = EMPTY] = this.#chunks
    if (this.#chunks.length === 1) return first
    const joined = Buffer.concat(this.#chunks, this.#available)
    this.#chunks = [joined]
    return joined
  }
}

/** One message as a frame. */
export function frameOf(message: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(FRAME_HEADER_BYTES + message.length)
  frame[0] = 0
  frame.writeUInt32BE(message.length, 1)
  frame.set(message, FRAME_HEADER_BYTES)
  return frame
}
