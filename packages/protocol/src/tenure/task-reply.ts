/** What the server answers about a node's session log over Tenure's own protocol, as plain objects. */
import type { TaskIdMessage, TaskStateName, ThemeMessage } from './task-operation.ts'

export interface ThemeViewMessage {
  readonly config: ThemeMessage
  readonly active: number
  readonly stored: number
  readonly dead: number
  readonly handedOut: number
  readonly handlers: number
}

export interface TaskViewMessage {
  readonly task: TaskIdMessage
  readonly theme: number
  readonly state: TaskStateName
  readonly attempt: number
  readonly repeats: number
  readonly records: number
  readonly recordBytes: number
  readonly changed: bigint
  readonly dueSecond: bigint
  readonly operator: bigint
  readonly failure: string
}

export interface TaskHandedOutReply {
  readonly kind: 'task-handed-out'
  readonly task: TaskIdMessage
  readonly theme: number
  readonly attempt: number
  readonly repeats: number
  readonly records: readonly Uint8Array[]
  /** There are more, for `read-task`. */
  readonly more: boolean
}

export type TaskReply =
  | { readonly kind: 'task-opened'; readonly task: TaskIdMessage }
  /** To a `take-task` the answer; to a `handle-theme` one of many, after its `done`. */
  | TaskHandedOutReply
  | {
      readonly kind: 'task-records'
      readonly records: readonly Uint8Array[]
      readonly more: boolean
    }
  | { readonly kind: 'themes-listed'; readonly themes: readonly ThemeViewMessage[] }
  | {
      readonly kind: 'tasks-listed'
      readonly tasks: readonly TaskViewMessage[]
      /** Where the next page begins; empty when there is none. */
      readonly next: Uint8Array
    }
  | {
      readonly kind: 'task-shown'
      readonly view: TaskViewMessage
      readonly records: readonly Uint8Array[]
      readonly more: boolean
    }
