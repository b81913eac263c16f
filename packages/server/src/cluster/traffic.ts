/** What passes between this server and the others, counted. */
import type { Event, SessionId } from '@tenure/kernel'

export class Traffic {
  /** Sessions of clients of this server in nodes that other servers have. */
  readonly outward: SessionTotal = new SessionTotal()
  /** Sessions of clients of other servers in nodes that run here. */
  readonly inward: SessionTotal = new SessionTotal()
  /** Commands that were passed on to other servers. */
  commands = 0
  /** Attaches that were answered with the place where the node is. */
  sent = 0
  /** Attaches that are forwarded because the client cannot reach that place. */
  unreached = 0
}

/** Sessions that are attached, on all streams of one direction. */
export class SessionTotal {
  count = 0
}

/** The attached sessions of one stream. */
export class PassingSessions {
  readonly #total: SessionTotal
  readonly #sessions = new Set<SessionId>()

  constructor(total: SessionTotal) {
    this.#total = total
  }

  get isEmpty(): boolean {
    return this.#sessions.size === 0
  }

  /** What is told on the stream says who comes and who goes. */
  told(events: readonly Event[]): void {
    for (const event of events) {
      if (event.kind === 'attached') this.#come(event.session)
      else if (event.kind === 'stopped' || event.kind === 'ended') this.left(event.session)
    }
  }

  left(session: SessionId): void {
    if (this.#sessions.delete(session)) this.#total.count -= 1
  }

  /** The stream is over. */
  close(): void {
    this.#total.count -= this.#sessions.size
    this.#sessions.clear()
  }

  #come(session: SessionId): void {
    if (this.#sessions.has(session)) return
    this.#sessions.add(session)
    this.#total.count += 1
  }
}
