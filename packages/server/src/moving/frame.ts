/**
 * Frames of a backup: each bears the digest of itself and of everything before it.
 *
 * A frame is its length (4 bytes), its kind (1 byte), its content, and the first half of the SHA-256 of the digest before, the length, the kind
 * and the content. So a flipped bit is found where it is, frames that are missing, doubled or have changed places are found, and the digest
 * of the last frame covers all. Numbers are big-endian.
 */
import { createHash } from 'node:crypto'

export type FrameKind = 'head' | 'node' | 'entries' | 'end'

export interface Frame {
  readonly kind: FrameKind
  readonly content: Buffer
}

/** The position in the list is what is written. */
const KINDS: readonly FrameKind[] = ['head', 'node', 'entries', 'end']

const HEAD_BYTES = 5
const DIGEST_BYTES = 16
/** Room for the largest entry that an engine takes, and then some. */
const CONTENT_BYTES_MAX = 96 * 1024 * 1024

/** What is wrong with the bytes of a backup, in words. */
export class FrameFault extends Error {}

/** Where frames come from, or go to: the digest of all that has passed. */
export class Chain {
  #digest: Uint8Array

  /** @param first what stands before the first frame */
  constructor(first: Uint8Array) {
    this.#digest = first
  }

  /** The bytes of the next frame. */
  write(kind: FrameKind, content: Uint8Array): Buffer {
    const head = Buffer.alloc(HEAD_BYTES)
    head.writeUInt32BE(content.length, 0)
    head.writeUInt8(KINDS.indexOf(kind), 4)
    return Buffer.concat([head, content, this.#next(head, content)])
  }

  /** The next frame. @throws FrameFault when it is not the one that was written */
  async read(bytes: ByteReader): Promise<Frame> {
    const head = await bytes.take(HEAD_BYTES)
    const length = head.readUInt32BE(0)
    if (length > CONTENT_BYTES_MAX) throw new FrameFault('a frame is too long to be one')
    const content = await bytes.take(length)
    const digest = await bytes.take(DIGEST_BYTES)
    if (!digest.equals(this.#next(head, content)))
      throw new FrameFault('a frame fails its checksum')
    const kind = KINDS[head.readUInt8(4)]
    if (kind === undefined) throw new FrameFault('there is a frame of a kind that is not known')
    return { kind, content }
  }

  #next(head: Uint8Array, content: Uint8Array): Uint8Array {
    const hash = createHash('sha256').update(this.#digest).update(head).update(content)
    this.#digest = hash.digest().subarray(0, DIGEST_BYTES)
    return this.#digest
  }
}

/** So many bytes as are asked for, out of pieces as they come. */
export class ByteReader {
  readonly #pieces: AsyncIterator<Uint8Array>
  #left: Buffer = Buffer.alloc(0)

  constructor(pieces: AsyncIterable<Uint8Array>) {
    this.#pieces = pieces[Symbol.asyncIterator]()
  }

  /** @throws FrameFault when there are not so many */
  async take(length: number): Promise<Buffer> {
    const taken: Buffer[] = []
    let missing = length
    while (missing > this.#left.length) {
      taken.push(this.#left)
      missing -= this.#left.length
      if (!(await this.#more())) throw new FrameFault('it ends too early')
    }
    taken.push(this.#left.subarray(0, missing))
    this.#left = this.#left.subarray(missing)
    return taken.length === 1 ? (taken[0] ?? Buffer.alloc(0)) : Buffer.concat(taken)
  }

  /** Whether nothing is left. */
  async isAtEnd(): Promise<boolean> {
    while (this.#left.length === 0) if (!(await this.#more())) return true
    return false
  }

  async #more(): Promise<boolean> {
    const next = await this.#pieces.next()
    if (next.done === true) return false
    const { buffer, byteOffset, length } = next.value
    this.#left = Buffer.from(buffer, byteOffset, length)
    return true
  }
}
