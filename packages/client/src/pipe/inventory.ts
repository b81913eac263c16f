/** What is in a log: its themes, and its tasks page by page. */
import type { TaskIdMessage } from '@tenure/protocol'
import { optionsOf } from '../arguments.ts'
import { EMPTY_BYTES } from '../bytes.ts'
import type { OperatorAnswer, OperatorQuestion } from '../link/link.ts'
import { outOfRange } from '../wrong-argument.ts'
import { themeOf, wholeOf } from './arguments.ts'
import type { TaskId } from './task-id.ts'
import {
  type ShownTask,
  TASK_STATES,
  type TaskInfo,
  taskInfoOf,
  type TaskState,
} from './task-info.ts'
import { type ThemeInfo, themeInfoOf } from './theme-options.ts'

export interface ListTasksOptions {
  /** All by default. */
  readonly state?: TaskState
  /** All by default. */
  readonly theme?: number
  /** The most tasks to tell of; all by default. */
  readonly limit?: number
}

type Ask = (question: OperatorQuestion, signal: AbortSignal | undefined) => Promise<OperatorAnswer>

interface Wish {
  readonly states: readonly TaskState[]
  readonly theme: number | null
  readonly limit: number
}

/** The most tasks that one question asks for: a page is bounded by the server as well. */
const PAGE_TASKS_MAX = 1000
const LIMIT_BOUNDS = { min: 1, max: Number.MAX_SAFE_INTEGER }

export class Inventory {
  readonly #ask: Ask

  constructor(ask: Ask) {
    this.#ask = ask
  }

  async themes(signal: AbortSignal | undefined): Promise<ThemeInfo[]> {
    const { themes } = await this.#answer({ kind: 'list-themes' }, 'themes-listed', signal)
    return themes.map(themeInfoOf)
  }

  /** @throws TypeError, RangeError at once */
  list(options: ListTasksOptions, signal: AbortSignal | undefined): AsyncIterable<TaskInfo> {
    return this.#pages(wishOf(options), signal)
  }

  async show(id: TaskId, signal: AbortSignal | undefined): Promise<ShownTask> {
    const task: TaskIdMessage = { term: id.term, index: id.index }
    const records: Uint8Array[] = []
    for (;;) {
      const question = { kind: 'show-task', task, from: records.length } as const
      const page = await this.#answer(question, 'task-shown', signal)
      records.push(...page.records)
      if (!page.more || page.records.length === 0) return { ...taskInfoOf(page.view), records }
    }
  }

  async *#pages(
    { states, theme, limit }: Wish,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<TaskInfo, void, undefined> {
    let left = limit
    for (const state of states) {
      let after = EMPTY_BYTES
      do {
        const wanted = Math.min(left, PAGE_TASKS_MAX)
        const question = { kind: 'list-tasks', state, theme, after, limit: wanted } as const
        const page = await this.#answer(question, 'tasks-listed', signal)
        for (const view of page.tasks) {
          yield taskInfoOf(view)
          left -= 1
          if (left === 0) return
        }
        after = page.next
      } while (after.length > 0)
    }
  }

  async #answer<K extends OperatorAnswer['kind']>(
    question: OperatorQuestion,
    kind: K,
    signal: AbortSignal | undefined,
  ): Promise<Extract<OperatorAnswer, { kind: K }>> {
    signal?.throwIfAborted()
    const answer = await this.#ask(question, signal)
    if (isOf(answer, kind)) return answer
    throw new Error(`${question.kind} was answered with ${answer.kind}`)
  }
}

function wishOf(options: ListTasksOptions): Wish {
  const { state, theme, limit = Infinity } = optionsOf(options, 'the options of list')
  if (state !== undefined && !TASK_STATES.includes(state)) {
    throw outOfRange(`the state of tasks must be ${TASK_STATES.join(', ')}, got ${state as string}`)
  }
  return {
    states: state === undefined ? TASK_STATES : [state],
    theme: theme === undefined ? null : themeOf(theme),
    limit: limit === Infinity ? Infinity : wholeOf(limit, 'the limit of list', LIMIT_BOUNDS),
  }
}

function isOf<K extends OperatorAnswer['kind']>(
  answer: OperatorAnswer,
  kind: K,
): answer is Extract<OperatorAnswer, { kind: K }> {
  return answer.kind === kind
}
