/** Sees everything that happens in a run, and says when a promise is broken. */
import type { WriteSet } from '@tenure/kernel'
import type { Process } from '../machine/process.ts'
import type { FaceObserver } from '../network/face-observer.ts'
import { Answers } from './answers.ts'
import { Archive } from './archive.ts'
import { Beliefs } from './beliefs.ts'
import type { Ground, Verdicts } from './ground.ts'
import { Holds } from './holds.ts'
import { Pauses } from './pauses.ts'
import { Pools } from './pools.ts'
import { RecordHistories } from './record-histories.ts'
import { RecordLeases } from './record-leases.ts'
import { Registers } from './registers.ts'
import { Requests } from './requests.ts'
import { Sessions } from './sessions.ts'
import { Stored } from './stored.ts'
import { Tasks } from './tasks.ts'
import type { WallTime } from './due-times.ts'
import { Views } from './views.ts'

/** A broken promise: the end of the run. */
export interface Violation {
  /** As in the list of promises, or the number of an invariant, or `liveness`. */
  readonly promise: string
  readonly text: string
  readonly atMs: number
}

export class Judge implements Verdicts {
  readonly beliefs: Beliefs
  readonly holds: Holds
  readonly pauses: Pauses
  readonly pools: Pools
  readonly registers: Registers
  readonly requests: Requests
  readonly sessions: Sessions
  readonly stored: Stored
  readonly archive: Archive
  readonly answers: Answers
  readonly leases: RecordLeases
  readonly records: RecordHistories
  readonly tasks: Tasks
  readonly views: Views
  readonly #ground: Ground
  #violation: Violation | null = null
  #unjudged = 0

  constructor(ground: Ground, wall: WallTime) {
    this.#ground = ground
    this.beliefs = new Beliefs(ground, this)
    this.pauses = new Pauses(ground)
    this.pools = new Pools(ground, this)
    this.registers = new Registers(ground, this)
    this.views = new Views(this)
    this.stored = new Stored(ground, this, (process, id) => this.sessions.ended(process, id))
    this.requests = new Requests(ground, this, this.stored)
    this.sessions = new Sessions(ground, this, this)
    this.holds = new Holds(ground, this, this.sessions)
    this.leases = new RecordLeases(ground, this, this.sessions)
    this.archive = new Archive(ground, this, {
      leaseEnded: (process, id, lease) => this.leases.ended(process, id, lease),
    })
    this.answers = new Answers(ground, this, { archive: this.archive, leases: this.leases })
    this.records = new RecordHistories(ground, this, this.archive)
    this.tasks = new Tasks(ground, this, wall)
  }

  /** The first one: what follows may be its consequence. */
  get violation(): Violation | null {
    return this.#violation
  }

  /** Histories whose search for an order was given up. */
  get unjudged(): number {
    return this.#unjudged
  }

  tooHard(): void {
    this.#unjudged += 1
  }

  /** What passes the face of a server. */
  watch(process: Process): FaceObserver {
    this.pauses.watch(process)
    const observers = [
      this.requests.watch(process),
      this.sessions.watch(process),
      this.beliefs.observer,
      this.tasks.sessions,
    ]
    return {
      sessions: {
        asked(stream, request) {
          for (const observer of observers) observer.asked(stream, request)
        },
        said(stream, response) {
          for (const observer of observers) observer.said(stream, response)
        },
        left(stream) {
          for (const observer of observers) observer.left(stream)
        },
      },
      records: this.answers.watch(process),
      tasks: this.tasks.watch(process),
      gaveUp: (silence) => {
        this.answers.gaveUp(silence)
        this.tasks.gaveUp(silence.streams)
      },
    }
  }

  /** A commit of a process has taken effect. */
  written(process: Process, writes: WriteSet): void {
    // What of records ends with a session is judged while the session is still known.
    this.archive.written(process, writes)
    this.tasks.written(process, writes)
    this.stored.written(process, writes)
  }

  /** The run is over: what takes all of its history to judge. */
  settle(): void {
    this.registers.settle()
    this.pools.settle()
    this.records.settle()
    this.tasks.histories.settle()
  }

  violate(promise: string, text: string): void {
    const { trace, schedule } = this.#ground
    trace.note('judge', `${promise} is broken: ${text}`)
    this.#violation ??= { promise, text, atMs: schedule.nowMs }
  }

  /** A program met what no program should meet. */
  broke(who: string, error: unknown): void {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
    this.violate('errors', `${who}: ${text}`)
  }

  /** A server wrote an error into its log. */
  logged(message: string, reason: string): void {
    const invariant = /\bI-\d+\b/.exec(reason)
    if (invariant !== null) this.violate(invariant[0], `${message}: ${reason}`)
    else if (message === 'a stream broke') this.violate('errors', `${message}: ${reason}`)
  }
}
