/** Tasks that somebody drives, and those that are about to be stored because nobody does any more. */
import type { Root } from '../root.ts'
import { activeTaskKey } from '../rows/task-keys.ts'
import { encodeActiveTask } from '../rows/task-rows.ts'
import type { Session } from '../session.ts'
import { dueSecondOf } from './due.ts'
import type { Handling } from './handling.ts'
import type { KeptTasks } from './kept-tasks.ts'
import type { ActiveTask } from './task.ts'
import type { Theme } from './theme.ts'

export class ActiveTasks {
  readonly #root: Root
  readonly #kept: KeptTasks
  readonly #byIndex = new Map<number, ActiveTask>()
  /** Themes of which a place has become free, or a task has been stored. */
  readonly #awake: Set<Theme>

  constructor(root: Root, machines: { kept: KeptTasks; awake: Set<Theme> }) {
    this.#root = root
    this.#kept = machines.kept
    this.#awake = machines.awake
  }

  get size(): number {
    return this.#byIndex.size
  }

  find(index: number): ActiveTask | undefined {
    return this.#byIndex.get(index)
  }

  /** Somebody drives the task from now on. */
  begin(task: ActiveTask, operator: Session, handling: Handling | null): void {
    this.enter(task)
    this.write(task)
    task.operator = operator
    task.handling = handling
    operator.tasks ??= new Set()
    operator.tasks.add(task)
    if (handling !== null) task.theme.handedTo(handling)
  }

  /** Takes in a task that has a row already. */
  enter(task: ActiveTask): void {
    this.#byIndex.set(task.index, task)
    task.theme.active += 1
  }

  write(task: ActiveTask): void {
    const { theme } = task.theme.config
    this.#root.turn.put(activeTaskKey(task.index), encodeActiveTask(theme, task))
  }

  /** Nobody drives the task any more, and it is not stored yet. */
  abandon(task: ActiveTask): void {
    const { operator, handling } = task
    operator?.tasks?.delete(task)
    task.operator = null
    task.handling = null
    if (handling === null) return
    task.theme.takenFrom(handling)
    this.#awake.add(task.theme)
  }

  /** @param delaySeconds 0: the theme's */
  store(task: ActiveTask, delaySeconds: number): void {
    const { theme } = task
    const { config } = theme
    const delay = delaySeconds === 0 ? config.delaySeconds : delaySeconds
    const span = { delaySeconds: delay, jitterSeconds: config.jitterSeconds }
    // The row to come goes first: should only some of these writes be kept, the task is there.
    this.#kept.keep(theme, task, dueSecondOf(this.#root.outside, span))
    this.end(task)
    this.#awake.add(theme)
  }

  /** The task is not active any more. */
  end(task: ActiveTask): void {
    this.abandon(task)
    this.#byIndex.delete(task.index)
    task.theme.active -= 1
    this.#root.turn.delete(activeTaskKey(task.index))
  }

  all(): IterableIterator<ActiveTask> {
    return this.#byIndex.values()
  }

  clear(): void {
    this.#byIndex.clear()
  }
}
