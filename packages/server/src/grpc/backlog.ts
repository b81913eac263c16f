/**
 * What one stream could not be sent yet, in blocks of its own.
 *
 * Frames come as parts of a buffer that serves all streams. A part that has to wait would keep the whole buffer in memory,
 * and with it what others were sent long ago; so what waits is copied.
 */

/** The first block of a backlog; each next one is as large as all before it, up to the bound. */
const BLOCK_MIN_BYTES = 512
const BLOCK_MAX_BYTES = 64 * 1024

interface Block {
  readonly bytes: Buffer
  used: number
}

export class Backlog {
  readonly #blocks: Block[] = []
  #bytes = 0

  get bytes(): number {
    return this.#bytes
  }

  /** Appends a copy. */
  add(frames: Buffer): void {
    const block = this.#roomFor(frames.length)
    frames.copy(block.bytes, block.used)
    block.used += frames.length
    this.#bytes += frames.length
  }

  /** Takes some of it out, oldest first; null when there is nothing. */
  take(): Buffer | null {
    const block = this.#blocks.shift()
    if (block === undefined) return null
    this.#bytes -= block.used
    return block.bytes.subarray(0, block.used)
  }

  #roomFor(length: number): Block {
    const last = this.#blocks.at(-1)
    if (last !== undefined && last.bytes.length - last.used >= length) return last
    const wanted = Math.min(BLOCK_MAX_BYTES, Math.max(BLOCK_MIN_BYTES, this.#bytes))
    // Not from Node's pool, which would be kept in its turn.
    const block = { bytes: Buffer.allocUnsafeSlow(Math.max(length, wanted)), used: 0 }
    this.#blocks.push(block)
    return block
  }
}
