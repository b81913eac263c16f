/**
 * What is measured, how large and how long.
 */
import type { CostPlan } from './costs.ts'
import type { WorkloadName } from './measurement.ts'

export interface PlannedWorkload {
  readonly name: WorkloadName
  readonly sizes: readonly number[]
  readonly warmUpMs: number
  readonly runMs: number
  readonly runs: number
}

/** As many as one transaction of etcd takes beside what the engine writes. */
const ETCD_ROWS = 126

/** For figures that are quoted: some half an hour with all rivals. */
export const FULL: readonly PlannedWorkload[] = [
  { name: 'pairs', sizes: [1, 16, 256], warmUpMs: 2_000, runMs: 3_000, runs: 3 },
  { name: 'hand-off', sizes: [32, 256], warmUpMs: 2_000, runMs: 3_000, runs: 3 },
  { name: 'swaps', sizes: [1, 16, 256], warmUpMs: 2_000, runMs: 3_000, runs: 3 },
  { name: 'reads', sizes: [1, 256], warmUpMs: 2_000, runMs: 3_000, runs: 3 },
  { name: 'appends', sizes: [1, 16, 256], warmUpMs: 2_000, runMs: 3_000, runs: 3 },
  { name: 'large-appends', sizes: [1, 16, 256], warmUpMs: 2_000, runMs: 3_000, runs: 3 },
  { name: 'jobs', sizes: [64], warmUpMs: 2_000, runMs: 3_000, runs: 3 },
  { name: 'retried-jobs', sizes: [64], warmUpMs: 2_000, runMs: 3_000, runs: 3 },
  { name: 'fan-out', sizes: [1_000], warmUpMs: 2_000, runMs: 3_000, runs: 3 },
  { name: 'file-commits', sizes: [1, 128, 1_024], warmUpMs: 2_000, runMs: 3_000, runs: 3 },
  { name: 'etcd-commits', sizes: [1, ETCD_ROWS], warmUpMs: 2_000, runMs: 3_000, runs: 3 },
  { name: 'postgres-commits', sizes: [1, 128, 1_024], warmUpMs: 2_000, runMs: 3_000, runs: 3 },
  { name: 'restart', sizes: [100_000], warmUpMs: 0, runMs: 0, runs: 3 },
  { name: 'idle', sizes: [10_000], warmUpMs: 3_000, runMs: 30_000, runs: 1 },
]

/** For a look while working: below two minutes. */
export const QUICK: readonly PlannedWorkload[] = [
  { name: 'pairs', sizes: [1, 16, 256], warmUpMs: 200, runMs: 200, runs: 3 },
  { name: 'hand-off', sizes: [32], warmUpMs: 200, runMs: 200, runs: 3 },
  { name: 'swaps', sizes: [1, 16, 256], warmUpMs: 200, runMs: 200, runs: 3 },
  { name: 'reads', sizes: [1, 256], warmUpMs: 200, runMs: 200, runs: 3 },
  { name: 'appends', sizes: [1, 256], warmUpMs: 200, runMs: 200, runs: 3 },
  { name: 'large-appends', sizes: [256], warmUpMs: 200, runMs: 200, runs: 3 },
  { name: 'jobs', sizes: [64], warmUpMs: 300, runMs: 300, runs: 3 },
  { name: 'retried-jobs', sizes: [64], warmUpMs: 300, runMs: 300, runs: 3 },
  { name: 'fan-out', sizes: [1_000], warmUpMs: 200, runMs: 200, runs: 3 },
  { name: 'file-commits', sizes: [1, 128, 1_024], warmUpMs: 200, runMs: 200, runs: 3 },
  { name: 'etcd-commits', sizes: [1, ETCD_ROWS], warmUpMs: 200, runMs: 200, runs: 3 },
  { name: 'postgres-commits', sizes: [1, 128, 1_024], warmUpMs: 200, runMs: 200, runs: 3 },
  { name: 'restart', sizes: [5_000], warmUpMs: 0, runMs: 0, runs: 3 },
  { name: 'idle', sizes: [1_000], warmUpMs: 500, runMs: 2_000, runs: 1 },
]

/** To see where the time goes: long beside the start of a process, which is in its profile, too. */
export const PROFILED: readonly PlannedWorkload[] = FULL.map((workload) => ({
  ...workload,
  runMs: 8_000,
  runs: 1,
}))

export const FULL_COSTS: CostPlan = { nodes: 10_000, sessions: 50_000 }
export const QUICK_COSTS: CostPlan = { nodes: 500, sessions: 5_000 }

/** Of a server with very many stored tasks. */
export interface Scale {
  /** Stored tasks, ascending. */
  readonly sizes: readonly number[]
  /** Due tasks, besides, ascending. */
  readonly deliveries: readonly number[]
  /** Appends at a time. */
  readonly writers: number
  readonly warmUpMs: number
  readonly runMs: number
  readonly runs: number
}

export const FULL_SCALE: Scale = {
  sizes: [10_000, 1_000_000, 10_000_000],
  deliveries: [300_000, 1_000_000],
  writers: 64,
  warmUpMs: 3_000,
  runMs: 5_000,
  runs: 3,
}

export const QUICK_SCALE: Scale = {
  sizes: [1_000, 20_000],
  deliveries: [2_000, 5_000],
  writers: 64,
  warmUpMs: 200,
  runMs: 500,
  runs: 1,
}
