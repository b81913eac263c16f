/**
 * The session in which the records of one coordination node are asked for: opened on first use, opened anew when it is lost.
 *
 * A program does not see it. What it has asked and what has not begun goes on in the next session: reads and waits always, a write only
 * when it was never sent. A write that may have been done is not done again: nobody remembers what the lost session has done.
 */
import type { Notice } from '@tenure/protocol'
import { nothing, onAbort } from '../abort.ts'
import type { Timer } from '../clock.ts'
import { UnavailableError } from '../errors.ts'
import type { Answer, Request, Started } from '../link/link.ts'
import { LinkedSet, type Place } from '../linked-set.ts'
import type { SessionGround } from '../session.ts'
import { type Connection, HEARTBEATS_PER_TIMEOUT } from '../session/connection.ts'
import { HiddenSession } from '../session/hidden-session.ts'
import { Call } from '../session/outbox.ts'
import { isWrite } from '../session/writes.ts'

/** What holds to the session from one to the next. */
export interface StorageTenant {
  /** Whether there must be a session although nobody asks anything. */
  readonly isWanted: boolean
  /** The shortest time for which one contact must be good; Infinity for any. */
  readonly spanMs: number
  opened(): void
  contact(sentAtMs: number): void
  noticed(notice: Notice): void
  lost(): void
  /** There will be no session again, for this reason. */
  failed(error: unknown): void
}

export interface Asking {
  readonly request: Request
  /** What is asked, for messages: `cannot get record "a"`. */
  readonly asked: () => string
  /** Waits as long as it takes, also for a server that is away. */
  readonly isPatient?: boolean
  /** The process does not stay alive for it. */
  readonly isQuiet?: boolean
  /** Doing it twice does no harm: it is sent again in the next session. */
  readonly isRepeatable?: boolean
  /** Called with the answer before anything else is heard: the session that gave it is the present one. */
  readonly told?: (reply: StorageReply) => void
  /** Called with the answer when nobody waits for it any more. Without it the request is then taken back. */
  readonly late?: (answer: Answer) => void
}

export interface StorageReply {
  readonly answer: Answer
  readonly attempts: number
  /** When what the answer tells of may have been done at the earliest. */
  readonly sentMs: number
}

/** One request until its answer, over as many sessions as it takes. */
interface PendingCall {
  readonly asking: Asking
  readonly call: Call
  readonly deadlineMs: number
  resolve(reply: StorageReply): void
  reject(error: unknown): void
  deafen: () => void
  place: Place<PendingCall> | null
}

/** How long a call waits for a server that is away. */
const CALL_TIMEOUT_MS = 10_000

const TERMS = {
  feature: 'records',
  isOffered: ({ hasRecords }: Started): boolean => hasRecords,
  options: { description: 'records' },
  // A session that is stopped ends its leases, one that is left lets the next session take them over.
  partsQuietly: true,
}

export class StorageSession {
  readonly path: string
  readonly ground: SessionGround
  readonly #session: HiddenSession
  /** In the order in which they were asked, so that the first is the first to be late. */
  readonly #calls = new LinkedSet<PendingCall>()
  readonly #patient = new LinkedSet<PendingCall>()
  /** Calls for which the process stays alive, also while there is no session. */
  #holders = 0
  #tenant: StorageTenant | null = null
  #timer: Timer | null = null

  /** @param path checked */
  constructor(ground: SessionGround, path: string) {
    this.ground = ground
    this.path = path
    this.#session = new HiddenSession(ground, path, TERMS, {
      isWanted: () => this.#isWanted,
      heartbeatMs: () => (this.#tenant?.spanMs ?? Infinity) / HEARTBEATS_PER_TIMEOUT,
      opened: (connection) => this.#begin(connection),
      attached: nothing,
      detached: nothing,
      contact: (sentAtMs) => this.#tenant?.contact(sentAtMs),
      kept: nothing,
      noticed: (notice) => this.#tenant?.noticed(notice),
      lost: () => this.#tenant?.lost(),
      failed: (error) => this.#failAll(error),
    })
  }

  /** Who must hear of every session. There is one. */
  settle(tenant: StorageTenant): void {
    this.#tenant = tenant
  }

  /** Contact is made more often from now on, if the tenant needs it. */
  hurry(): void {
    this.#session.hurry()
  }

  /** Sends one request, in this session or the next, and waits for its answer. Rejects with the reason of `signal`. */
  ask(asking: Asking, signal?: AbortSignal): Promise<StorageReply> {
    return new Promise((resolve, reject) => {
      const { closed } = this.#session
      if (signal?.aborted === true || closed.aborted) {
        reject(signal?.aborted === true ? signal.reason : closed.reason)
        return
      }
      const isPatient = asking.isPatient === true
      const deadlineMs = isPatient ? Infinity : this.ground.clock.monotonicMs() + CALL_TIMEOUT_MS
      const call = new Call(asking.request, {
        settle: (answer) => this.#answered(pending, answer),
        fail: () => this.#orphaned(pending),
      })
      const pending: PendingCall = {
        asking,
        call,
        deadlineMs,
        resolve,
        reject,
        deafen: nothing,
        place: null,
      }
      pending.deafen = onAbort(signal, (reason) => this.#giveUp(pending, reason))
      this.#hold(asking)
      if (isPatient) pending.place = this.#patient.add(pending)
      else {
        pending.place = this.#calls.add(pending)
        this.#timer ??= this.#watch(deadlineMs)
      }
      const { connection } = this.#session
      if (connection === null) this.#session.open()
      else connection.request(call)
    })
  }

  /** Ends the session and whatever is under way. Never rejects. */
  async close(reason: Error): Promise<void> {
    this.#timer?.cancel()
    await this.#session.close(reason)
  }

  get #isWanted(): boolean {
    return this.#calls.size > 0 || this.#patient.size > 0 || this.#tenant?.isWanted === true
  }

  #answered(pending: PendingCall, answer: Answer): void {
    if (this.#leave(pending)) {
      const { attempts, sentMs } = pending.call
      const reply = { answer, attempts, sentMs }
      pending.asking.told?.(reply)
      pending.resolve(reply)
    } else pending.asking.late?.(answer)
  }

  /** Its session is over. What stays here goes on in the next one. */
  #orphaned(pending: PendingCall): void {
    const { asking, call } = pending
    const isOpen = isWrite(asking.request) && asking.isRepeatable !== true && call.attempts > 0
    if (isOpen && this.#leave(pending))
      pending.reject(this.#unknown(asking, 'its session was lost'))
    // Numbers are those of a session.
    else call.serial = 0n
  }

  #begin(connection: Connection): void {
    const waiting = [...this.#calls, ...this.#patient]
    this.#tenant?.opened()
    for (const pending of waiting) {
      if (this.#session.connection !== connection) return
      if (isPending(pending)) connection.request(pending.call)
    }
  }

  #failAll(error: unknown): void {
    this.#tenant?.failed(error)
    for (const pending of [...this.#calls, ...this.#patient]) {
      if (!this.#leave(pending)) continue
      this.#session.connection?.outbox.drop(pending.call)
      pending.reject(error)
    }
  }

  #giveUp(pending: PendingCall, reason: unknown): void {
    if (!this.#leave(pending)) return
    // What was sent may have been done: its answer is still needed.
    const isOpen = pending.asking.late !== undefined && pending.call.attempts > 0
    if (!isOpen) this.#session.connection?.outbox.drop(pending.call)
    pending.reject(reason)
    this.#session.relent(reason)
  }

  /** @returns false when nobody waited for it any more */
  #leave(pending: PendingCall): boolean {
    pending.deafen()
    const wasPending = this.#calls.delete(pending.place) || this.#patient.delete(pending.place)
    if (wasPending) this.#letGo(pending.asking)
    return wasPending
  }

  #hold({ isQuiet = false }: Asking): void {
    if (isQuiet) return
    if (this.#holders === 0) this.ground.clock.hold()
    this.#holders += 1
  }

  #letGo({ isQuiet = false }: Asking): void {
    if (isQuiet) return
    this.#holders -= 1
    if (this.#holders === 0) this.ground.clock.letGo()
  }

  #watch(deadlineMs: number): Timer {
    const { clock } = this.ground
    return clock.after(deadlineMs - clock.monotonicMs(), () => {
      this.#timer = null
      this.#giveUpLate()
    })
  }

  #giveUpLate(): void {
    const nowMs = this.ground.clock.monotonicMs()
    for (const pending of this.#calls) {
      if (pending.deadlineMs > nowMs) {
        this.#timer = this.#watch(pending.deadlineMs)
        return
      }
      this.#giveUp(pending, this.#late(pending))
    }
  }

  #late({ asking, call }: PendingCall): Error {
    const why = `no answer from ${this.ground.link.address} in ${CALL_TIMEOUT_MS} ms`
    if (isWrite(asking.request) && call.attempts > 0) return this.#unknown(asking, why)
    return new UnavailableError(`${asking.asked()}: ${why}; it was not done`, this.#session.cause)
  }

  #unknown({ asked }: Asking, why: string): Error {
    const message = `${asked()}: ${why}, so its outcome is unknown: it was done or not; read before you try again`
    return new UnavailableError(message, this.#session.cause)
  }
}

function isPending({ place }: PendingCall): boolean {
  return place !== null && place.set !== null
}
