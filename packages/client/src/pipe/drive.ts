/**
 * One task while it is driven here.
 *
 *   open ──► closing ──► closed: deleted or stored
 *    ▲          │
 *    └──────────┘ the end was refused for good
 *   whatever it was ──► lost: nothing can be sent any more
 *
 * Operations go out in the order of the calls, without waiting for one another. The end is the last of them, so it may be tried again while
 * the server cannot commit: nothing comes behind it.
 */
import type { TaskIdMessage, TaskOperation } from '@tenure/protocol'
import { nothing, untilAbort } from '../abort.ts'
import { Backoff } from '../backoff.ts'
import { TaskClosedError, TaskLostError } from '../errors.ts'
import type { Answer, Refusal } from '../link/link.ts'
import { pause } from '../pause.ts'
import { expected, isOpen, isPassing, logErrorOf } from './refused.ts'
import { TaskId } from './task-id.ts'
import { Lost, type Way } from './way.ts'

/** How a task is ended here. */
export type Ending =
  | { readonly kind: 'delete-task' }
  | {
      readonly kind: 'store-task'
      /** 0: the theme's. */
      readonly delaySeconds: number
      readonly failure: string
    }

export interface Driven {
  readonly task: TaskIdMessage
  readonly theme: number
  readonly attempt: number
}

export interface Page {
  readonly records: readonly Uint8Array[]
  readonly more: boolean
}

interface Bound {
  readonly task: TaskIdMessage
  readonly attempt: number
}

const VERBS = {
  'append-task': 'append to',
  'replace-task': 'replace the records of',
  'delete-task': 'delete',
  'store-task': 'store',
  'read-task': 'read the records of',
} as const
const PARTICIPLES = { 'delete-task': 'deleted', 'store-task': 'stored' } as const

export class Drive {
  readonly id: TaskId
  readonly theme: number
  readonly attempt: number
  readonly #way: Way
  /** What every operation names. */
  readonly #bound: Bound
  /** Made when somebody asks for its signal. */
  #controller: AbortController | null = null
  /** Why the task is not driven here any more. */
  #reason: (() => Error) | null = null
  #phase: 'open' | 'closing' | 'closed' | 'lost' = 'open'
  #ending: Ending['kind'] = 'store-task'
  #settled: Promise<void> = Promise.resolve()
  /** An end was asked for and refused for good. */
  #failure: unknown = null
  #release: () => void = nothing

  constructor(way: Way, { task, theme, attempt }: Driven) {
    this.#way = way
    this.id = new TaskId(task.term, task.index)
    this.theme = theme
    this.attempt = attempt
    this.#bound = { task: { term: task.term, index: task.index }, attempt }
    // What is over already says so at once.
    this.#release = way.onLost((why) => this.#lose(why))
  }

  /** Aborts when the task is not driven here any more. Compares the clocks first. */
  get signal(): AbortSignal {
    if (this.#reason === null) this.#way.check()
    if (this.#controller === null) {
      this.#controller = new AbortController()
      if (this.#reason !== null) this.#controller.abort(this.#reason())
    }
    return this.#controller.signal
  }

  /** Settles with the end that is under way, whatever it becomes. */
  get settled(): Promise<void> {
    return this.#settled
  }

  /** What an end was refused with, though it was asked for; else null. */
  get failure(): unknown {
    return this.#failure
  }

  /** Adds a record, or drops all and keeps this one. */
  async write(
    kind: 'append-task' | 'replace-task',
    record: Uint8Array,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    signal?.throwIfAborted()
    this.#assertOpen(kind)
    await untilAbort(this.#write(kind, record), signal)
  }

  /** Deletes or stores; tried again while the server cannot commit. It goes on when `signal` aborts. */
  async end(ending: Ending, signal: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted()
    this.#assertOpen(ending.kind)
    this.#phase = 'closing'
    this.#ending = ending.kind
    const ended = this.#end(ending)
    this.#settled = ended.catch(nothing)
    await untilAbort(ended, signal)
  }

  /** The end that is under way, whichever it becomes, and a store when there is none. Never rejects. */
  async giveBack(failure: string = ''): Promise<void> {
    await this.#settled
    if (this.#phase !== 'open') return
    await this.end({ kind: 'store-task', delaySeconds: 0, failure }, undefined).catch(nothing)
  }

  /** Records that are not known yet, a page of them. */
  async read(from: number): Promise<Page> {
    this.#assertOpen('read-task')
    const answer = await this.#ask({ kind: 'read-task', ...this.#bound, from })
    this.#leaveIfNotOurs(answer)
    return expected(answer, 'task-records', () => this.#asked('read-task'))
  }

  async #write(kind: 'append-task' | 'replace-task', record: Uint8Array): Promise<void> {
    const { task, attempt } = this.#bound
    const answer = await this.#ask({ kind, task, attempt, record })
    this.#leaveIfNotOurs(answer)
    expected(answer, 'done', () => this.#asked(kind))
  }

  async #end(ending: Ending): Promise<void> {
    const operation = endOf(this.#bound, ending)
    const backoff = new Backoff(this.#way.random)
    // Whether an attempt before may have done it.
    let isPerhapsDone = false
    for (;;) {
      const answer = await this.#ask(operation)
      if (answer.kind !== 'refused' || (isPerhapsDone && answer.code === 'TASK_CLOSED')) {
        this.#close(ending)
        return
      }
      if (!mustRepeat(ending, answer)) {
        this.#failure = logErrorOf(answer, this.#asked(ending.kind))
        if (this.#phase === 'closing') this.#phase = 'open'
        this.#leaveIfNotOurs(answer)
        throw this.#failure
      }
      isPerhapsDone ||= isOpen(answer)
      await pause(this.#way.clock, backoff.nextMs(), this.signal)
    }
  }

  async #ask(operation: Operation): Promise<Answer> {
    try {
      return await this.#way.ask(operation)
    } catch (error) {
      if (!(error instanceof Lost)) throw error
      this.#lose(error.message)
      const fate = error.isSent ? 'its outcome is unknown' : 'it was not done'
      throw this.#lost(`${this.#asked(operation.kind)}: ${error.message}, so ${fate}`)
    }
  }

  /** Somebody else drives it, or nobody. */
  #leaveIfNotOurs(answer: Answer): void {
    if (answer.kind !== 'refused') return
    if (answer.code === 'TASK_CLOSED' || answer.code === 'STALE_ATTEMPT') this.#lose(answer.message)
  }

  #lose(why: string): void {
    if (this.#reason === null) {
      this.#leave('lost', () => this.#lost(`task ${this.id.toString()} is lost: ${why}`))
    }
  }

  #lost(what: string): TaskLostError {
    return new TaskLostError(`${what}; the server stores the task, and it comes back to a handler`)
  }

  #close({ kind }: Ending): void {
    const said = `task ${this.id.toString()} was ${PARTICIPLES[kind]}`
    this.#leave('closed', () => withoutStack(() => new TaskClosedError(said)))
  }

  #leave(phase: 'closed' | 'lost', reason: () => Error): void {
    this.#phase = phase
    this.#release()
    // The end may be confirmed in the turn in which the connection breaks: the first reason stays.
    this.#reason ??= reason
    this.#controller?.abort(reason())
  }

  /** @throws TaskClosedError, TaskLostError */
  #assertOpen(kind: Operation['kind']): void {
    this.#way.check()
    if (this.#phase === 'open') return
    const asked = this.#asked(kind)
    if (this.#phase === 'lost') throw this.#lost(`${asked}: it is not driven here any more`)
    const done = PARTICIPLES[this.#ending]
    const state = this.#phase === 'closed' ? `it was ${done}` : `it is being ${done}`
    throw new TaskClosedError(`${asked}: ${state}; nothing can follow that`)
  }

  #asked(kind: Operation['kind']): string {
    return `cannot ${VERBS[kind]} task ${this.id.toString()}`
  }
}

type Operation = Extract<TaskOperation, { readonly kind: keyof typeof VERBS }>

function endOf({ task, attempt }: Bound, ending: Ending): Operation {
  const { kind } = ending
  if (kind === 'delete-task') return { kind, task, attempt }
  return { kind, task, attempt, delaySeconds: ending.delaySeconds, failure: ending.failure }
}

/** Of an end that was asked for it says nothing where it was noticed, but to find that out costs more than all the rest. */
function withoutStack<E extends Error>(make: () => E): E {
  const { stackTraceLimit } = Error
  Reflect.set(Error, 'stackTraceLimit', 0)
  try {
    return make()
  } finally {
    Reflect.set(Error, 'stackTraceLimit', stackTraceLimit)
  }
}

/** No task may float: a store is tried until it is done, or until the server stores the task by itself. */
function mustRepeat({ kind }: Ending, refusal: Refusal): boolean {
  return isPassing(refusal) || (kind === 'store-task' && refusal.code === 'INTERNAL')
}
