/**
 * The session in which the log of one coordination node is asked: opened on first use, opened anew when it is lost.
 *
 * A program does not see it. It is short, so that contact is made often: the server gives a silent client up after two of the periods
 * that it was told, and stores its tasks. What has not been sent goes on in the next stay, what was sent does not.
 */
import type { TaskOperation } from '@tenure/protocol'
import { nothing, onAbort } from '../abort.ts'
import type { Timer } from '../clock.ts'
import { UnavailableError } from '../errors.ts'
import type { Answer, Attachment, Started } from '../link/link.ts'
import { LinkedSet, type Place } from '../linked-set.ts'
import type { SessionGround } from '../session.ts'
import { marginMsOf } from '../session/belief.ts'
import { HiddenSession } from '../session/hidden-session.ts'
import { Stay } from './stay.ts'
import { Lost } from './way.ts'

/** Who wants something of every stay. */
export interface Follower {
  arrived(stay: Stay): void
  /** There will be no stay again, for this reason. */
  failed(error: unknown): void
}

/** What begins with a stay and needs none before. */
export interface Asking {
  readonly operation: TaskOperation
  /** What is asked, for messages: `cannot open a task of theme 7`. */
  readonly asked: () => string
  /** Called with the answer when nobody waits for it any more. */
  readonly late: (heard: Heard) => void
}

export interface Heard {
  readonly stay: Stay
  readonly answer: Answer
}

interface Waiting {
  readonly asking: Asking
  resolve(heard: Heard): void
  reject(error: unknown): void
  isSent: boolean
  deafen: () => void
  timer: Timer | null
  place: Place<Waiting> | null
}

/** How long a call waits for a server that is away. */
export const CALL_TIMEOUT_MS = 10_000

const SESSION_TIMEOUT_MS = 10_000
const TERMS = {
  feature: 'log',
  isOffered: ({ hasLog }: Started): boolean => hasLog,
  options: { description: 'log', timeout: SESSION_TIMEOUT_MS },
  partsQuietly: false,
}

export class PipeSession {
  readonly path: string
  readonly ground: SessionGround
  readonly #session: HiddenSession
  /** In the order in which they were asked. */
  readonly #waiting = new LinkedSet<Waiting>()
  readonly #followers = new Set<Follower>()
  #stay: Stay | null = null

  /** @param path checked */
  constructor(ground: SessionGround, path: string) {
    this.ground = ground
    this.path = path
    this.#session = new HiddenSession(ground, path, TERMS, {
      isWanted: () => this.#waiting.size > 0 || this.#followers.size > 0,
      heartbeatMs: () => Infinity,
      opened: nothing,
      attached: (attachment) => this.#arrive(attachment),
      detached: () => this.#depart(`the connection to ${ground.link.address} was lost`),
      contact: nothing,
      kept: (untilMs, spanMs) => this.#stay?.hold(untilMs - marginMsOf(spanMs)),
      noticed: nothing,
      lost: () => this.#depart('the session was lost'),
      failed: (error) => this.#failAll(error),
    })
  }

  /** Aborts when the client is closed. */
  get closed(): AbortSignal {
    return this.#session.closed
  }

  /** The server's host, and what it has said of late, for errors. */
  get cause(): { readonly cause?: unknown } {
    return this.#session.cause
  }

  /**
   * Asks in this stay or the next one. Rejects with the reason of `signal`; UnavailableError when no answer came, which says whether it may
   * have been done.
   */
  ask(asking: Asking, signal?: AbortSignal): Promise<Heard> {
    return new Promise((resolve, reject) => {
      const { closed } = this
      if (signal?.aborted === true || closed.aborted) {
        reject(signal?.aborted === true ? signal.reason : closed.reason)
        return
      }
      const waiting: Waiting = {
        asking,
        resolve,
        reject,
        isSent: false,
        deafen: nothing,
        timer: null,
        place: null,
      }
      waiting.deafen = onAbort(signal, (reason) => this.#giveUp(waiting, reason))
      const late = (): void => this.#giveUp(waiting, this.#late(waiting))
      waiting.timer = this.ground.clock.after(CALL_TIMEOUT_MS, late, true)
      waiting.place = this.#waiting.add(waiting)
      this.#pass(waiting)
    })
  }

  /** From now on there is a stay for this one. It is told of the present one at once. */
  enlist(follower: Follower): void {
    this.#followers.add(follower)
    if (this.#stay === null) this.#session.open()
    else follower.arrived(this.#stay)
  }

  dismiss(follower: Follower, reason: unknown): void {
    this.#followers.delete(follower)
    this.#session.relent(reason)
  }

  /** Ends the session and whatever is under way. Never rejects. */
  close(reason: Error): Promise<void> {
    return this.#session.close(reason)
  }

  #arrive(attachment: Attachment): void {
    const { clock, random, link } = this.ground
    const silence = `nothing was heard from ${link.address} for so long that it may have given this client up`
    const stay: Stay = new Stay({
      attachment,
      clock,
      random,
      silent: () => {
        if (this.#stay !== stay) return
        this.#depart(silence)
        this.#session.renew()
      },
      refused: (refusal) => {
        if (this.#stay === stay) this.#session.connection?.lose(refusal)
      },
    })
    this.#stay = stay
    for (const follower of Array.from(this.#followers)) {
      if (this.#stay === stay) follower.arrived(stay)
    }
    for (const waiting of this.#waiting) {
      if (this.#stay === stay && !waiting.isSent) this.#pass(waiting)
    }
  }

  #depart(why: string): void {
    const stay = this.#stay
    this.#stay = null
    stay?.end(why)
  }

  #pass(waiting: Waiting): void {
    const stay = this.#stay
    if (stay === null) {
      this.#session.open()
      return
    }
    waiting.isSent = true
    stay.ask(waiting.asking.operation).then(
      (answer) => this.#answered(waiting, { stay, answer }),
      (error: unknown) => this.#orphaned(waiting, error),
    )
  }

  #answered(waiting: Waiting, heard: Heard): void {
    if (this.#leave(waiting)) waiting.resolve(heard)
    else waiting.asking.late(heard)
  }

  #orphaned(waiting: Waiting, error: unknown): void {
    if (error instanceof Lost && !error.isSent) {
      waiting.isSent = false
      if (waiting.place?.set === this.#waiting) this.#pass(waiting)
    } else if (this.#leave(waiting)) {
      waiting.reject(error instanceof Lost ? this.#unknown(waiting, error.message) : error)
    }
  }

  #giveUp(waiting: Waiting, reason: unknown): void {
    if (!this.#leave(waiting)) return
    waiting.reject(reason)
    this.#session.relent(reason)
  }

  /** @returns false when nobody waits for it any more */
  #leave(waiting: Waiting): boolean {
    waiting.deafen()
    waiting.timer?.cancel()
    return this.#waiting.delete(waiting.place)
  }

  #failAll(error: unknown): void {
    this.#depart(error instanceof Error ? error.message : 'the session was lost')
    for (const follower of Array.from(this.#followers)) follower.failed(error)
    this.#followers.clear()
    for (const waiting of this.#waiting) {
      if (this.#leave(waiting)) waiting.reject(error)
    }
  }

  #late(waiting: Waiting): Error {
    const why = `no answer from ${this.ground.link.address} in ${CALL_TIMEOUT_MS} ms`
    if (waiting.isSent) return this.#unknown(waiting, why)
    return new UnavailableError(`${waiting.asking.asked()}: ${why}; it was not done`, this.cause)
  }

  #unknown({ asking }: Waiting, why: string): Error {
    const message = `${asking.asked()}: ${why}, so its outcome is unknown: if it was done, the task was stored and comes back to a handler`
    return new UnavailableError(message, this.cause)
  }
}
