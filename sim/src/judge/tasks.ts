/** Everything of the session log that is judged: what is stored, what servers say, and what programs are told and believe. */
import type { WriteSet } from '@tenure/kernel'
import type { Process } from '../machine/process.ts'
import { ChannelStream, type SessionObserver, type TaskObserver } from '../network/face-observer.ts'
import type { ArchivedTask, Attempt } from './archived-task.ts'
import { DueTimes, type WallTime } from './due-times.ts'
import type { Actor, Ground, Verdicts } from './ground.ts'
import { TaskAnswers } from './task-answers.ts'
import { TaskArchive, type TaskListener } from './task-archive.ts'
import { TaskBeliefs } from './task-beliefs.ts'
import { type AttemptName, keyOf, TaskDrivers } from './task-drivers.ts'
import { TaskDues } from './task-dues.ts'
import { TaskHandlings } from './task-handlings.ts'
import { TaskHistories } from './task-histories.ts'
import { TaskLateness } from './task-lateness.ts'
import type { KeptRow } from './task-rows.ts'
import { listOf, TaskTexts } from './task-texts.ts'
import { TaskWishes } from './task-wishes.ts'

export interface HandedTask extends AttemptName {
  readonly records: readonly string[]
  readonly signal: AbortSignal
  /** It is the server itself, which takes it to a handler. */
  readonly byServer: boolean
}

export class Tasks implements TaskListener {
  readonly archive: TaskArchive
  readonly texts: TaskTexts
  readonly histories: TaskHistories
  readonly beliefs: TaskBeliefs
  readonly times: DueTimes
  readonly #ground: Ground
  readonly #verdicts: Verdicts
  readonly #drivers: TaskDrivers
  readonly #wishes: TaskWishes
  readonly #dues: TaskDues
  readonly #answers: TaskAnswers
  readonly #lateness: TaskLateness
  /** Attempts whose handlers have failed. */
  readonly #failed = new Set<string>()

  constructor(ground: Ground, verdicts: Verdicts, wall: WallTime) {
    this.#ground = ground
    this.#verdicts = verdicts
    this.texts = new TaskTexts(ground, verdicts)
    this.histories = new TaskHistories(ground, verdicts, this.texts)
    this.beliefs = new TaskBeliefs(ground, verdicts)
    this.times = new DueTimes(ground.schedule, wall)
    this.#drivers = new TaskDrivers(this.times)
    this.#wishes = new TaskWishes(this.times)
    this.#dues = new TaskDues(ground, verdicts, this.times)
    const { texts, times } = this
    this.archive = new TaskArchive(ground, verdicts, { texts, times, listener: this })
    const colleagues = {
      archive: this.archive,
      drivers: this.#drivers,
      handlings: new TaskHandlings(),
      texts,
      wishes: this.#wishes,
    }
    this.#answers = new TaskAnswers(ground, verdicts, colleagues)
    this.#lateness = new TaskLateness(ground, verdicts, colleagues)
  }

  begin(): void {
    this.#lateness.begin()
  }

  /** What passes the face of a server. */
  watch(process: Process): TaskObserver {
    this.times.watch(process)
    return this.#answers.watch(process)
  }

  /** A session that is stopped, or goes to another stream, leaves its tasks. */
  readonly sessions: SessionObserver = {
    asked: (stream, request) => {
      if (!(stream instanceof ChannelStream)) return
      if (request.kind === 'stop') this.#drivers.ending(stream)
      else if (request.kind === 'start' && request.sessionId !== 0n) {
        this.#drivers.attaching(request.sessionId, stream)
      }
    },
    said() {},
    left() {},
  }

  /** The wall clock is about to jump. */
  jumping(byMs: number): void {
    const isStored = [...this.archive.present].some(({ state }) => state === 'stored')
    if (byMs < 0 && isStored) {
      this.#ground.marks.reached('the wall clock is set back while a task is stored')
    }
    this.times.jumping()
  }

  /** A connection with these was given up as silent. */
  gaveUp(streams: readonly ChannelStream[]): void {
    this.beliefs.silent(this.#drivers.with(streams))
  }

  /** A server has claimed the node: it finds every task that somebody drives without its operator. */
  claimed(): void {
    this.archive.claimed()
    this.#drivers.leave(() => true)
  }

  written(process: Process, writes: WriteSet): void {
    this.archive.written(process, writes)
  }

  /** Somebody drives a task, as long as its signal says so. */
  driven(actor: Actor, name: AttemptName, signal: AbortSignal): void {
    this.beliefs.held(actor.process, name, { signal, byServer: false })
  }

  /** J5: whoever is handed a task has all records, in their order. */
  handed(actor: Actor, handed: HandedTask): void {
    const { index, records, attempt } = handed
    const known = this.archive.find(index)?.attempts[attempt]
    const stored = known?.records ?? []
    this.histories.handed(actor, handed, { records, calledAt: known?.tick ?? 0 })
    if (records.join('\n') !== stored.join('\n')) {
      const problem = `${actor.name} was handed task ${keyOf(handed)} with ${listOf(records)}, and ${listOf(stored)} was stored`
      this.#verdicts.violate('J5', problem)
    }
    this.beliefs.held(actor.process, handed, handed)
  }

  /** A handler has not done its work: the task must come back. */
  failed(name: AttemptName): void {
    this.#failed.add(keyOf(name))
  }

  handedOut({ theme }: ArchivedTask): void {
    this.#lateness.moved(theme)
  }

  replaced(): void {
    this.#ground.marks.reached('a record replaces others')
  }

  kept(process: Process, task: ArchivedTask, attempt: Attempt): void {
    const name = nameOf(task, attempt)
    const stores = this.#wishes.storesOf(name)
    this.#judgeDeath(task, attempt)
    if (stores.length === 0) this.#judgeOrphan(task, attempt)
    const orphaned = { delaySeconds: null, askedMs: this.#leftMsOf(name) }
    const wishes = this.#isOrphan(name, attempt) ? [...stores, orphaned] : stores
    this.#dues.judge(process, task, { wishes, withJitter: true })
    this.#drivers.ended(name)
    this.beliefs.over(name)
  }

  requeued(process: Process, task: ArchivedTask, from: KeptRow): void {
    const repeats = from.state === 'dead' ? 0 : from.repeats
    if (from.state === 'dead') this.#ground.marks.reached('a dead task is stored again')
    if (task.keptRow?.repeats !== repeats) {
      this.#verdicts.violate('J2', `${String(task)} was stored again, with repeats left`)
    }
    const wishes = this.#wishes.requeuesOf(task.index)
    this.#dues.judge(process, task, { wishes, withJitter: false })
  }

  ended(task: ArchivedTask, attempt: Attempt, isActive: boolean): void {
    const { marks } = this.#ground
    const name = nameOf(task, attempt)
    this.#drivers.ended(name)
    if (isActive && this.#failed.has(keyOf(name))) {
      this.#verdicts.violate('J2', `${String(task)} was deleted, and its handler had failed`)
    }
    if (!isActive) marks.reached('a task is dropped')
    else if (attempt.number > 0) marks.reached('a task is finished by a handler')
    const isWanted = isActive ? this.#wishes.hasDelete(name) : this.#wishes.hasDrop(task.index)
    if (isWanted) return
    this.#verdicts.violate('J2', `${String(task)} is gone, and nobody has deleted or dropped it`)
  }

  /** A task dies when it has come back as often as its theme wants, and not before. */
  #judgeDeath(task: ArchivedTask, { repeats, end }: Attempt): void {
    const { settings, marks } = this.#ground
    const plan = settings.themes.find(({ theme }) => theme === task.theme)
    if (end === 'dead') marks.reached('a task has come back too often')
    if (plan === undefined || end === (repeats >= plan.maxRepeats ? 'dead' : 'stored')) return
    const problem = `${String(task)} is ${end} after ${repeats} repeats of ${plan.maxRepeats}`
    this.#verdicts.violate('J2', problem)
  }

  /** Whether it may have been stored because its operator has gone. */
  #isOrphan(name: AttemptName, { claims }: Attempt): boolean {
    return claims !== this.archive.claims || this.#drivers.of(name)?.mayHaveLeft !== false
  }

  /** What the wall clock showed when its operator left, where that bounds what a server believed. */
  #leftMsOf(name: AttemptName): number {
    const isSteady = !this.#ground.settings.faults.has('wallJump')
    return isSteady ? (this.#drivers.of(name)?.leftMs ?? -Infinity) : -Infinity
  }

  /** J3: its operator has gone. */
  #judgeOrphan(task: ArchivedTask, attempt: Attempt): void {
    const driver = this.#drivers.of(nameOf(task, attempt))
    const { marks } = this.#ground
    if (attempt.claims !== this.archive.claims) {
      marks.reached('a task that a server has left behind is stored')
    } else if (driver?.mayHaveLeft === true) {
      marks.reached('a task whose operator has left is stored')
    } else if (driver !== undefined) {
      const problem = `${String(task)} was taken from session ${driver.stream.sessionId}, which drives it`
      this.#verdicts.violate('J3', problem)
    }
  }
}

function nameOf({ index }: ArchivedTask, { number }: Attempt): AttemptName {
  return { index, attempt: number }
}
