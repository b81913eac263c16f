/**
 * What can be asked of a node's session log over Tenure's own protocol, as plain objects.
 *
 * The meaning of each is documented in the proto file.
 */

/** Ordered by term, then index. */
export interface TaskIdMessage {
  readonly term: bigint
  readonly index: bigint
}

interface TaskBound {
  readonly task: TaskIdMessage
  readonly attempt: number
}

export interface OpenTaskOperation {
  readonly kind: 'open-task'
  readonly theme: number
  /** null for none. */
  readonly record: Uint8Array | null
}

export interface AppendTaskOperation extends TaskBound {
  readonly kind: 'append-task'
  readonly record: Uint8Array
}

export interface ReplaceTaskOperation extends TaskBound {
  readonly kind: 'replace-task'
  readonly record: Uint8Array
}

interface DeleteTaskOperation extends TaskBound {
  readonly kind: 'delete-task'
}

export interface StoreTaskOperation extends TaskBound {
  readonly kind: 'store-task'
  /** 0: the theme's. */
  readonly delaySeconds: number
  readonly failure: string
}

export interface ReadTaskOperation extends TaskBound {
  readonly kind: 'read-task'
  readonly from: number
}

export interface HandleThemeOperation {
  readonly kind: 'handle-theme'
  readonly theme: number
  readonly concurrency: number
}

interface StopHandlingOperation {
  readonly kind: 'stop-handling'
  /** The id of the ask of the `handle-theme`. */
  readonly target: bigint
}

interface TakeTaskOperation {
  readonly kind: 'take-task'
  readonly task: TaskIdMessage
}

export type TaskOperation =
  | OpenTaskOperation
  | AppendTaskOperation
  | ReplaceTaskOperation
  | DeleteTaskOperation
  | StoreTaskOperation
  | ReadTaskOperation
  | HandleThemeOperation
  | StopHandlingOperation
  | TakeTaskOperation

export type TaskStateName = 'active' | 'stored' | 'dead'

export interface ThemeMessage {
  readonly theme: number
  readonly name: string
  readonly handler: string
  readonly handlerSeconds: number
  readonly delaySeconds: number
  readonly jitterSeconds: number
  readonly concurrency: number
  /** 2^32-1: without bound. */
  readonly repeatsMax: number
  readonly taskBytesMax: number
}

export type TaskQuestion =
  | { readonly kind: 'configure-theme'; readonly config: ThemeMessage }
  | { readonly kind: 'list-themes' }
  | {
      readonly kind: 'list-tasks'
      readonly state: TaskStateName
      /** null for all. */
      readonly theme: number | null
      /** Empty from the start. */
      readonly after: Uint8Array
      /** 0: as many as a page takes. */
      readonly limit: number
    }
  | { readonly kind: 'show-task'; readonly task: TaskIdMessage; readonly from: number }
  | { readonly kind: 'requeue-task'; readonly task: TaskIdMessage; readonly delaySeconds: number }
  | { readonly kind: 'drop-task'; readonly task: TaskIdMessage }
