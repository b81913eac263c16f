/** A moment of a store that another process has open: read from it, page by page. */
import type { Socket } from 'node:net'
import { DamagedError, EngineError } from '../errors.ts'
import { decodeAnswer, encodeQuestion, messagesOf } from './cut-wire.ts'
import type { Page } from './cut-wire.ts'
import { nextKey } from './layout.ts'
import type { Moment } from './moment.ts'

/** A page ends with the row that fills it, which may be as large as a row can be. */
const PAGE_BYTES_MAX = 256 * 1024 * 1024
/** A holder that says nothing for so long is stopped, or hangs. */
const SILENCE_MS = 30_000

export class VisitedMoment implements Moment {
  readonly #place: string
  readonly #socket: Socket
  readonly #answers: AsyncGenerator<Buffer, void, undefined>
  #isSilent = false

  /** @param socket to the holder */
  constructor(place: string, socket: Socket) {
    this.#place = place
    this.#socket = socket
    this.#answers = messagesOf(socket, PAGE_BYTES_MAX)
    socket.setTimeout(SILENCE_MS, () => {
      this.#isSilent = true
      socket.destroy()
    })
  }

  async *rows(first: Buffer, end: Buffer): AsyncIterable<[Uint8Array, Uint8Array]> {
    let start: Buffer | null = first
    while (start !== null) {
      const page: Page = await this.#ask(start, end)
      for (const [key, sealed] of page.rows) yield [key, sealed]
      const last = page.rows.at(-1)
      start = page.isWhole || last === undefined ? null : nextKey(last[0])
    }
  }

  done(): void {
    this.#socket.destroy()
  }

  /** @throws HolderGoneError when the connection has ended without an answer */
  async #ask(first: Buffer, end: Buffer): Promise<Page> {
    const next = await this.#exchange(encodeQuestion({ first, end }))
    if (next === null) throw this.#gone()
    const answer = decodeAnswer(next)
    if ('page' in answer) return answer.page
    throw answer.isDamage ? new DamagedError(answer.failure) : new EngineError(answer.failure)
  }

  async #exchange(question: Buffer): Promise<Buffer | null> {
    try {
      this.#socket.write(question)
      const next = await this.#answers.next()
      return next.done === true ? null : next.value
    } catch (cause) {
      if (cause instanceof EngineError) throw cause
      throw this.#gone(cause)
    }
  }

  #gone(cause?: unknown): EngineError {
    const whose = `the process that has the store ${this.#place} open`
    if (this.#isSilent) {
      return new EngineError(`${whose} has said nothing for ${SILENCE_MS / 1_000} s`, { cause })
    }
    return new HolderGoneError(`${whose} has ended, and its cut with it`, { cause })
  }
}

/** The holder of a store does not answer any more. */
export class HolderGoneError extends EngineError {
  override name = 'HolderGoneError'
}
