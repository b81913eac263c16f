/** What a node says of its session log. */
import type { Answer } from '../addressed.ts'
import type { SessionId } from '../asked.ts'
import type { TaskId, TaskState, ThemeConfig } from './command.ts'

export interface TaskOpened extends Answer {
  readonly kind: 'task-opened'
  readonly task: TaskId
}

/** The session drives the task from now on. `requestId` is that of its `handle-theme` or `take-task`. */
export interface TaskHandedOut extends Answer {
  readonly kind: 'task-handed-out'
  readonly session: SessionId
  readonly task: TaskId
  readonly theme: number
  readonly attempt: number
  /** How often it has been handed out, with this time; a requeue counts anew. */
  readonly repeats: number
  /** All or, of many, the first ones. Empty until they have been read (`Step.readings`), before anybody is told. */
  records: readonly Uint8Array[]
  /** There are more, for `read-task`. */
  more: boolean
}

export interface TaskRecords extends Answer {
  readonly kind: 'task-records'
  records: readonly Uint8Array[]
  more: boolean
}

export interface ThemeView {
  readonly config: ThemeConfig
  /** Tasks by their state. */
  readonly active: number
  readonly stored: number
  readonly dead: number
  /** Of the active ones, those that are with handlers. */
  readonly handedOut: number
  /** `handle-theme`s under way. */
  readonly handlers: number
}

export interface ThemesListed extends Answer {
  readonly kind: 'themes-listed'
  readonly themes: readonly ThemeView[]
}

export interface TaskView {
  readonly task: TaskId
  readonly theme: number
  readonly state: TaskState
  readonly attempt: number
  readonly repeats: number
  /** How many, and their bytes together. Of a task that is active since before a restart: 0 until they have been counted. */
  readonly records: number
  readonly recordBytes: number
  /** The node's commit number when it was handed out, stored or died; of an active one that of its latest operation. */
  readonly changed: bigint
  /** Seconds since 1970; 0 unless it is stored. */
  readonly dueSecond: bigint
  /** The session that drives it; 0 for none. */
  readonly operator: SessionId
  /** The latest, for people; empty when it has not failed. */
  readonly failure: string
}

export interface TasksListed extends Answer {
  readonly kind: 'tasks-listed'
  readonly tasks: readonly TaskView[]
  /** Where the next page begins; empty when there is none. */
  readonly next: Uint8Array
}

export interface TaskShown extends Answer {
  readonly kind: 'task-shown'
  readonly view: TaskView
  records: readonly Uint8Array[]
  more: boolean
}

export type LogEvent =
  | TaskOpened
  | TaskHandedOut
  | TaskRecords
  | ThemesListed
  | TasksListed
  | TaskShown
