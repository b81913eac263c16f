/**
 * What we want to reach on a quiet machine of two cores. Reported, never asserted.
 */
import type { Measurement, ScaleName, WorkloadName } from '../measurement.ts'
import { spreadOf } from '../statistics.ts'
import type { Subject } from '../subjects/subject.ts'
import { figure, type Table } from '../table.ts'
import { bestRival, ratio } from './comparison.ts'
import { UNITS } from './unit.ts'

interface Goal {
  readonly says: string
  readonly workload: WorkloadName | ScaleName
  readonly size: number
  /** The best of these counts. */
  readonly subjects: readonly string[]
  readonly target: number
  /** So many times as good as the best durable rival of the same run, instead of a figure of its own. */
  readonly isRatio?: true
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
    says: 'durable appends of 256 bytes over loopback, 256 at a time',
    workload: 'appends',
    size: 256,
    subjects: ['tenure-server'],
    target: 2.5,
    isRatio: true,
  },
  {
    says: 'durable appends of 4 KiB over loopback, 256 at a time',
    workload: 'large-appends',
    size: 256,
    subjects: ['tenure-server'],
    target: 2.5,
    isRatio: true,
  },
  {
    says: 'durable jobs from end to end over loopback, 64 workers',
    workload: 'jobs',
    size: 64,
    subjects: ['tenure-server'],
    target: 5,
    isRatio: true,
  },
  {
    says: 'the same, each failing once',
    workload: 'retried-jobs',
    size: 64,
    subjects: ['tenure-server'],
    target: 5,
    isRatio: true,
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
  {
    says: 'server memory with 10,000,000 stored tasks',
    workload: 'stored-memory',
    size: 10_000_000,
    subjects: ['tenure-server'],
    target: 1024,
  },
  {
    says: 'start with 10,000,000 stored tasks',
    workload: 'stored-open',
    size: 10_000_000,
    subjects: ['tenure-server'],
    target: 10,
  },
  {
    says: 'appends beside 10,000,000 stored tasks, by those beside 10,000',
    workload: 'stored-appends-kept',
    size: 10_000_000,
    subjects: ['tenure-server'],
    target: 0.8,
  },
  {
    says: 'growth of server memory while 1,000,000 due tasks are handed out',
    workload: 'delivery-growth',
    size: 1_000_000,
    subjects: ['tenure-server'],
    target: 128,
  },
]

const RATIO = { unit: 'x the best rival', better: 'more' } as const

/** The goals of which something was measured, with what was reached. */
export function goalTable(
  measurements: readonly Measurement[],
  subjects: readonly Subject[],
): Table {
  const rows = GOALS.flatMap((goal) => {
    const group = measurements.filter(
      ({ workload, size }) => workload === goal.workload && size === goal.size,
    )
    const ours = group.filter(({ subject }) => goal.subjects.includes(subject))
    const [first] = ours
    const rival = goal.isRatio === true ? bestRival(group, subjects) : null
    if (first === undefined || (goal.isRatio === true && rival === null)) return []
    const { unit, better } = rival === null ? UNITS[goal.workload] : RATIO
    const values = ours.map((measurement) => {
      const { median } = spreadOf(measurement.values)
      return rival === null ? median : ratio(measurement, median, rival)
    })
    const reached = better === 'more' ? Math.max(...values) : Math.min(...values)
    const met = better === 'more' ? reached >= goal.target : reached <= goal.target
    const target = `${better === 'more' ? '≥' : '≤'} ${figure(goal.target)} ${unit}`
    return [[goal.says, target, `${figure(reached)} ${unit}`, met ? 'reached' : 'not reached']]
  })
  return { head: ['goal', 'target', 'measured', ''], rows }
}
