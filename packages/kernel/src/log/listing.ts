/** Pages of tasks in one state, as their rows have them: many of them are in no memory. */
import type { Found, Reading } from '../reading.ts'
import type { Root } from '../root.ts'
import { ACTIVE_TASK_TAG, DEAD_TASK_TAG, STORED_TASK_TAG } from '../rows/keys.ts'
import type { KeyBounds } from '../rows/keys.ts'
import { onlyKey, readActiveTaskKey, readDeadTaskKey, taskKeys } from '../rows/task-keys.ts'
import { decodeKeptTask } from '../rows/task-rows.ts'
import type { Entry } from '../write-set.ts'
import { NO_BYTES, compareBytes } from '../bytes.ts'
import type { ActiveTasks } from './active-tasks.ts'
import type { ListTasks, TaskState } from './command.ts'
import type { TaskView } from './event.ts'
import { viewOfActive, viewOfKept } from './inspection.ts'
import { storedTaskOf } from './stored-queue.ts'

const TAGS: Readonly<Record<TaskState, number>> = {
  active: ACTIVE_TASK_TAG,
  stored: STORED_TASK_TAG,
  dead: DEAD_TASK_TAG,
}

const PAGE_BYTES_MAX = 4_194_304

export class ListReading implements Reading {
  readonly command: ListTasks
  readonly range: KeyBounds
  readonly entriesMax: number
  readonly bytesMax: number = PAGE_BYTES_MAX

  constructor(command: ListTasks, range: KeyBounds, entriesMax: number) {
    this.command = command
    this.range = range
    this.entriesMax = entriesMax
  }
}

export class Listing {
  readonly #root: Root
  readonly #active: ActiveTasks

  constructor(root: Root, machines: { active: ActiveTasks }) {
    this.#root = root
    this.#active = machines.active
  }

  ask(command: ListTasks): void {
    const { state, theme, after, limit } = command
    const { listedTasksMax } = this.#root.limits
    // Rows of active tasks are in the order of their opening, whatever the theme.
    const all = taskKeys(TAGS[state], state === 'active' ? null : theme)
    const start = after.length === 0 ? all.start : onlyKey(after).end
    if (compareBytes(start, all.start) < 0 || compareBytes(start, all.end) > 0) {
      return this.#root.turn.refuse(command, 'INVALID_ARGUMENT', 'the list has no such page')
    }
    const entriesMax = limit > 0 ? Math.min(limit, listedTasksMax) : listedTasksMax
    this.#root.turn.read(new ListReading(command, { start, end: all.end }, entriesMax))
  }

  supply({ command }: ListReading, { entries, isWhole }: Found): void {
    const { stream, requestId, state, theme } = command
    const tasks = entries.flatMap((entry) => this.#viewOf(state, entry) ?? [])
    this.#root.turn.say({
      kind: 'tasks-listed',
      stream,
      requestId,
      tasks: theme === null ? tasks : tasks.filter((task) => task.theme === theme),
      next: isWhole ? NO_BYTES : (entries.at(-1)?.[0].slice() ?? NO_BYTES),
    })
  }

  #viewOf(state: TaskState, entry: Entry): TaskView | null {
    const [key, value] = entry
    if (state === 'stored') return viewOfKept(storedTaskOf(entry))
    if (state === 'dead') {
      const row = { ...readDeadTaskKey(key), ...decodeKeptTask(value) }
      return viewOfKept({ state, dueSecond: 0, ...row })
    }
    const task = this.#active.find(Number(readActiveTaskKey(key)))
    // Stored or deleted since it was read.
    return task === undefined ? null : viewOfActive(task)
  }
}
