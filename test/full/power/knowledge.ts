/**
 * What clients know: all that was acknowledged to them or shown to them.
 *
 * A request that was sent and not answered is known neither way; it is left out of both sides until its answer has come.
 */

/** A session that takes one lock and keeps it. */
export interface Held {
  readonly name: string
  readonly sessionId: bigint
  readonly protectionKey: Uint8Array
  readonly token: bigint
}

export interface EndedSession {
  readonly sessionId: bigint
  readonly protectionKey: Uint8Array
}

/** Enough to catch a lost deletion, few enough to ask for each time. */
const GONE_MAX = 40

export class Knowledge {
  /** The largest value of the counter that anybody published with success or read. */
  counter = 0
  /** Names of semaphores that are there; the data of each is its name. */
  readonly made = new Set<string>()
  /** Names of semaphores that were deleted, the latest ones. */
  readonly gone: string[] = []
  readonly held: Held[] = []
  /** Sessions that were closed, the latest ones. */
  readonly ended: EndedSession[] = []
  token = 0n
  sessionId = 0n
  /** How much was acknowledged. */
  answers = 0
  readonly #waiters = new Set<{ readonly at: number; readonly resolve: () => void }>()

  published(value: number): void {
    this.counter = Math.max(this.counter, value)
    this.#answered()
  }

  created(name: string): void {
    this.made.add(name)
    this.#answered()
  }

  /** Until `deleted` nobody knows whether it is there. */
  deleting(name: string): void {
    this.made.delete(name)
  }

  deleted(name: string): void {
    this.gone.push(name)
    if (this.gone.length > GONE_MAX) this.gone.shift()
    this.#answered()
  }

  granted(token: bigint): void {
    if (token > this.token) this.token = token
    this.#answered()
  }

  opened(sessionId: bigint): void {
    if (sessionId > this.sessionId) this.sessionId = sessionId
  }

  keeps(held: Held): void {
    this.held.push(held)
    this.opened(held.sessionId)
    this.granted(held.token)
  }

  closed(session: EndedSession): void {
    this.ended.push(session)
    if (this.ended.length > GONE_MAX) this.ended.shift()
    this.#answered()
  }

  /** Resolves once `count` more requests were answered. */
  more(count: number): Promise<void> {
    return new Promise((resolve) => {
      this.#waiters.add({ at: this.answers + count, resolve })
    })
  }

  /** A copy that does not change. */
  frozen(): Knowledge {
    const copy = new Knowledge()
    for (const name of this.made) copy.made.add(name)
    copy.gone.push(...this.gone)
    copy.held.push(...this.held)
    copy.ended.push(...this.ended)
    const { counter, token, sessionId, answers } = this
    return Object.assign(copy, { counter, token, sessionId, answers })
  }

  #answered(): void {
    this.answers += 1
    for (const waiter of this.#waiters) {
      if (this.answers < waiter.at) continue
      this.#waiters.delete(waiter)
      waiter.resolve()
    }
  }
}
