/** One session on a connection of Tenure's own protocol. */
import type { Reply, SessionEnded, SessionNotice } from '@tenure/protocol'
import type { Clock, Timer } from '../../clock.ts'
import { LinkedSet, type Place } from '../../linked-set.ts'
import { copyOf } from '../description.ts'
import type {
  Answer,
  Attachment,
  AttachmentEnd,
  AttachmentListener,
  Description,
  News,
  Request,
  Started,
} from '../link.ts'
import { PARTING_MS, startTimeoutMs } from '../patience.ts'
import { answerOf } from './answer.ts'
import type { TenureConnection } from './connection.ts'
import type { Capabilities, DirectedRequest, ServerPlace, SessionAsker, Tenant } from './tenant.ts'

/** Hears besides that the session has to be put on another server. */
export interface DirectedListener extends AttachmentListener {
  /** The last call. */
  elsewhere(place: ServerPlace): void
}

/** What names no request. */
const NOTHING_SENT = 0
/** What this protocol offers beyond YDB's, always. */
const OFFERED: Omit<Started, 'sessionId' | keyof Capabilities> = {
  watchAbsent: true,
  numbersChanges: true,
  createsOnAcquire: true,
}
/** A server gives up who was silent for so many of the periods that were declared. */
const SILENT_PERIODS = 2

/** One request until nothing more comes for it. */
class Asked implements SessionAsker {
  readonly #attachment: TenureAttachment
  readonly #answer: (answer: Answer) => void
  readonly #told: ((news: News) => void) | undefined
  readonly sentAtMs: number
  id: number = NOTHING_SENT
  /** Whether more comes after `done`. */
  isLasting = false
  /** Among those of its attachment. */
  place: Place<Asked> | null = null

  constructor(
    attachment: TenureAttachment,
    sentAtMs: number,
    answer: (answer: Answer) => void,
    told: ((news: News) => void) | undefined,
  ) {
    this.#attachment = attachment
    this.#answer = answer
    this.#told = told
    this.sentAtMs = sentAtMs
  }

  hear(reply: Reply): boolean {
    if (reply.kind === 'changed') {
      this.#attachment.settled(this)
      this.#told?.(reply)
      return false
    }
    if (reply.kind === 'pending') return true
    if (reply.kind === 'task-handed-out' && this.isLasting) {
      this.#told?.(reply)
      return true
    }
    const answer = answerOf(reply)
    const isHeard = this.#isFollowed(answer)
    if (!isHeard) this.#attachment.settled(this)
    this.#attachment.contact(this.sentAtMs)
    this.#answer(answer)
    return isHeard
  }

  shown(description: Description | null): void {
    this.#told?.({ kind: 'shown', description: description && copyOf(description) })
  }

  /** Whether something may come after the answer, for somebody who listens. */
  #isFollowed(answer: Answer): boolean {
    if (this.#told === undefined) return false
    return this.isLasting
      ? answer.kind === 'done'
      : answer.kind === 'described' && answer.watchAdded
  }
}

export class TenureAttachment implements Attachment, Tenant {
  readonly #clock: Clock
  readonly #connection: TenureConnection
  readonly #listener: DirectedListener
  readonly #channel: number
  readonly #isNew: boolean
  readonly #asked = new LinkedSet<Asked>()
  #wantedHeartbeatMs: number
  readonly #attachedAtMs: number
  #keptUntilMs = Number.NEGATIVE_INFINITY
  #phase: 'starting' | 'started' | 'over' = 'starting'
  #timer: Timer

  constructor(
    ground: { readonly clock: Clock; readonly connection: TenureConnection },
    request: DirectedRequest,
    listener: DirectedListener,
  ) {
    this.#clock = ground.clock
    this.#connection = ground.connection
    this.#listener = listener
    this.#isNew = request.sessionId === 0n
    this.#wantedHeartbeatMs = request.heartbeatMs
    this.#attachedAtMs = this.#clock.monotonicMs()
    this.#channel = this.#connection.attach(request, this)
    this.#timer = this.#clock.after(startTimeoutMs(request.heartbeatMs), () => {
      this.leave()
      this.#connection.doubt()
      const cause = new Error('the server did not start the session in time')
      this.#listener.ended({ kind: 'broken', cause })
    })
  }

  get heartbeatMs(): number {
    return this.#phase === 'started' ? this.#wantedHeartbeatMs : Infinity
  }

  send(request: Request, answer: (answer: Answer) => void, told?: (news: News) => void): number {
    if (this.#phase === 'over') return NOTHING_SENT
    const heard = request.kind === 'stop-handling' ? this.#ending(request.target, answer) : answer
    const asked = new Asked(this, this.#clock.monotonicMs(), heard, told)
    asked.isLasting = request.kind === 'handle-theme'
    asked.id = this.#connection.ask(this.#channel, request, asked)
    asked.place = this.#asked.add(asked)
    return asked.id
  }

  forget(sent: number): void {
    if (this.#unlisten(sent)) {
      this.#connection.say({ kind: 'forget', channel: this.#channel, target: sent })
    }
  }

  hurry(heartbeatMs: number): void {
    if (heartbeatMs >= this.#wantedHeartbeatMs) return
    this.#wantedHeartbeatMs = heartbeatMs
    if (this.#phase === 'started') this.#connection.hurry(heartbeatMs)
  }

  stop(): void {
    if (this.#phase !== 'over') this.#connection.say({ kind: 'stop', channel: this.#channel })
  }

  leave(): void {
    if (this.#phase === 'over') return
    const begins = this.#phase === 'starting' && this.#isNew
    this.#fallSilent()
    if (begins) {
      // A session that begins although nobody wants it any more would stay for its timeout: its stop follows its start.
      this.#connection.say({ kind: 'stop', channel: this.#channel })
      this.#timer = this.#clock.after(PARTING_MS, () => this.#connection.release(this.#channel))
    } else {
      this.#connection.say({ kind: 'leave', channel: this.#channel })
      this.#connection.release(this.#channel)
    }
  }

  attached(sessionId: bigint, capabilities: Capabilities): void {
    if (this.#phase !== 'starting') return
    this.#phase = 'started'
    this.#timer.cancel()
    this.#listener.started({ sessionId, ...capabilities, ...OFFERED })
    // The server has heard the attach, and allows for at least so much before it is told more.
    this.#keep(this.#attachedAtMs)
    if (this.#isStarted()) this.#connection.hurry(this.#wantedHeartbeatMs)
  }

  contact(sentAtMs: number): void {
    if (this.#phase !== 'started') return
    this.#keep(sentAtMs)
    if (this.#isStarted()) this.#listener.contact(sentAtMs)
  }

  declared(sentAtMs: number): void {
    // It may have reached the server, and nothing after it.
    if (this.#phase !== 'started') return
    if (sentAtMs + this.#silenceMs(sentAtMs) >= this.#keptUntilMs) return
    this.#keptUntilMs = Number.NEGATIVE_INFINITY
    this.#keep(sentAtMs)
  }

  noticed(notice: SessionNotice['notice']): void {
    if (this.#phase === 'started') this.#listener.noticed(notice)
  }

  ended({ code, message }: SessionEnded): void {
    // Who has left waits only for the stop of what had begun.
    this.#timer.cancel()
    if (code === 'STOPPED') this.cut({ kind: 'stopped' })
    else if (code === 'UNAUTHORIZED' && this.#connection.renewsToken()) {
      // A token that has run out gives way to a fresh one; a fresh one that is refused is the last word.
      this.cut({ kind: 'broken', cause: new Error(message) })
    } else this.cut({ kind: 'refused', refusal: { kind: 'refused', code, message } })
  }

  elsewhere(place: ServerPlace): void {
    // Who has left waits only for the stop of what had begun, and here nothing has.
    this.#timer.cancel()
    if (this.#phase === 'over') return
    this.#fallSilent()
    this.#listener.elsewhere(place)
  }

  cut(end: AttachmentEnd): void {
    this.#timer.cancel()
    if (this.#phase === 'over') return
    this.#fallSilent()
    this.#listener.ended(end)
  }

  /** Nothing more comes for a request. */
  settled(asked: Asked): void {
    this.#asked.delete(asked.place)
  }

  /** For so long the server, which has heard the client at this time, hears nothing more before it gives the connection up. */
  #silenceMs(heardAtMs: number): number {
    const periodMs = Math.min(this.#connection.expectedMs(heardAtMs), this.#wantedHeartbeatMs)
    return periodMs * SILENT_PERIODS
  }

  /** The server has heard the client at this time or later. */
  #keep(heardAtMs: number): void {
    const spanMs = this.#silenceMs(heardAtMs)
    const untilMs = heardAtMs + spanMs
    if (untilMs <= this.#keptUntilMs) return
    this.#keptUntilMs = untilMs
    this.#listener.kept?.(untilMs, spanMs)
  }

  /** The answer to the end of what goes on. */
  #ending(target: bigint, answer: (answer: Answer) => void): (answer: Answer) => void {
    return (given) => {
      if (given.kind === 'done') this.#unlisten(Number(target))
      answer(given)
    }
  }

  /** @returns false when nobody listened */
  #unlisten(sent: number): boolean {
    const asked = this.#connection.askerOf(sent)
    if (!(asked instanceof Asked) || !this.#asked.delete(asked.place)) return false
    this.#connection.ignore(sent)
    return true
  }

  #isStarted(): boolean {
    return this.#phase === 'started'
  }

  /** Nothing is called any more. */
  #fallSilent(): void {
    this.#phase = 'over'
    this.#timer.cancel()
    for (const { id } of this.#asked) this.#connection.ignore(id)
    this.#asked.clear()
  }
}
