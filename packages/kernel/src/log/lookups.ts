/**
 * Tasks that somebody asks for by their ids, in whatever state they are.
 *
 * A stored or dead task is not in memory: its place is read, then its row. Should it move meanwhile, all begins anew.
 */
import type { RefusalCode } from '../event.ts'
import type { Found, Reading } from '../reading.ts'
import type { Root } from '../root.ts'
import type { KeyBounds } from '../rows/keys.ts'
import { deadTaskKey, onlyKey, storedTaskKey, taskPlaceKey } from '../rows/task-keys.ts'
import { decodeKeptTask, decodeTaskPlace } from '../rows/task-rows.ts'
import type { TaskPlaceRow } from '../rows/task-rows.ts'
import type { Session } from '../session.ts'
import type { ActiveTasks } from './active-tasks.ts'
import type { DropTask, RequeueTask, ShowTask, TakeTask } from './command.ts'
import type { Moves, Watcher } from './moves.ts'
import { idText } from './task.ts'
import type { ActiveTask, KeptTask } from './task.ts'

export type LookupCommand = ShowTask | RequeueTask | DropTask | TakeTask

/** What is done with a task that has been found. */
export interface FoundTask {
  active(command: LookupCommand, task: ActiveTask): void
  /** @param session who asks, as long as he stays on the stream on which he asked */
  kept(command: LookupCommand, task: KeptTask, session: Session | null): void
}

interface Wish {
  readonly command: LookupCommand
  /** Who asks, and in which of his attachments; null for one who needs no session. */
  readonly session: Session | null
  readonly attachment: number
  readonly tries: number
}

/** How often a task may move while it is looked for. */
const TRIES_MAX = 16
const ROW_BYTES_MAX = 65_536

export class Lookup implements Reading, Watcher {
  readonly wish: Wish
  readonly index: number
  readonly range: KeyBounds
  readonly entriesMax = 1
  readonly bytesMax: number = ROW_BYTES_MAX
  /** null as long as it is looked for. */
  readonly place: TaskPlaceRow | null
  hasMoved = false

  constructor(wish: Wish, place: TaskPlaceRow | null) {
    this.wish = wish
    this.index = Number(wish.command.task.index)
    this.place = place
    this.range = onlyKey(keyOf(this.index, place))
  }
}

export class Lookups {
  readonly #root: Root
  readonly #active: ActiveTasks
  readonly #moves: Moves
  readonly #then: FoundTask

  constructor(root: Root, machines: { active: ActiveTasks; moves: Moves; then: FoundTask }) {
    this.#root = root
    this.#active = machines.active
    this.#moves = machines.moves
    this.#then = machines.then
  }

  begin(command: LookupCommand, session: Session | null): void {
    this.#begin({ command, session, attachment: session?.attachment ?? 0, tries: 0 })
  }

  #begin(wish: Wish): void {
    const { command } = wish
    const { index, term } = command.task
    const task = this.#active.find(Number(index))
    if (task !== undefined && BigInt(task.term) === term) this.#then.active(command, task)
    else if (index < 1n || index > this.#root.counters.lastCommit) this.#absent(command)
    else this.#read(new Lookup(wish, null))
  }

  supply(lookup: Lookup, { entries }: Found): void {
    const { wish } = lookup
    const { command, session, attachment } = wish
    this.#moves.forget(lookup)
    if (lookup.hasMoved) return this.#again(wish)
    const value = entries[0]?.[1]
    if (value === undefined) return this.#absent(command)
    if (lookup.place === null) return this.#read(new Lookup(wish, decodeTaskPlace(value)))
    const task: KeptTask = { ...lookup.place, ...decodeKeptTask(value) }
    if (BigInt(task.term) !== command.task.term) return this.#absent(command)
    const isHere = session?.stream === command.stream && session.attachment === attachment
    this.#then.kept(command, task, isHere ? session : null)
  }

  #again(wish: Wish): void {
    const { command, tries } = wish
    if (tries < TRIES_MAX) return this.#begin({ ...wish, tries: tries + 1 })
    this.#refuse(command, 'ABORTED', `task ${idText(command.task)} changes too often`)
  }

  #read(lookup: Lookup): void {
    this.#moves.watch(lookup)
    this.#root.turn.read(lookup)
  }

  #absent(command: LookupCommand): void {
    this.#refuse(command, 'NOT_FOUND', `there is no task ${idText(command.task)}`)
  }

  #refuse(command: LookupCommand, code: RefusalCode, message: string): void {
    this.#root.turn.refuse(command, code, message)
  }
}

function keyOf(index: number, place: TaskPlaceRow | null): Uint8Array {
  if (place === null) return taskPlaceKey(index)
  return place.state === 'dead' ? deadTaskKey(place) : storedTaskKey(place)
}
