/**
 * What can be asked of a node's session log: work that was begun and must be finished.
 *
 * A task is driven by one operator at a time: a session, for as long as it stays on its stream. Each hand-out is a new attempt, and
 * every operation names the attempt it belongs to: one of an older attempt is refused (STALE_ATTEMPT), one of a task that nobody drives
 * any more is refused (TASK_CLOSED).
 */
import type { Asked, InSession } from '../asked.ts'

/** Ordered by term, then index. `index` alone is unique within a node. */
export interface TaskId {
  /** The epoch of the partition in which the task was opened. */
  readonly term: bigint
  /** The node's commit number when it was opened. */
  readonly index: bigint
}

/** 2^32-1: "without bound" for `repeatsMax`. */
export const UNBOUNDED_REPEATS = 0xffff_ffff

/** Which kind of work a task is, and how it comes back. */
export interface ThemeConfig {
  /** 0 to 2^32-1. */
  readonly theme: number
  /** For people. */
  readonly name: string
  /** Where the server takes due tasks to; empty: nowhere, handlers come to them. Kept unread. */
  readonly handler: string
  /** How long the handler there may take for one task; kept unread. */
  readonly handlerSeconds: number
  /** From storing to coming back, unless the store says otherwise. */
  readonly delaySeconds: number
  /** Up to so much is added, by chance. */
  readonly jitterSeconds: number
  /** Most tasks that are handed out at the same time. */
  readonly concurrency: number
  /** Most hand-outs of a task; stored once more it is dead. */
  readonly repeatsMax: number
  /** Of the records of a task together. */
  readonly taskBytesMax: number
}

/** Opens a task, which this session drives. Answered by `task-opened`. UNKNOWN_THEME, TASK_TOO_LARGE, PRECONDITION_FAILED. */
export interface OpenTask extends InSession {
  readonly kind: 'open-task'
  readonly theme: number
  /** null for none. */
  readonly record: Uint8Array | null
}

interface TaskOperation extends InSession {
  readonly task: TaskId
  readonly attempt: number
}

/** TASK_TOO_LARGE leaves the task as it was. */
export interface AppendTask extends TaskOperation {
  readonly kind: 'append-task'
  readonly record: Uint8Array
}

/** Drops all records and keeps this one. */
export interface ReplaceTask extends TaskOperation {
  readonly kind: 'replace-task'
  readonly record: Uint8Array
}

/** The task is finished. */
export interface DeleteTask extends TaskOperation {
  readonly kind: 'delete-task'
}

/** The task comes back after a delay. */
export interface StoreTask extends TaskOperation {
  readonly kind: 'store-task'
  /** 0: the theme's. */
  readonly delaySeconds: number
  /** Why it failed, for people; empty when it did not. Cut off at `failureBytesMax`. */
  readonly failure: string
}

/** Records of a task that this session drives, a page of them. Answered by `task-records`. */
export interface ReadTask extends TaskOperation {
  readonly kind: 'read-task'
  /** How many records, from the first, not to tell of. */
  readonly from: number
}

/**
 * Due tasks of a theme are handed out to this session from now on: `task-handed-out` with this request's id, as often as there is one.
 * Answered by `done` before the first. UNKNOWN_THEME.
 */
export interface HandleTheme extends InSession {
  readonly kind: 'handle-theme'
  readonly theme: number
  /** Most tasks that are out here at the same time. */
  readonly concurrency: number
}

/** Ends a `handle-theme` of this session. Answered by `done`: no hand-out comes after it. What is out stays. */
export interface StopHandling extends InSession {
  readonly kind: 'stop-handling'
  /** The request id of the `handle-theme`. */
  readonly target: bigint
}

/** Hands one stored or dead task out to this session, whenever it is due. Answered by `task-handed-out`. NOT_FOUND, PRECONDITION_FAILED. */
export interface TakeTask extends InSession {
  readonly kind: 'take-task'
  readonly task: TaskId
}

export type LogCommand =
  | OpenTask
  | AppendTask
  | ReplaceTask
  | DeleteTask
  | StoreTask
  | ReadTask
  | HandleTheme
  | StopHandling
  | TakeTask

/** Makes a theme known, or replaces its settings. INVALID_ARGUMENT, PRECONDITION_FAILED. */
export interface ConfigureTheme extends Asked {
  readonly kind: 'configure-theme'
  readonly config: ThemeConfig
}

/** Answered by `themes-listed`, ascending by theme. */
export interface ListThemes extends Asked {
  readonly kind: 'list-themes'
}

export type TaskState = 'active' | 'stored' | 'dead'

/** Tasks in one state, a page of them. Answered by `tasks-listed`. */
export interface ListTasks extends Asked {
  readonly kind: 'list-tasks'
  readonly state: TaskState
  /** null for all. */
  readonly theme: number | null
  /** Where the page before has ended, as it has said; empty from the start. */
  readonly after: Uint8Array
  /** 0: as many as a page takes. */
  readonly limit: number
}

/** One task and a page of its records. Answered by `task-shown`. NOT_FOUND. */
export interface ShowTask extends Asked {
  readonly kind: 'show-task'
  readonly task: TaskId
  /** How many records, from the first, not to tell of. */
  readonly from: number
}

/** A dead task is stored again, its repeats forgotten; a stored one becomes due anew. NOT_FOUND, PRECONDITION_FAILED. */
export interface RequeueTask extends Asked {
  readonly kind: 'requeue-task'
  readonly task: TaskId
  /** From now; 0: due at once. */
  readonly delaySeconds: number
}

/** A stored or dead task is deleted, unfinished. NOT_FOUND, PRECONDITION_FAILED. */
export interface DropTask extends Asked {
  readonly kind: 'drop-task'
  readonly task: TaskId
}

export type LogQuestion =
  | ConfigureTheme
  | ListThemes
  | ListTasks
  | ShowTask
  | RequeueTask
  | DropTask
