/**
 * One attempt to put a session onto the server that has its node.
 *
 *   known place ──► a server of the address ──► where that sends us ──► … ──► started
 *                                │ cannot be reached
 *                                └──► the server of the address, which forwards
 *
 * Before the session has started nothing of it is anywhere, so each station of the way is a whole attach of its own.
 */
import type { Clock, Timer } from '../../clock.ts'
import type {
  Answer,
  Attachment,
  AttachmentEnd,
  AttachmentListener,
  AttachRequest,
  News,
  Request,
  Started,
} from '../link.ts'
import { PATIENCE_MIN_MS } from '../patience.ts'
import { TenureAttachment } from './attachment.ts'
import type { TenureConnection } from './connection.ts'
import type { Roads } from './roads.ts'
import type { ServerPlace } from './tenant.ts'

/** Servers that see the others differently for a moment may send a client to and fro: then it tries again later. */
const SENT_MAX = 4
/** How long a server that nobody has to go to may take to greet: less when the session is in a hurry. */
const GREETING_MAX_MS = 1_000

interface Station {
  readonly connection: TenureConnection
  /** null for a server of the link's address. */
  readonly place: ServerPlace | null
  /** What the server there is told that it cannot be left to. */
  readonly unreached: string
}

export class DirectedAttachment implements Attachment {
  readonly #clock: Clock
  readonly #roads: Roads
  readonly #request: AttachRequest
  readonly #listener: AttachmentListener
  #station: Station
  #inner: TenureAttachment
  #heartbeatMs: number
  #sent = 0
  #isStarted = false
  #hasTriedAnother = false
  #greeting: Timer | null = null

  /** @param request whose path is absolute */
  constructor(
    ground: { readonly clock: Clock; readonly roads: Roads },
    request: AttachRequest,
    listener: AttachmentListener,
  ) {
    this.#clock = ground.clock
    this.#roads = ground.roads
    this.#request = request
    this.#listener = listener
    this.#heartbeatMs = request.heartbeatMs
    const known = this.#roads.placeOf(request.path)
    this.#station = (known && this.#at(known)) ?? this.#home('')
    this.#inner = this.#attach()
  }

  send(request: Request, answer: (answer: Answer) => void, told?: (news: News) => void): number {
    return this.#inner.send(request, answer, told)
  }

  forget(sent: number): void {
    this.#inner.forget(sent)
  }

  hurry(heartbeatMs: number): void {
    this.#heartbeatMs = Math.min(this.#heartbeatMs, heartbeatMs)
    this.#inner.hurry(heartbeatMs)
  }

  stop(): void {
    this.#inner.stop()
  }

  leave(): void {
    this.#greeting?.cancel()
    this.#inner.leave()
  }

  #home(unreached: string): Station {
    return { connection: this.#roads.home(), place: null, unreached }
  }

  #at(place: ServerPlace): Station | null {
    const connection = this.#roads.to(place)
    return connection === null ? null : { connection, place, unreached: '' }
  }

  #attach(): TenureAttachment {
    const { connection, place, unreached } = this.#station
    const listener = this.#listener
    if (place !== null && !connection.isGreeted) this.#awaitGreeting(connection)
    const request = { ...this.#request, heartbeatMs: this.#heartbeatMs, unreached }
    return new TenureAttachment({ clock: this.#clock, connection }, request, {
      started: (started) => this.#started(started),
      contact: (sentAtMs) => listener.contact(sentAtMs),
      noticed: (notice) => listener.noticed(notice),
      kept: (untilMs, spanMs) => listener.kept?.(untilMs, spanMs),
      elsewhere: (next) => this.#sentTo(next),
      ended: (end) => this.#ended(end),
    })
  }

  #goOn(station: Station): void {
    this.#greeting?.cancel()
    this.#station = station
    this.#inner = this.#attach()
  }

  #started(started: Started): void {
    const { place } = this.#station
    this.#greeting?.cancel()
    this.#isStarted = true
    if (place !== null) this.#roads.reached(place)
    this.#listener.started(started)
  }

  #awaitGreeting(connection: TenureConnection): void {
    const patienceMs = Math.min(GREETING_MAX_MS, Math.max(PATIENCE_MIN_MS, this.#heartbeatMs))
    this.#greeting = this.#clock.after(patienceMs, () => {
      if (!connection.isGreeted) connection.giveUp()
    })
  }

  #sentTo(place: ServerPlace): void {
    const { path } = this.#request
    this.#sent += 1
    if (this.#sent > SENT_MAX) {
      this.#roads.forget(path)
      const cause = new Error(`the servers have sent the session about ${SENT_MAX} times`)
      return this.#listener.ended({ kind: 'broken', cause })
    }
    const station = this.#at(place)
    if (station === null) this.#goAround(place)
    else {
      this.#roads.learn(path, place)
      this.#goOn(station)
    }
  }

  /** The server that has the node, or had it, cannot be reached. */
  #goAround({ server }: ServerPlace): void {
    this.#roads.forget(this.#request.path)
    this.#goOn(this.#home(server))
  }

  #ended(end: AttachmentEnd): void {
    const { connection, place } = this.#station
    const isUnreached = !this.#isStarted && !connection.isGreeted
    if (place !== null && isUnreached) {
      this.#roads.lost(place, connection)
      this.#goAround(place)
    } else if (place !== null && !this.#isStarted && isUnauthorized(end)) {
      // A token may be good only at the server that has given it out.
      this.#roads.shun(place)
      this.#goAround(place)
    } else {
      if (place !== null) this.#roads.forget(this.#request.path)
      if (!isUnreached || end.kind !== 'broken' || !this.#triesAnother()) this.#listener.ended(end)
    }
  }

  /** Those of the address do not answer; any other server knows as much. */
  #triesAnother(): boolean {
    const connection = this.#hasTriedAnother ? null : this.#roads.another()
    if (connection === null) return false
    this.#hasTriedAnother = true
    // An attach that still waits there would take the session from the one that follows.
    this.#station.connection.giveUp()
    this.#goOn({ connection, place: null, unreached: this.#station.unreached })
    return true
  }
}

function isUnauthorized(end: AttachmentEnd): boolean {
  return end.kind === 'refused' && end.refusal.code === 'UNAUTHORIZED'
}
