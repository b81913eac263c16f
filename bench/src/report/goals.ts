/**
 * What we want to reach on a quiet machine of two cores. Reported, never asserted.
 *
 * Machines differ, so most goals are multiples of what a rival reaches in the same run.
 */
import type { ScaleName, WorkloadName } from '../measurement.ts'

export interface Goal {
  readonly says: string
  readonly workload: WorkloadName | ScaleName
  readonly size: number
  /** The best of these counts. */
  readonly subjects: readonly string[]
  readonly target: number
  /** So many times as good as the best of these, or of all durable rivals, in the same run; a figure of its own by default. */
  readonly against?: readonly string[] | 'durable rivals'
  /** A percentile of the latency instead of the figure of the workload. */
  readonly latency?: 'p50Ms' | 'p99Ms'
}

const LOOPBACK = ['tenure-server', 'tenure-session']
const YDB = ['tenure-ydb', 'tenure-stream']
const IN_PROCESS = ['tenure-file']
const SERVER = ['tenure-server']

export const GOALS: readonly Goal[] = [
  ...against('pairs over loopback, own protocol', ['pairs', 256, LOOPBACK], {
    redis: 3,
    zookeeper: 18,
    etcd: 50,
  }),
  ...against('pairs over loopback, own protocol', ['pairs', 16, LOOPBACK], {
    redis: 1,
    zookeeper: 3,
  }),
  ...against("pairs over YDB's protocol", ['pairs', 256, YDB], { redis: 0.7, etcd: 10 }),
  ...against('pairs in process', ['pairs', 256, IN_PROCESS], { redis: 4 }),
  ...against('pairs in process', ['pairs', 16, IN_PROCESS], { redis: 3 }),
  ...against('pairs over loopback, own protocol', ['pairs', 1, LOOPBACK], { redis: 1.11 }),
  ...against('pairs in process', ['pairs', 1, IN_PROCESS], { redis: 2 }),
  ...[32, 256].flatMap((size): Goal[] => [
    {
      says: `hand-off over loopback, ${size} waiters, p50`,
      workload: 'hand-off',
      size,
      subjects: SERVER,
      target: 0.4,
    },
    {
      says: `hand-off over loopback, ${size} waiters, p99`,
      workload: 'hand-off',
      size,
      subjects: SERVER,
      target: 1.5,
      latency: 'p99Ms',
    },
  ]),
  ...against('compare-and-set over loopback', ['swaps', 256, SERVER], { redis: 3 }),
  ...against('reads over loopback', ['reads', 256, SERVER], { redis: 2 }),
  ...against('reads in process', ['reads', 256, IN_PROCESS], { redis: 20 }),
  ...against('one change to all watchers', ['fan-out', 1_000, SERVER], {
    etcd: 3,
    'nats-core': 1,
  }),
  {
    says: 'one change to all watchers, 1,000 of them, p50',
    workload: 'fan-out',
    size: 1_000,
    subjects: SERVER,
    target: 2.5,
    against: ['etcd'],
    latency: 'p50Ms',
  },
  ...against('appends of 256 bytes over loopback', ['appends', 256, SERVER], {
    'redis-stream': 2.5,
  }),
  {
    says: 'appends of 4 KiB over loopback, 256 at a time',
    workload: 'large-appends',
    size: 256,
    subjects: SERVER,
    target: 2.5,
    against: 'durable rivals',
  },
  ...against('jobs from end to end over loopback', ['jobs', 64, SERVER], { bullmq: 5 }),
  ...against('the same, each failing once', ['retried-jobs', 64, SERVER], { bullmq: 5 }),
  ...[1, 126].flatMap((rows): Goal[] => [
    ofCeiling('on one member', ['etcd-commits', rows, 'engine-etcd'], 'etcd-raw'),
    ofCeiling('on three members', ['etcd-commits', rows, 'engine-etcd-trio'], 'etcd-raw-trio'),
  ]),
  ...[1, 128, 1_024].map((rows) =>
    ofCeiling('on PostgreSQL', ['postgres-commits', rows, 'engine-postgres'], 'postgres-raw'),
  ),
  {
    says: "server memory of an idle session on a stream of YDB's protocol",
    workload: 'idle',
    size: 10_000,
    subjects: ['tenure-stream'],
    target: 12_288,
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
    says: 'growth of server memory while 1,000,000 due tasks are handed out, by that of 300,000',
    workload: 'delivery-growth-kept',
    size: 1_000_000,
    subjects: ['tenure-server'],
    target: 1.25,
  },
]

/** Most of what is possible with what lies below an engine. */
function ofCeiling(
  where: string,
  [workload, rows, engine]: readonly [WorkloadName, number, string],
  below: string,
): Goal {
  return {
    says: `commits of an engine ${where}, rows in each: ${rows.toLocaleString('en-US')}`,
    workload,
    size: rows,
    subjects: [engine],
    target: 0.7,
    against: [below],
  }
}

/** One goal for each rival. */
function against(
  what: string,
  [workload, size, subjects]: readonly [WorkloadName, number, readonly string[]],
  targets: Readonly<Record<string, number>>,
): Goal[] {
  const says = `${what}, ${size.toLocaleString('en-US')} at a time`
  return Object.entries(targets).map(([rival, target]) => {
    return { says, workload, size, subjects, target, against: [rival] }
  })
}
