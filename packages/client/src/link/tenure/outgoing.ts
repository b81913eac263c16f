/**
 * What a connection says: whatever is said in one turn of the event loop leaves as one frame.
 *
 * A frame is a row of entries, so what grows too long for one is cut between two of them.
 */
import { type ClientMessage, WireWriter, writeClientMessage } from '@tenure/protocol'

/** No frame of several messages is longer. */
export const FRAME_MAX_BYTES: number = 1024 * 1024
/** A frame of this length takes nothing more. */
const FRAME_FULL_BYTES = 512 * 1024
/** The same for messages: a server reads no further frame while it has much to do, but one that it has read it takes as a whole. */
const FRAME_MESSAGES_MAX = 8_192

export class Outgoing {
  readonly #writer = new WireWriter()
  /** Full frames that wait for the end of the turn, or for the way to open. */
  #frames: Uint8Array[] = []
  #send: ((frame: Uint8Array) => void) | null = null
  #isDue = false
  /** In the frame that is being written. */
  #messages = 0

  /** @throws WireError when the message cannot be written; the others are unharmed */
  add(message: ClientMessage): void {
    const before = this.#writer.length
    try {
      writeClientMessage(this.#writer, message)
    } catch (error) {
      this.#writer.rewind(before)
      throw error
    }
    this.#messages += 1
    if (before > 0 && this.#writer.length > FRAME_MAX_BYTES) this.#cut(before)
    else if (this.#writer.length >= FRAME_FULL_BYTES || this.#messages >= FRAME_MESSAGES_MAX) {
      this.#end()
    }
    if (this.#isDue || this.#send === null) return
    this.#isDue = true
    // What an answer leads to is said in microtasks, and in those that follow from them: the tick comes after the last of them.
    queueMicrotask(this.#schedule)
  }

  /** The way is open: what was said until now leaves, and from now on each turn by itself. */
  open(send: (frame: Uint8Array) => void): void {
    this.#send = send
    this.#flush()
  }

  /** Nothing leaves any more. */
  close(): void {
    this.#send = null
    this.#frames = []
    this.#messages = 0
    this.#writer.take()
  }

  readonly #schedule = (): void => process.nextTick(this.#flush)

  readonly #flush = (): void => {
    this.#isDue = false
    if (this.#send === null) return
    if (this.#writer.length > 0) this.#end()
    const frames = this.#frames
    this.#frames = []
    for (const frame of frames) this.#send?.(frame)
  }

  #end(): void {
    this.#frames.push(this.#writer.take())
    this.#messages = 0
  }

  /** Ends the frame behind its first `length` bytes. */
  #cut(length: number): void {
    const bytes = this.#writer.take()
    this.#messages = 0
    this.#frames.push(bytes.subarray(0, length), bytes.subarray(length))
  }
}
