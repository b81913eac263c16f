/**
 * What servers say of tasks, heard at their faces: what is acknowledged is stored (J1), is told to who drives the task and to nobody else
 * (J3), and a hand-out holds all records (J5), in its turn and once (J4).
 */
import type { Reply, TaskHandedOutReply, TaskOperation } from '@tenure/protocol'
import type { Process } from '../machine/process.ts'
import type { ChannelStream, TaskAsk, TaskObserver } from '../network/face-observer.ts'
import type { Mark } from '../report/marks.ts'
import type { Attempt } from './archived-task.ts'
import type { Ground, Verdicts } from './ground.ts'
import type { TaskArchive } from './task-archive.ts'
import type { TaskHandlings } from './task-handlings.ts'
import { type AttemptName, keyOf, type TaskDrivers } from './task-drivers.ts'
import { listOf, type TaskTexts } from './task-texts.ts'
import type { TaskWishes } from './task-wishes.ts'

type Bound = Extract<TaskOperation, { attempt: number }>

/** One reply, and to what. */
interface Said {
  readonly process: Process
  readonly stream: ChannelStream
  readonly ask: TaskAsk
}

export interface TaskColleagues {
  readonly archive: TaskArchive
  readonly drivers: TaskDrivers
  readonly handlings: TaskHandlings
  readonly texts: TaskTexts
  readonly wishes: TaskWishes
}

const MARK_OF_CODE: ReadonlyMap<string, Mark> = new Map<string, Mark>([
  ['STALE_ATTEMPT', 'an operation of an older attempt is refused'],
  ['TASK_CLOSED', 'an operation of a task that is not driven there is refused'],
  ['TASK_TOO_LARGE', 'a task has become too large'],
  ['UNKNOWN_THEME', 'nobody is responsible for a theme'],
])

export class TaskAnswers {
  readonly #ground: Ground
  readonly #verdicts: Verdicts
  readonly #colleagues: TaskColleagues

  constructor(ground: Ground, verdicts: Verdicts, colleagues: TaskColleagues) {
    this.#ground = ground
    this.#verdicts = verdicts
    this.#colleagues = colleagues
  }

  watch(process: Process): TaskObserver {
    const { drivers, handlings, wishes } = this.#colleagues
    process.onCrash(() => {
      drivers.leave((driver) => driver.process === process)
      handlings.leave((handling) => handling.process === process)
    })
    return {
      asked: (stream, ask) => this.#asked(process, stream, ask),
      said: (stream, ask, reply) => this.#said({ process, stream, ask }, reply),
      questioned: (question) => {
        wishes.questioned(question)
        if (question.kind === 'end-session') drivers.ending(question.session)
      },
      left: (stream) => {
        drivers.leave((driver) => driver.stream === stream)
        handlings.leave((handling) => handling.stream === stream)
      },
    }
  }

  #asked(process: Process, stream: ChannelStream, { operation }: TaskAsk): void {
    const { handlings, texts, wishes } = this.#colleagues
    this.#ground.trace.note(process.name, `< ${wordsOf(operation)} in session ${stream.sessionId}`)
    wishes.asked(operation)
    if (operation.kind === 'stop-handling') handlings.stopping(stream, operation.target)
    const text = recordIn(operation)
    if (text === null) return
    texts.asked(text, operation.kind === 'open-task' ? null : indexOf(operation))
  }

  #said(said: Said, reply: Reply): void {
    const { process, ask } = said
    const { operation } = ask
    this.#ground.trace.note(process.name, `> ${wordsOfReply(reply)} to ${wordsOf(operation)}`)
    if (reply.kind === 'refused') this.#refused(operation, reply.code)
    else if (reply.kind === 'task-opened') this.#opened(said, reply.task.index)
    else if (reply.kind === 'task-handed-out') this.#handedOut(said, reply)
    else if (reply.kind === 'task-records' && operation.kind === 'read-task') {
      this.#read(operation, reply)
    } else if (reply.kind === 'done') this.#done(said)
  }

  #refused(operation: TaskOperation, code: string): void {
    const mark = MARK_OF_CODE.get(code)
    if (mark !== undefined) this.#ground.marks.reached(mark)
    const text = recordIn(operation)
    if (text !== null) this.#colleagues.texts.refused(text)
  }

  #opened({ process, stream, ask }: Said, index: bigint): void {
    const { archive, drivers, texts } = this.#colleagues
    const attempt = archive.find(index)?.attempts[0]
    const text = recordIn(ask.operation)
    if (attempt === undefined) {
      this.#verdicts.violate('J1', `task ${index} was opened, and is not stored`)
    }
    if (text !== null) texts.acknowledged(text, { index, attempt: 0 })
    const { operation } = ask
    const theme = 'theme' in operation ? operation.theme : 0
    const mayHaveLeft = attempt?.claims !== archive.claims
    drivers.told({ index, attempt: 0 }, { process, stream, theme, handling: null, mayHaveLeft })
    if (attempt !== undefined && attempt.end !== null) drivers.ended({ index, attempt: 0 })
  }

  #handedOut({ process, stream, ask }: Said, reply: TaskHandedOutReply): void {
    const { archive, drivers } = this.#colleagues
    const { task: id, attempt: number, theme, repeats } = reply
    const { index } = id
    const name = { index, attempt: number }
    const attempt = archive.find(index)?.attempts[number]
    if (attempt === undefined) {
      const problem = `task ${index} was handed out in attempt ${number}, and that is not stored`
      this.#verdicts.violate('L3', problem)
      return
    }
    if (drivers.of(name) !== undefined) {
      this.#verdicts.violate('J3', `task ${keyOf(name)} was handed out twice`)
    }
    if (attempt.repeats !== repeats || archive.find(index)?.theme !== theme) {
      const problem = `task ${keyOf(name)} of theme ${theme} was told as repeat ${repeats}, it is ${attempt.repeats}`
      this.#verdicts.violate('J5', problem)
    }
    this.#judgePage(`task ${keyOf(name)}`, { ...reply, from: 0 }, attempt.records)
    const handling = ask.operation.kind === 'handle-theme' ? ask : null
    const mayHaveLeft = attempt.claims !== archive.claims
    drivers.told(name, { process, stream, theme, handling, mayHaveLeft })
    if (attempt.end !== null) drivers.ended(name)
    this.#markHandOut(attempt, index)
    if (handling === null) this.#ground.marks.reached('a task is taken by hand')
    else this.#judgeDelivery({ process, stream, ask }, name, attempt)
  }

  /** J4. */
  #judgeDelivery({ stream, ask }: Said, name: AttemptName, attempt: Attempt): void {
    const { marks, settings } = this.#ground
    const key = keyOf(name)
    if (attempt.untimely !== null) {
      this.#verdicts.violate('J4', `task ${key} was handed out, and ${attempt.untimely}`)
    }
    const { drivers, handlings } = this.#colleagues
    if (handlings.hasStopped(stream, ask)) {
      this.#verdicts.violate('J4', `task ${key} was handed out after that was stopped`)
    }
    if (handlings.isStopping(stream, ask)) {
      marks.reached('a hand-out crosses the end of handling')
    }
    const { operation } = ask
    if (operation.kind !== 'handle-theme') return
    const { theme } = operation
    const plan = settings.themes.find((one) => one.theme === theme)
    const out = drivers.count((driver) => driver.theme === theme && driver.handling !== null)
    const here = drivers.count(({ handling }) => handling === ask)
    if (out > 1) marks.reached('several tasks of a theme are out')
    if (plan === undefined || out > plan.concurrency || here > operation.concurrency) {
      const problem = `task ${key} was handed out as number ${out} of its theme, and number ${here} there, of ${plan?.concurrency} and ${operation.concurrency}`
      this.#verdicts.violate('J4', problem)
    }
  }

  #markHandOut({ number, process }: Attempt, index: bigint): void {
    const before = this.#colleagues.archive.find(index)?.attempts[number - 1]?.endedBy ?? null
    if (before === null || before === process) return
    this.#ground.marks.reached(
      before.name === process.name
        ? 'a task is handed out after a restart'
        : 'a task is handed out by another server',
    )
  }

  #read(
    operation: Extract<TaskOperation, { kind: 'read-task' }>,
    page: Extract<Reply, { kind: 'task-records' }>,
  ): void {
    this.#ground.marks.reached('records of a task are read page by page')
    const task = this.#colleagues.archive.find(operation.task.index)
    const { from } = operation
    this.#judgePage(`task ${operation.task.index}`, { ...page, from }, task?.texts ?? [])
  }

  /** J5: what is there, no more, and no less than it says. */
  #judgePage(
    what: string,
    page: {
      readonly records: readonly Uint8Array[]
      readonly more: boolean
      readonly from: number
    },
    stored: readonly string[],
  ): void {
    const { from, more } = page
    const told = page.records.map((record) => Buffer.from(record).toString())
    const end = from + told.length
    const isRight = told.every((text, at) => text === stored[from + at])
    if (isRight && more === end < stored.length) return
    const problem = `of ${what} records from ${from} were told as ${listOf(told)}, ${more ? 'with' : 'without'} more; ${listOf(stored)} is stored`
    this.#verdicts.violate('J5', problem)
  }

  #done({ process, stream, ask }: Said): void {
    const { operation } = ask
    const { archive, handlings } = this.#colleagues
    if (operation.kind === 'stop-handling') handlings.stopped(stream, operation.target)
    else if (operation.kind === 'handle-theme') {
      const { theme, concurrency } = operation
      const { claims } = archive
      handlings.accepted({ process, stream, ask, theme, concurrency, claims })
    }
    if (!('attempt' in operation)) return
    const name = { index: operation.task.index, attempt: operation.attempt }
    if (this.#colleagues.drivers.of(name)?.stream !== stream) {
      const problem = `${wordsOf(operation)} was done for session ${stream.sessionId}, which does not drive it`
      this.#verdicts.violate('J3', problem)
    }
    this.#judgeDone(operation, name)
  }

  /** J1. */
  #judgeDone(operation: Bound, name: AttemptName): void {
    const text = recordIn(operation)
    if (text !== null) {
      const { texts } = this.#colleagues
      texts.acknowledged(text, name)
      const landing = texts.landingOf(text)
      if (operation.kind !== 'replace-task' || landing?.isReplacement !== false) return
      this.#verdicts.violate('J5', `"${text.trimEnd()}" was to replace others, and has not`)
      return
    }
    if (operation.kind === 'delete-task') this.#colleagues.archive.acknowledged(name, 'deleted')
    else if (operation.kind === 'store-task') this.#colleagues.archive.acknowledged(name, 'stored')
  }
}

function indexOf(operation: TaskOperation): bigint | null {
  return 'task' in operation ? operation.task.index : null
}

function recordIn(operation: TaskOperation): string | null {
  if (!('record' in operation) || operation.record === null) return null
  return Buffer.from(operation.record).toString()
}

function wordsOf(operation: TaskOperation): string {
  const parts: string[] = [operation.kind]
  if ('theme' in operation) parts.push(`theme ${operation.theme}`)
  if ('task' in operation) parts.push(`${operation.task.term}.${operation.task.index}`)
  if ('attempt' in operation) parts.push(`attempt ${operation.attempt}`)
  if ('target' in operation) parts.push(`#${operation.target}`)
  const text = recordIn(operation)
  if (text !== null) parts.push(`"${text.trimEnd()}"`)
  return parts.join(' ')
}

function wordsOfReply(reply: Reply): string {
  if (reply.kind === 'refused') return `${reply.kind} ${reply.code}`
  if (reply.kind === 'task-opened') return `${reply.kind} ${reply.task.term}.${reply.task.index}`
  if (reply.kind !== 'task-handed-out') return reply.kind
  const { task, attempt, records } = reply
  return `${reply.kind} ${task.term}.${task.index} attempt ${attempt} with ${records.length} records`
}
