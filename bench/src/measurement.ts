/**
 * What is asked of the load process and what it answers. Both cross a process border as JSON.
 */

export type WorkloadName =
  | 'pairs'
  | 'hand-off'
  | 'swaps'
  | 'reads'
  | 'appends'
  | 'large-appends'
  | 'jobs'
  | 'retried-jobs'
  | 'fan-out'
  | 'file-commits'
  | 'etcd-commits'
  | 'postgres-commits'
  | 'restart'
  | 'idle'

/** What is measured of a server with very many stored tasks, one after the other. */
export type ScaleName =
  | 'stored-open'
  | 'stored-memory'
  | 'stored-resident'
  | 'stored-appends'
  | 'stored-appends-kept'
  | 'delivery'
  | 'delivery-growth'
  | 'delivery-growth-kept'

/** One measurement: a subject, a workload and its size. */
export interface LoadTask {
  /** The subject's id. */
  readonly subject: string
  readonly workload:
    | Exclude<WorkloadName, 'restart'>
    | 'seed'
    | 'fill-later'
    | 'fill-due'
    | 'delivery'
  /** Parties, workers, waiters, watchers, rows or sessions. */
  readonly size: number
  /** Where the subject runs, in the subject's own form. */
  readonly address: string
  /** The server's process; null when the subject runs inside the load process. */
  readonly serverPid: number | null
  readonly warmUpMs: number
  readonly runMs: number
  readonly runs: number
}

/** Tasks that were handed out, and the server's anonymous memory. */
export interface Delivered {
  readonly tasks: number
  readonly elapsedMs: number
  readonly beforeBytes: number
  /** The most that was seen meanwhile. */
  readonly mostBytes: number
  readonly afterBytes: number
}

/** One window of a closed loop. */
export interface Run {
  readonly operations: number
  readonly elapsedMs: number
  /** NaN crosses as null: a window without a single operation has no latency. */
  readonly p50Ms: number | null
  readonly p99Ms: number | null
  /** Processor time of the load process as a part of elapsed time: 1 is one full core. */
  readonly clientCores: number
  /** The same of the server and its children; null when it cannot be read or there is none. */
  readonly serverCores: number | null
}

export type LoadReport =
  | { readonly kind: 'runs'; readonly runs: readonly Run[] }
  /** Memory of the server before and after `size` sessions came. */
  | { readonly kind: 'memory'; readonly beforeBytes: number; readonly afterBytes: number }
  | { readonly kind: 'seeded' }
  | ({ readonly kind: 'delivered' } & Delivered)
  | { readonly kind: 'failed'; readonly message: string }

/** One line of a table: what one subject made of one workload. */
export interface Measurement {
  readonly workload: WorkloadName | ScaleName
  readonly size: number
  readonly subject: string
  /** Operations per second, milliseconds or bytes, one per run: see the workload's unit. */
  readonly values: readonly number[]
  readonly runs: readonly Run[]
}
