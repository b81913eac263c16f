/**
 * The session log of a coordination node: work in several steps that is finished even if whoever began it dies.
 *
 * Whoever begins such work opens a task and writes down what it is about to do. A task is driven by one operator at a time, for as long as
 * its connection lives. One that is stored, or whose operator is gone, comes back to a handler after a delay, with all that was
 * written down, again and again until somebody deletes it.
 */
import { nothing } from '../abort.ts'
import { optionsOf } from '../arguments.ts'
import type { Bytes } from '../bytes.ts'
import type { OperatorAnswer, OperatorQuestion } from '../link/link.ts'
import {
  delayOf,
  HANDLING_CONCURRENCY_MAX,
  handlerOf,
  taskRecordOf,
  themeOf,
  wholeOf,
} from './arguments.ts'
import { Drive } from './drive.ts'
import { type HandOut, handOutOf, type TaskHandler } from './hand-out.ts'
import { Handling } from './handling.ts'
import { Inventory, type ListTasksOptions } from './inventory.ts'
import type { Heard, PipeSession } from './pipe-session.ts'
import { expected } from './refused.ts'
import { Task } from './task.ts'
import { TaskId, type TaskReference } from './task-id.ts'
import type { ShownTask, TaskInfo } from './task-info.ts'
import { type ThemeInfo, themeMessageOf, type ThemeOptions } from './theme-options.ts'
import { ThemeWorker } from './worker.ts'

export interface HandleOptions {
  /** Most tasks that are at work here at the same time. 1 by default. The theme's own bound holds for all its handlers together. */
  readonly concurrency?: number
}

export interface RequeueOptions {
  /** From now; 0, the default: due at once. */
  readonly delaySeconds?: number
}

/** Asks outside of sessions, and asks again while the server is away. */
export type AskLog = (
  question: OperatorQuestion,
  signal: AbortSignal | undefined,
) => Promise<OperatorAnswer>

export class Pipe {
  readonly #session: PipeSession
  readonly #ask: AskLog
  readonly #inventory: Inventory

  /** Pipes come from `client.pipe`. */
  constructor(session: PipeSession, ask: AskLog) {
    this.#session = session
    this.#ask = ask
    this.#inventory = new Inventory(ask)
  }

  /** The coordination node. */
  get path(): string {
    return this.#session.path
  }

  /**
   * Opens a task; it is durable when this resolves, with its first record if there is one. Dispose it to store it, unless it was deleted.
   * When `signal` aborts on the way, a task that was opened all the same is deleted.
   *
   * @throws UnknownThemeError; TaskTooLargeError; UnavailableError when the server was away, or the outcome is unknown; UnsupportedError
   *   where the server has no log, as do all the others
   */
  async open(theme: number, firstRecord?: Bytes, signal?: AbortSignal): Promise<Task> {
    signal?.throwIfAborted()
    const wanted = themeOf(theme)
    const record = firstRecord === undefined ? null : taskRecordOf(firstRecord)
    const what = `cannot open a task of theme ${wanted} in the log of "${this.path}"`
    const driveOf = ({ stay, answer }: Heard): Drive => {
      const { task } = expected(answer, 'task-opened', () => what)
      return new Drive(stay, { task, theme: wanted, attempt: 0 })
    }
    const asking = {
      operation: { kind: 'open-task', theme: wanted, record },
      asked: () => what,
      late: (heard: Heard) => {
        // Nobody knows of it, so nobody misses it.
        if (heard.answer.kind !== 'task-opened') return
        driveOf(heard).end({ kind: 'delete-task' }, undefined).catch(nothing)
      },
    } as const
    return new Task(driveOf(await this.#session.ask(asking, signal)))
  }

  /**
   * Handles the tasks of a theme: each that is due comes to `handler` with all its records, again and again until one has returned. Goes on
   * through lost connections until the worker is closed, or `signal` aborts.
   *
   * @returns when the server has accepted it
   * @throws UnknownThemeError; UnavailableError when the server was away
   */
  async handle(
    theme: number,
    handler: TaskHandler,
    options: HandleOptions = {},
    signal?: AbortSignal,
  ): Promise<ThemeWorker> {
    const { concurrency = 1 } = optionsOf(options, 'the options of handle')
    const bounds = { min: 1, max: HANDLING_CONCURRENCY_MAX }
    const terms = {
      theme: themeOf(theme),
      handler: handlerOf(handler),
      concurrency: wholeOf(concurrency, 'the concurrency of handle', bounds),
    }
    const handling = new Handling(this.#session, terms)
    await handling.begin(signal)
    return new ThemeWorker(terms.theme, handling)
  }

  /**
   * Takes one stored or dead task in hand, whether it is due or not: this program drives it from now on.
   *
   * @throws NotFoundError; PreconditionFailedError when somebody drives it; UnavailableError as with `open`
   */
  async take(task: TaskReference, signal?: AbortSignal): Promise<HandOut> {
    signal?.throwIfAborted()
    const id = TaskId.of(task)
    const what = `cannot take task ${id.toString()} of the log of "${this.path}"`
    const asking = {
      operation: { kind: 'take-task', task: { term: id.term, index: id.index } },
      asked: () => what,
      late: ({ stay, answer }: Heard) => {
        if (answer.kind === 'task-handed-out') void new Drive(stay, answer).giveBack()
      },
    } as const
    const { stay, answer } = await this.#session.ask(asking, signal)
    const handed = expected(answer, 'task-handed-out', () => what)
    const drive = new Drive(stay, handed)
    try {
      return await handOutOf(drive, { ...handed, path: this.path })
    } catch (error) {
      await drive.giveBack()
      throw error
    }
  }

  /** Makes a theme known to the node, or replaces all its settings. @throws PreconditionFailedError when there are too many themes */
  async configure(theme: number, options: ThemeOptions, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted()
    const config = themeMessageOf(theme, options)
    await this.#ask({ kind: 'configure-theme', config }, signal)
  }

  /** The themes of the node in the order of their numbers, with how many tasks each has. */
  async themes(signal?: AbortSignal): Promise<ThemeInfo[]> {
    return this.#inventory.themes(signal)
  }

  /**
   * Tasks, read a page at a time: the active, the stored and the dead ones, or those of one state. Stored ones come theme by theme in the
   * order in which they are due. One that changes its state meanwhile may be told twice or not at all.
   */
  list(options: ListTasksOptions = {}, signal?: AbortSignal): AsyncIterable<TaskInfo> {
    return this.#inventory.list(options, signal)
  }

  /** A task and its records, whoever drives it. When these are many and are replaced meanwhile, they are of several moments. @throws NotFoundError */
  async show(task: TaskReference, signal?: AbortSignal): Promise<ShownTask> {
    return this.#inventory.show(TaskId.of(task), signal)
  }

  /**
   * A dead task is stored again, its repeats forgotten; a stored one becomes due anew.
   *
   * @throws NotFoundError; PreconditionFailedError when somebody drives it
   */
  async requeue(
    task: TaskReference,
    options: RequeueOptions = {},
    signal?: AbortSignal,
  ): Promise<void> {
    signal?.throwIfAborted()
    const { term, index } = TaskId.of(task)
    const { delaySeconds } = optionsOf(options, 'the options of requeue')
    const delay = delayOf(delaySeconds, 'the delay of a task')
    const question = { kind: 'requeue-task', task: { term, index }, delaySeconds: delay } as const
    await this.#ask(question, signal)
  }

  /** Deletes a stored or dead task, though its work is not finished. @throws NotFoundError; PreconditionFailedError when somebody drives it */
  async drop(task: TaskReference, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted()
    const { term, index } = TaskId.of(task)
    await this.#ask({ kind: 'drop-task', task: { term, index } }, signal)
  }
}
