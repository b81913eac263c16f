/**
 * The time that the session of a pipe spends on one attachment: what the server calls an operator.
 *
 * Its tasks are driven here for exactly so long. When it is over, the server stores them, or has done so: what was sent and not answered may
 * have been done or not, and is not sent again.
 */
import type { TaskOperation } from '@tenure/protocol'
import type { Clock } from '../clock.ts'
import type { Answer, Attachment, News, Refusal } from '../link/link.ts'
import { LinkedSet } from '../linked-set.ts'
import type { Random } from '../random.ts'
import { Tether } from './tether.ts'
import { Lost, type Way } from './way.ts'

export interface StayOptions {
  readonly attachment: Attachment
  readonly clock: Clock
  readonly random: Random
  /** The server may have taken the client for silent. */
  readonly silent: () => void
  /** An answer says that the session is not this client's any more. */
  readonly refused: (refusal: Refusal) => void
}

type Hear = (why: string) => void

export class Stay implements Way {
  readonly clock: Clock
  readonly random: Random
  readonly #options: StayOptions
  readonly #tether: Tether
  /** Who waits for an answer, in the order of sending. */
  readonly #waiting = new LinkedSet<Hear>()
  /** Who must know the end. */
  readonly #dependents = new LinkedSet<Hear>()
  #why: string | null = null

  constructor(options: StayOptions) {
    this.#options = options
    this.clock = options.clock
    this.random = options.random
    this.#tether = new Tether(options.clock, options.silent)
  }

  get isOver(): boolean {
    return this.#why !== null
  }

  ask(operation: TaskOperation): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.check()
      if (this.#why !== null) {
        reject(new Lost(this.#why, false))
        return
      }
      const place = this.#waiting.add((why) => reject(new Lost(why, true)))
      if (this.#waiting.size === 1) this.clock.hold()
      this.send(operation, (answer) => {
        if (!this.#waiting.delete(place)) return
        if (this.#waiting.size === 0) this.clock.letGo()
        resolve(answer)
      })
    })
  }

  /**
   * Sends one operation.
   *
   * @param answered not called when the stay is over before
   * @param told as with `Attachment.send`; not called when the stay is over, though the attachment may go on for a moment
   * @returns names it for `stop-handling`
   */
  send(
    operation: TaskOperation,
    answered: (answer: Answer) => void,
    told?: (news: News) => void,
  ): number {
    const heard = (answer: Answer): void => {
      if (this.#why !== null) return
      if (isOfLostSession(answer)) this.#options.refused(answer)
      if (this.#why === null) answered(answer)
    }
    const news =
      told &&
      ((what: News): void => {
        if (this.#why === null) told(what)
      })
    return this.#options.attachment.send(operation, heard, news)
  }

  onLost(lost: Hear): () => void {
    if (this.#why !== null) {
      lost(this.#why)
      return () => {}
    }
    const place = this.#dependents.add(lost)
    return () => {
      this.#dependents.delete(place)
    }
  }

  /** The server does not give the client up before this, by the client's clock. */
  hold(deadlineMs: number): void {
    this.#tether.hold(deadlineMs)
  }

  check(): void {
    this.#tether.check()
  }

  /** @param why such as `the connection to … was lost` */
  end(why: string): void {
    if (this.#why !== null) return
    this.#why = why
    this.#tether.cut()
    if (this.#waiting.size > 0) this.clock.letGo()
    const hearers = [...this.#dependents, ...this.#waiting]
    this.#dependents.clear()
    this.#waiting.clear()
    for (const hear of hearers) hear(why)
  }
}

function isOfLostSession(answer: Answer): answer is Refusal {
  if (answer.kind !== 'refused') return false
  return answer.code === 'SESSION_EXPIRED' || answer.code === 'BAD_SESSION'
}
