/** Stored and dead tasks: what is written when a task becomes one, and when it is none any more. */
import type { Root } from '../root.ts'
import { deadTaskKey, storedTaskKey, taskPlaceKey } from '../rows/task-keys.ts'
import { encodeKeptTask, encodeTaskPlace } from '../rows/task-rows.ts'
import type { Moves } from './moves.ts'
import type { KeptTask } from './task.ts'
import type { Theme } from './theme.ts'
import type { Themes } from './themes.ts'

/** What becomes of a task that is kept. */
export interface Keeping {
  readonly index: number
  readonly term: number
  readonly attempt: number
  readonly repeats: number
  readonly firstRecord: number
  readonly nextRecord: number
  readonly recordBytes: number
  readonly failure: string
}

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
  keep(theme: Theme, task: Keeping, dueSecond: number): void {
    const { turn, counters } = this.#root
    const number = Number(counters.takeCommit())
    const isDead = task.repeats >= theme.config.repeatsMax && theme.config.repeatsMax < UNBOUNDED
    const place = { theme: theme.config.theme, dueSecond: isDead ? 0 : dueSecond, number }
    const state = isDead ? 'dead' : 'stored'
    turn.put(isDead ? deadTaskKey(place) : storedTaskKey(place), encodeKeptTask(task))
    turn.put(taskPlaceKey(task.index), encodeTaskPlace({ state, ...place }))
    if (isDead) theme.dead += 1
    else {
      theme.stored += 1
      theme.queue.add(keptOf(task, state, place))
    }
    this.#themes.totalsMoved()
    this.#moves.moved(task.index)
  }

  /** The task is neither stored nor dead any more; its records stay. */
  release(theme: Theme, task: KeptTask): void {
    this.releaseRow(theme, task)
    this.#root.turn.delete(taskPlaceKey(task.index))
  }

  /** The task is not there any more, but in another place that was written already. */
  releaseRow(theme: Theme, task: KeptTask): void {
    const { turn } = this.#root
    if (task.state === 'dead') {
      turn.delete(deadTaskKey(task))
      theme.dead -= 1
    } else {
      turn.delete(storedTaskKey(task))
      theme.stored -= 1
      theme.queue.remove(task)
    }
    this.#themes.totalsMoved()
    this.#moves.moved(task.index)
  }
}

const UNBOUNDED = 0xffff_ffff

/** In one shape, since there are many. */
function keptOf(
  task: Keeping,
  state: KeptTask['state'],
  place: { theme: number; dueSecond: number; number: number },
): KeptTask {
  const { index, term, attempt, repeats, firstRecord, nextRecord, recordBytes, failure } = task
  const { theme, dueSecond, number } = place
  const counts = { firstRecord, nextRecord, recordBytes }
  return { state, theme, dueSecond, number, index, term, attempt, repeats, ...counts, failure }
}
