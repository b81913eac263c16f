/**
 * The session log that is durable, commit by commit: a task has one operator at a time (J3) and comes back until it ends (J2), in its
 * turn and not before (J4), with all of its records (J5); ids grow (J6).
 */
import type { Write, WriteSet } from '@tenure/kernel'
import type { Process } from '../machine/process.ts'
import { ArchivedTask, type Attempt } from './archived-task.ts'
import type { DueTimes } from './due-times.ts'
import type { Ground, Verdicts } from './ground.ts'
import { type AttemptName, keyOf } from './task-drivers.ts'
import {
  activeRowOf,
  type ActiveRow,
  indexIn,
  type KeptRow,
  keptRowOf,
  placeRowOf,
  recordNumberIn,
  recordTextOf,
  TASK_TAG,
  themeIn,
  totalsOf,
} from './task-rows.ts'
import type { TaskTexts } from './task-texts.ts'

type KeyWrite = Exclude<Write, { kind: 'delete-range' }>
type RangeWrite = Extract<Write, { kind: 'delete-range' }>

/** Hears what becomes of tasks, once it is stored. */
export interface TaskListener {
  handedOut(task: ArchivedTask): void
  /** Nobody drives it any more. */
  kept(process: Process, task: ArchivedTask, attempt: Attempt): void
  /** It was stored or dead, and is so in another place. */
  requeued(process: Process, task: ArchivedTask, from: KeptRow): void
  /** It is gone; `isActive`: somebody drove it. */
  ended(task: ArchivedTask, attempt: Attempt, isActive: boolean): void
  /** One record has taken the place of all others. */
  replaced(): void
}

export interface ArchivePorts {
  readonly texts: TaskTexts
  readonly times: DueTimes
  readonly listener: TaskListener
}

const NOTHING_COUNTED = { stored: 0, dead: 0 }
const SECOND_MS = 1_000
/** Clocks are numbers with fractions. */
const CLOCK_MS = 0.01

export class TaskArchive {
  readonly #ground: Ground
  readonly #verdicts: Verdicts
  readonly #ports: ArchivePorts
  readonly #tasks = new Map<bigint, ArchivedTask>()
  readonly #present = new Set<ArchivedTask>()
  /** By the keys of the rows of stored and dead ones. */
  readonly #byRow = new Map<string, ArchivedTask>()
  /** Stored ones by theme, then by key. */
  readonly #queues = new Map<number, Map<string, KeptRow>>()
  /** By theme: what the rows of totals say. */
  readonly #totals = new Map<number, { readonly stored: number; readonly dead: number }>()
  #latest: ArchivedTask | null = null
  #claims = 0
  #touched = new Set<ArchivedTask>()

  constructor(ground: Ground, verdicts: Verdicts, ports: ArchivePorts) {
    this.#ground = ground
    this.#verdicts = verdicts
    this.#ports = ports
  }

  find(index: bigint): ArchivedTask | undefined {
    return this.#tasks.get(index)
  }

  /** Those that are not gone. */
  get present(): ReadonlySet<ArchivedTask> {
    return this.#present
  }

  /** How often the node was claimed: whoever drove a task before that does so no more. */
  get claims(): number {
    return this.#claims
  }

  claimed(): void {
    this.#claims += 1
  }

  get isAnyActive(): boolean {
    for (const { state } of this.#present) if (state === 'active') return true
    return false
  }

  /** J1: an attempt was said to have ended so, and that is stored. */
  acknowledged(name: AttemptName, as: 'deleted' | 'stored'): void {
    const end = this.find(name.index)?.attempts[name.attempt]?.end ?? null
    const wasDeleted = end === 'deleted'
    if (end !== null && wasDeleted === (as === 'deleted')) return
    this.#verdicts.violate('J1', `task ${keyOf(name)} was ${as}, and is ${end ?? 'with somebody'}`)
  }

  /** A commit of a process has taken effect. */
  written(process: Process, writes: WriteSet): void {
    let isOfLog = false
    for (const write of writes) {
      if (write.kind === 'delete-range') {
        if (write.start[0] === TASK_TAG.record) this.#takeRange(write)
        continue
      }
      const tag = write.key[0] ?? 0
      if (tag < TASK_TAG.totals || tag > TASK_TAG.place) continue
      isOfLog = true
      this.#take(process, tag, write)
    }
    if (isOfLog) this.#judge()
  }

  #take(process: Process, tag: number, write: KeyWrite): void {
    if (tag === TASK_TAG.active) this.#takeActive(process, write)
    else if (tag === TASK_TAG.record) this.#takeRecord(write)
    else if (tag === TASK_TAG.stored || tag === TASK_TAG.dead) this.#takeKept(process, write)
    else if (tag === TASK_TAG.place) this.#takePlace(write)
    else if (write.kind === 'put') {
      const { theme, stored, dead } = totalsOf(write.key, write.value)
      this.#totals.set(theme, { stored, dead })
    } else this.#totals.set(themeIn(write.key), NOTHING_COUNTED)
  }

  #takeActive(process: Process, write: KeyWrite): void {
    const index = indexIn(write.key)
    const known = this.#tasks.get(index)
    if (write.kind === 'delete') {
      if (known !== undefined) this.#leave(process, known)
      return
    }
    const row = activeRowOf(write.value)
    const task = known ?? this.#open(index, row)
    this.#touched.add(task)
    if (task.active !== null && task.active.attempt === row.attempt) this.#rewrite(task, row)
    else this.#begin(process, task, row)
  }

  #open(index: bigint, row: ActiveRow): ArchivedTask {
    const task = new ArchivedTask(index, row)
    const before = this.#latest
    if (before !== null && (index <= before.index || row.term < before.term)) {
      this.#verdicts.violate('J6', `${String(task)} was opened after ${String(before)}`)
    }
    if (row.attempt !== 0 || row.repeats !== 0) {
      this.#verdicts.violate('J3', `${String(task)} was opened in attempt ${row.attempt}`)
    }
    this.#latest = task
    this.#tasks.set(index, task)
    this.#present.add(task)
    return task
  }

  /** A new operator has it. */
  #begin(process: Process, task: ArchivedTask, row: ActiveRow): void {
    const { attempt: before, keptRow } = task
    if (before !== undefined) this.#judgeHandOut(task, row)
    const attempt: Attempt = {
      number: row.attempt,
      repeats: row.repeats,
      records: task.texts,
      process,
      claims: this.#claims,
      tick: this.#ground.nextTick(),
      untimely: keptRow === undefined ? null : this.#untimely(process, keptRow),
      end: null,
      endedMs: Infinity,
      endedBy: null,
    }
    task.active = row
    task.attempts.push(attempt)
    if (before !== undefined) this.#ports.listener.handedOut(task)
  }

  #judgeHandOut(task: ArchivedTask, row: ActiveRow): void {
    const { keptRow, state } = task
    if (state === 'gone') {
      this.#verdicts.violate('J2', `${String(task)} was deleted, and is handed out again`)
    } else if (keptRow === undefined || task.active !== null) {
      const problem = `${String(task)} was handed out in attempt ${row.attempt} while it was with somebody`
      this.#verdicts.violate('J3', problem)
    } else if (row.attempt !== keptRow.attempt + 1 || row.repeats !== keptRow.repeats + 1) {
      const problem = `${String(task)} was handed out in attempt ${row.attempt}, repeat ${row.repeats}, after ${keptRow.attempt} and ${keptRow.repeats}`
      this.#verdicts.violate('J3', problem)
    }
  }

  /** Why it is not its turn; null when it is. */
  #untimely(process: Process, row: KeptRow): string | null {
    if (row.state === 'dead') return 'it was dead'
    const latestMs = this.#ports.times.latestMs(process)
    if (row.dueSecond * SECOND_MS > latestMs + CLOCK_MS) {
      return `it is due at ${row.dueSecond}, and no clock of ${process.name} is past ${latestMs / SECOND_MS}`
    }
    for (const other of this.#queueOf(row.theme).values()) {
      if (!isBefore(other, row)) continue
      return `task ${other.index} is due at ${other.dueSecond} as ${other.number}, this one at ${row.dueSecond} as ${row.number}`
    }
    return null
  }

  /** Replaced: the first record is another one. */
  #rewrite(task: ArchivedTask, row: ActiveRow): void {
    task.active = row
    const text = task.records.get(row.firstRecord)
    const landing = text === undefined ? undefined : this.#ports.texts.landingOf(text)
    if (text === undefined || landing === undefined) {
      this.#verdicts.violate('J5', `${String(task)} was replaced, and has no record`)
      return
    }
    landing.isReplacement = true
    this.#ports.listener.replaced()
  }

  /** Nobody drives it any more: its next row, if there is one, was written before. */
  #leave(process: Process, task: ArchivedTask): void {
    const { attempt, keptRow } = task
    this.#touched.add(task)
    if (task.active === null || attempt === undefined) return
    task.active = null
    attempt.end = keptRow?.state ?? 'deleted'
    attempt.endedMs = this.#ground.schedule.nowMs
    attempt.endedBy = process
    if (keptRow === undefined) this.#end(task, attempt, true)
    else this.#ports.listener.kept(process, task, attempt)
  }

  #takeKept(process: Process, write: KeyWrite): void {
    const key = Buffer.from(write.key).toString('hex')
    if (write.kind === 'put') this.#keep(process, key, keptRowOf(write.key, write.value))
    else this.#release(key)
  }

  #keep(process: Process, key: string, row: KeptRow): void {
    const task = this.#tasks.get(row.index)
    if (task === undefined || task.state === 'gone') {
      this.#verdicts.violate('J2', `task ${row.index} is not there, and is stored`)
      return
    }
    this.#touched.add(task)
    const before = task.keptRow
    task.rows.set(key, row)
    task.kept = { atMs: this.#ground.schedule.nowMs, claims: this.#claims }
    this.#byRow.set(key, task)
    if (row.state === 'stored') this.#queueOf(row.theme).set(key, row)
    if (task.active === null && before !== undefined)
      this.#ports.listener.requeued(process, task, before)
  }

  #release(key: string): void {
    const task = this.#byRow.get(key)
    if (task === undefined) return
    this.#touched.add(task)
    this.#byRow.delete(key)
    this.#queueOf(task.theme).delete(key)
    task.rows.delete(key)
    const { attempt } = task
    if (attempt !== undefined && task.state === 'gone') this.#end(task, attempt, false)
  }

  #end(task: ArchivedTask, attempt: Attempt, isActive: boolean): void {
    this.#present.delete(task)
    this.#ports.listener.ended(task, attempt, isActive)
  }

  #takePlace(write: KeyWrite): void {
    const task = this.#tasks.get(indexIn(write.key))
    if (task === undefined) return
    this.#touched.add(task)
    task.place = write.kind === 'put' ? placeRowOf(write.value) : null
  }

  #takeRecord(write: KeyWrite): void {
    const index = indexIn(write.key)
    const number = recordNumberIn(write.key)
    const task = this.#tasks.get(index)
    if (task === undefined) return
    this.#touched.add(task)
    if (write.kind === 'delete') {
      task.records.delete(number)
      return
    }
    if (task.active === null) {
      this.#verdicts.violate('J3', `a record was written to ${String(task)}, which nobody drives`)
    }
    const text = recordTextOf(write.value)
    if (task.records.has(number)) {
      this.#verdicts.violate('J5', `record ${number} of ${String(task)} was written over`)
    }
    task.records.set(number, text)
    this.#ports.texts.landed(text, index, task.attempt?.number ?? 0)
  }

  #takeRange({ start, end }: RangeWrite): void {
    const task = this.#tasks.get(indexIn(start))
    if (task === undefined) return
    this.#touched.add(task)
    for (const number of task.records.keys()) {
      if (number >= recordNumberIn(start) && number < recordNumberIn(end)) {
        task.records.delete(number)
      }
    }
  }

  /** After each commit all rows agree. */
  #judge(): void {
    for (const task of this.#touched) {
      const { contradiction } = task
      if (contradiction !== null) this.#verdicts.violate('J2', `${String(task)} ${contradiction}`)
    }
    this.#touched = new Set()
    for (const { theme } of this.#ground.settings.themes) {
      const counted = this.#totals.get(theme) ?? NOTHING_COUNTED
      for (const state of ['stored', 'dead'] as const)
        this.#judgeCount(theme, state, counted[state])
    }
  }

  #judgeCount(theme: number, state: 'stored' | 'dead', counted: number): void {
    let there = 0
    for (const task of this.#present) if (task.theme === theme && task.state === state) there += 1
    if (there === counted) return
    const problem = `theme ${theme} has ${there} tasks that are ${state}, and its row counts ${counted}`
    this.#verdicts.violate('J2', problem)
  }

  #queueOf(theme: number): Map<string, KeptRow> {
    const present = this.#queues.get(theme)
    if (present !== undefined) return present
    const queue = new Map<string, KeptRow>()
    this.#queues.set(theme, queue)
    return queue
  }
}

function isBefore(one: KeptRow, other: KeptRow): boolean {
  if (one.dueSecond !== other.dueSecond) return one.dueSecond < other.dueSecond
  return one.number < other.number
}
