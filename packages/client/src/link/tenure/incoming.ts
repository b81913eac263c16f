/**
 * What a connection hears, taken in slices: what one slice leads to leaves before the next slice is taken.
 *
 * A group commit is answered in one frame. Taken as a whole, it would keep this process busy while the server has nothing to do, and what
 * follows from it would reach the server at once, too, so that they would go on to work by turns.
 */
import type { ServerMessage } from '@tenure/protocol'
import type { Clock } from '../../clock.ts'

/** A turn of the event loop costs as much as a few messages. */
const SLICE_MESSAGES = 64

export class Incoming {
  readonly #clock: Clock
  readonly #take: (message: ServerMessage) => void
  #messages: readonly ServerMessage[] = []
  /** Of the first message that was not taken. */
  #next = 0
  #isDue = false

  constructor(clock: Clock, take: (message: ServerMessage) => void) {
    this.#clock = clock
    this.#take = take
  }

  /** Takes the first slice of a frame at once. No more than one frame waits, so a server that says much is not read ahead of. */
  add(messages: readonly ServerMessage[]): void {
    this.takeAll()
    this.#messages = messages
    this.#takeSlice()
  }

  /** Takes all that waits. */
  takeAll(): void {
    this.#takeUntil(this.#messages.length)
  }

  /** Nothing that waits is of interest any more. */
  close(): void {
    this.#messages = []
    this.#next = 0
  }

  #takeSlice(): void {
    this.#takeUntil(this.#next + SLICE_MESSAGES)
    if (this.#isDue || this.#next >= this.#messages.length) return
    this.#isDue = true
    this.#clock.afterInput(this.#turn)
  }

  readonly #turn = (): void => {
    this.#isDue = false
    this.#takeSlice()
  }

  /** Whoever takes a message may close all. */
  #takeUntil(end: number): void {
    while (this.#next < end) {
      const message = this.#messages[this.#next]
      if (message === undefined) break
      this.#next += 1
      this.#take(message)
    }
    if (this.#next >= this.#messages.length) this.close()
  }
}
