/** A task as people see it, who do not drive it. */
import type { TaskStateName, TaskViewMessage } from '@tenure/protocol'
import { TaskId } from './task-id.ts'

/** `active`: somebody drives it; `stored`: it comes back; `dead`: it was handed out as often as its theme wants, and waits for people. */
export type TaskState = TaskStateName

export interface TaskInfo {
  readonly id: TaskId
  readonly theme: number
  readonly state: TaskState
  /** Of the latest hand-out; 0 before the first. */
  readonly attempt: number
  /** How often it has been handed out since it was opened or requeued. */
  readonly repeats: number
  /** Of an active task since before a restart of the server 0, until they have been counted. */
  readonly recordsCount: number
  readonly bytes: number
  /** The node's commit number when it was handed out, stored or died; of an active one that of its latest operation. */
  readonly changed: bigint
  /** When a stored one comes back, in seconds since 1970; else null. */
  readonly dueSecond: number | null
  /** The session that drives it, or null. */
  readonly operator: bigint | null
  /** Why it has failed the last time, or null. */
  readonly failure: string | null
  /** Of a dead one: the reference design's number for that the limit of repeats is reached. */
  readonly status?: number
}

/** With its records. When these are many and are replaced meanwhile, they are of several moments. */
export interface ShownTask extends TaskInfo {
  readonly records: readonly Uint8Array[]
}

export const TASK_STATES: readonly TaskState[] = ['active', 'stored', 'dead']

const REPEAT_LIMIT_REACHED = 2001

export function taskInfoOf(view: TaskViewMessage): TaskInfo {
  const { task, theme, state, attempt, repeats, records, recordBytes } = view
  const { changed, dueSecond, operator, failure } = view
  return {
    id: new TaskId(task.term, task.index),
    theme,
    state,
    attempt,
    repeats,
    recordsCount: records,
    bytes: recordBytes,
    changed,
    dueSecond: state === 'stored' ? Number(dueSecond) : null,
    operator: operator === 0n ? null : operator,
    failure: failure === '' ? null : failure,
    ...(state === 'dead' ? { status: REPEAT_LIMIT_REACHED } : {}),
  }
}
