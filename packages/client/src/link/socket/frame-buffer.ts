/** gRPC's framing, read: bytes as they come, whole messages out. */

const HEADER_BYTES = 5

export class FrameBuffer {
  readonly #bytesMax: number
  #chunks: Buffer[] = []
  #available = 0
  /** Bytes that must be there before the next look is worth it. */
  #wanted = HEADER_BYTES

  /** @param bytesMax of one message */
  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
  }

  push(chunk: Buffer): void {
    this.#chunks.push(chunk)
    this.#available += chunk.length
  }

  /** @returns the next message; null until it is whole. @throws Error for what is no message, or one too large */
  next(): Uint8Array | null {
    if (this.#available < this.#wanted) return null
    const bytes = this.#joined()
    if (bytes[0] !== 0) throw new Error('a message is compressed, though nobody has asked for that')
    const length = bytes.readUInt32BE(1)
    if (length > this.#bytesMax) {
      throw new Error(`a message has ${length} bytes, at most ${this.#bytesMax} are taken`)
    }
    const end = HEADER_BYTES + length
    if (bytes.length < end) {
      this.#wanted = end
      return null
    }
    this.#wanted = HEADER_BYTES
    this.#available -= end
    this.#chunks = this.#available === 0 ? [] : [bytes.subarray(end)]
    return bytes.subarray(HEADER_BYTES, end)
  }

  #joined(): Buffer {
    const [first] = this.#chunks
    if (first !== undefined && this.#chunks.length === 1) return first
    const joined = Buffer.concat(this.#chunks, this.#available)
    this.#chunks = [joined]
    return joined
  }
}
