/** One session on a connection of Tenure's own protocol. */
import type { Reply, SessionEnded, SessionNotice } from '@tenure/protocol'
import type { Clock, Timer } from '../../clock.ts'
import { LinkedSet, type Place } from '../../linked-set.ts'
import type {
  Answer,
  Attachment,
  AttachmentEnd,
  AttachmentListener,
  AttachRequest,
  Request,
} from '../link.ts'
import { PARTING_MS, startTimeoutMs } from '../patience.ts'
import { answerOf } from './answer.ts'
import type { Asker, TenureConnection, Tenant } from './connection.ts'

/** What names no request. */
const NOTHING_SENT = 0
/** What this protocol offers beyond YDB's, always. */
const OFFERED = { watchAbsent: true, numbersChanges: true, createsOnAcquire: true }

/** One request until nothing more comes for it. */
class Asked implements Asker {
  readonly #attachment: TenureAttachment
  readonly #answer: (answer: Answer) => void
  readonly #changed: (() => void) | undefined
  readonly sentAtMs: number
  id: number = NOTHING_SENT
  /** Among those of its attachment. */
  place: Place<Asked> | null = null

  constructor(
    attachment: TenureAttachment,
    sentAtMs: number,
    answer: (answer: Answer) => void,
    changed: (() => void) | undefined,
  ) {
    this.#attachment = attachment
    this.#answer = answer
    this.#changed = changed
    this.sentAtMs = sentAtMs
  }

  hear(reply: Reply): boolean {
    if (reply.kind === 'changed') {
      this.#attachment.settled(this)
      this.#changed?.()
      return false
    }
    if (reply.kind === 'pending') return true
    const answer = answerOf(reply)
    const isWatched =
      answer.kind === 'described' && answer.watchAdded && this.#changed !== undefined
    if (!isWatched) this.#attachment.settled(this)
    this.#attachment.contact(this.sentAtMs)
    this.#answer(answer)
    return isWatched
  }
}

export class TenureAttachment implements Attachment, Tenant {
  readonly #clock: Clock
  readonly #connection: TenureConnection
  readonly #listener: AttachmentListener
  readonly #channel: number
  readonly #isNew: boolean
  readonly #asked = new LinkedSet<Asked>()
  #wantedHeartbeatMs: number
  #phase: 'starting' | 'started' | 'over' = 'starting'
  #timer: Timer

  constructor(
    ground: { readonly clock: Clock; readonly connection: TenureConnection },
    request: AttachRequest,
    listener: AttachmentListener,
  ) {
    this.#clock = ground.clock
    this.#connection = ground.connection
    this.#listener = listener
    this.#isNew = request.sessionId === 0n
    this.#wantedHeartbeatMs = request.heartbeatMs
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

  send(request: Request, answer: (answer: Answer) => void, changed?: () => void): number {
    if (this.#phase === 'over') return NOTHING_SENT
    const asked = new Asked(this, this.#clock.monotonicMs(), answer, changed)
    asked.id = this.#connection.ask(this.#channel, request, asked)
    asked.place = this.#asked.add(asked)
    return asked.id
  }

  forget(sent: number): void {
    const asked = this.#connection.askerOf(sent)
    if (!(asked instanceof Asked) || !this.#asked.delete(asked.place)) return
    this.#connection.ignore(sent)
    this.#connection.say({ kind: 'forget', channel: this.#channel, target: sent })
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

  attached(sessionId: bigint, hasRecords: boolean): void {
    if (this.#phase !== 'starting') return
    this.#phase = 'started'
    this.#timer.cancel()
    this.#listener.started({ sessionId, hasRecords, ...OFFERED })
    if (this.#isStarted()) this.#connection.hurry(this.#wantedHeartbeatMs)
  }

  contact(sentAtMs: number): void {
    if (this.#phase === 'started') this.#listener.contact(sentAtMs)
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
