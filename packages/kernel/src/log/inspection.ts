/** What people see of tasks, and what they do with them: show, take, requeue, drop. */
import { invariant } from '../invariant.ts'
import type { Root } from '../root.ts'
import type { Session } from '../session.ts'
import type { ActiveTasks } from './active-tasks.ts'
import type { DropTask, RequeueTask, ShowTask, TakeTask } from './command.ts'
import type { Delivery } from './delivery.ts'
import { dueSecondOf } from './due.ts'
import type { TaskShown, TaskView } from './event.ts'
import type { KeptTasks } from './kept-tasks.ts'
import type { FoundTask, LookupCommand } from './lookups.ts'
import { idOf, idText } from './task.ts'
import type { ActiveTask, KeptTask } from './task.ts'
import { deleteRecords, readRecords } from './task-records.ts'
import type { Theme } from './theme.ts'
import type { Themes } from './themes.ts'

const U32_MAX = 0xffff_ffff

export class Inspection implements FoundTask {
  readonly #root: Root
  readonly #themes: Themes
  readonly #kept: KeptTasks
  readonly #delivery: Delivery
  readonly #awake: Set<Theme>

  constructor(
    root: Root,
    machines: {
      themes: Themes
      kept: KeptTasks
      active: ActiveTasks
      delivery: Delivery
      awake: Set<Theme>
    },
  ) {
    this.#root = root
    this.#themes = machines.themes
    this.#kept = machines.kept
    this.#delivery = machines.delivery
    this.#awake = machines.awake
  }

  active(command: LookupCommand, task: ActiveTask): void {
    if (command.kind === 'show-task') return this.#show(command, viewOfActive(task), task)
    const message = `task ${idText(command.task)} is with somebody: wait until it is stored`
    this.#root.turn.refuse(command, 'PRECONDITION_FAILED', message)
  }

  kept(command: LookupCommand, task: KeptTask, session: Session | null): void {
    const theme = this.#themes.find(task.theme)
    invariant(theme !== undefined, 'I-16', task.theme, task.index)
    // It may have been the last one in memory, or be due now.
    if (command.kind !== 'show-task') this.#awake.add(theme)
    switch (command.kind) {
      case 'show-task':
        return this.#show(command, viewOfKept(task), task)
      case 'requeue-task':
        return this.#requeue(command, theme, task)
      case 'drop-task':
        return this.#drop(command, theme, task)
      case 'take-task':
        return this.#take(command, { theme, task, session })
      default:
        return command satisfies never
    }
  }

  #show({ stream, requestId, from }: ShowTask, view: TaskView, task: ActiveTask | KeptTask): void {
    const shown: TaskShown = {
      kind: 'task-shown',
      stream,
      requestId,
      view,
      records: [],
      more: false,
    }
    this.#root.turn.say(shown)
    readRecords(this.#root, shown, task, from)
  }

  #requeue(command: RequeueTask, theme: Theme, task: KeptTask): void {
    const { turn, outside } = this.#root
    const { delaySeconds } = command
    if (!Number.isInteger(delaySeconds) || delaySeconds < 0 || delaySeconds > U32_MAX) {
      const message = `the delay must be whole seconds from 0 to ${U32_MAX}, got ${delaySeconds}`
      return turn.refuse(command, 'INVALID_ARGUMENT', message)
    }
    const dueSecond = dueSecondOf(outside, { delaySeconds, jitterSeconds: 0 })
    this.#kept.requeue(theme, task, dueSecond)
    this.#sayDone(command)
  }

  #drop(command: DropTask, theme: Theme, task: KeptTask): void {
    const { turn, counters } = this.#root
    counters.takeCommit()
    deleteRecords(turn, task)
    this.#kept.release(theme, task)
    this.#sayDone(command)
  }

  #take(
    { stream, requestId, kind, session: id, task: asked }: TakeTask,
    found: { readonly theme: Theme; readonly task: KeptTask; readonly session: Session | null },
  ): void {
    const { theme, task, session } = found
    if (session === null) {
      const message = `session ${id} has left; ${kind} ${idText(asked)} was not done`
      return this.#root.turn.refuse({ stream, requestId }, 'BAD_SESSION', message)
    }
    this.#delivery.handOut(theme, task, { session, stream, requestId, handling: null })
  }

  #sayDone({ stream, requestId }: LookupCommand): void {
    this.#root.turn.say({ kind: 'done', stream, requestId })
  }
}

export function viewOfActive(task: ActiveTask): TaskView {
  const { theme, attempt, repeats, failure, operator } = task
  return {
    task: idOf(task),
    theme: theme.config.theme,
    state: 'active',
    attempt,
    repeats,
    records: task.nextRecord - task.firstRecord,
    recordBytes: task.recordBytes,
    changed: BigInt(task.changed),
    dueSecond: 0n,
    operator: operator?.id ?? 0n,
    failure,
  }
}

export function viewOfKept(task: KeptTask): TaskView {
  const { theme, state, attempt, repeats, dueSecond, number, failure } = task
  return {
    task: idOf(task),
    theme,
    state,
    attempt,
    repeats,
    records: task.nextRecord - task.firstRecord,
    recordBytes: task.recordBytes,
    changed: BigInt(number),
    dueSecond: BigInt(dueSecond),
    operator: 0n,
    failure,
  }
}
