/** Stored and dead tasks: what is written when a task becomes one, and when it is none any more. */
import type { Root } from '../root.ts'
import { deadTaskKey, storedTaskKey, taskPlaceKey } from '../rows/task-keys.ts'
import { encodeKeptTask, encodeTaskPlace } from '../rows/task-rows.ts'
import { UNBOUNDED_REPEATS } from './command.ts'
import type { Moves } from './moves.ts'
import type { KeptTask, TaskFields } from './task.ts'
import type { Theme } from './theme.ts'
import type { Themes } from './themes.ts'

export class KeptTasks {
  readonly #root: Root
  readonly #themes: Themes
  readonly #moves: Moves

  constructor(root: Root, machines: { themes: Themes; moves: Moves }) {
    this.#root = root
    this.#themes = machines.themes
    this.#moves = machines.moves
  }

  /** The task is due then, unless it has come back as often as its theme allows: then it is dead. */
  keep(theme: Theme, task: TaskFields, dueSecond: number): void {
    const { repeatsMax } = theme.config
    const isDead = task.repeats >= repeatsMax && repeatsMax < UNBOUNDED_REPEATS
    this.#put(theme, task, isDead ? null : dueSecond)
  }

  /** A kept task is due anew; a dead one has its repeats forgotten. */
  requeue(theme: Theme, task: KeptTask, dueSecond: number): void {
    const fresh = task.state === 'dead' ? { ...task, repeats: 0 } : task
    // The row to come goes first, as always.
    this.#put(theme, fresh, dueSecond)
    this.#release(theme, task)
  }

  /** The task is neither stored nor dead any more; its records stay. */
  release(theme: Theme, task: KeptTask): void {
    this.#release(theme, task)
    this.#root.turn.delete(taskPlaceKey(task.index))
  }

  /** @param dueSecond null for never */
  #put(theme: Theme, task: TaskFields, dueSecond: number | null): void {
    const { turn, counters } = this.#root
    // In one shape, since there are many.
    const kept: KeptTask = {
      state: dueSecond === null ? 'dead' : 'stored',
      theme: theme.config.theme,
      dueSecond: dueSecond ?? 0,
      number: Number(counters.takeCommit()),
      index: task.index,
      term: task.term,
      attempt: task.attempt,
      repeats: task.repeats,
      firstRecord: task.firstRecord,
      nextRecord: task.nextRecord,
      recordBytes: task.recordBytes,
      failure: task.failure,
    }
    turn.put(keyOf(kept), encodeKeptTask(kept))
    turn.put(taskPlaceKey(kept.index), encodeTaskPlace(kept))
    if (kept.state === 'stored') theme.queue.add(kept)
    this.#count(theme, kept, 1)
  }

  #release(theme: Theme, task: KeptTask): void {
    this.#root.turn.delete(keyOf(task))
    if (task.state === 'stored') theme.queue.remove(task)
    this.#count(theme, task, -1)
  }

  #count(theme: Theme, { state, index }: KeptTask, by: 1 | -1): void {
    if (state === 'dead') theme.dead += by
    else theme.stored += by
    this.#themes.totalsMoved(theme, by)
    this.#moves.moved(index)
  }
}

function keyOf(task: KeptTask): Uint8Array {
  return task.state === 'dead' ? deadTaskKey(task) : storedTaskKey(task)
}
