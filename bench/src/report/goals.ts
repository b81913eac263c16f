/**
 * What we want to reach on a quiet machine of two cores. Reported, never asserted.
 */
import type { Measurement, WorkloadName } from '../measurement.ts'
import { spreadOf } from '../statistics.ts'
import { figure, type Table } from '../table.ts'
import { UNITS } from './unit.ts'

interface Goal {
  readonly says: string
  readonly workload: WorkloadName
  readonly size: number
  /** The best of these counts. */
  readonly subjects: readonly string[]
  readonly target: number
}

const GOALS: readonly Goal[] = [
  {
    says: 'durable pairs in process, 256 at a time',
    workload: 'pairs',
    size: 256,
    subjects: ['tenure-file'],
    target: 100_000,
  },
  {
    says: 'durable pairs over loopback, own protocol, 256 at a time',
    workload: 'pairs',
    size: 256,
    subjects: ['tenure-server', 'tenure-session'],
    target: 222_000,
  },
  {
    says: 'linearizable reads over loopback, own protocol, 256 at a time',
    workload: 'reads',
    size: 256,
    subjects: ['tenure-server'],
    target: 100_000,
  },
  {
    says: "durable pairs over YDB's protocol, 256 at a time",
    workload: 'pairs',
    size: 256,
    subjects: ['tenure-ydb', 'tenure-stream'],
    target: 20_000,
  },
  {
    says: 'hand-off over loopback, 32 waiters, p50',
    workload: 'hand-off',
    size: 32,
    subjects: ['tenure-server'],
    target: 0.6,
  },
  {
    says: 'restart with 100,000 sessions and semaphores',
    workload: 'restart',
    size: 100_000,
    subjects: ['tenure-stream'],
    target: 3,
  },
]

/** The goals of which something was measured, with what was reached. */
export function goalTable(measurements: readonly Measurement[]): Table {
  const rows = GOALS.flatMap((goal) => {
    const { unit, better } = UNITS[goal.workload]
    const medians = measurements
      .filter(({ workload, size }) => workload === goal.workload && size === goal.size)
      .filter(({ subject }) => goal.subjects.includes(subject))
      .map(({ values }) => spreadOf(values).median)
    if (medians.length === 0) return []
    const reached = better === 'more' ? Math.max(...medians) : Math.min(...medians)
    const met = better === 'more' ? reached >= goal.target : reached <= goal.target
    const target = `${better === 'more' ? '≥' : '≤'} ${figure(goal.target)} ${unit}`
    return [[goal.says, target, `${figure(reached)} ${unit}`, met ? 'reached' : 'not reached']]
  })
  return { head: ['goal', 'target', 'measured', ''], rows }
}
