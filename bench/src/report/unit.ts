/**
 * What the figures of each workload mean: the heading, the unit, and which direction is good.
 */
import type { Run, ScaleName, WorkloadName } from '../measurement.ts'

export interface Unit {
  /** With `#` for the size. */
  readonly heading: string
  readonly unit: string
  readonly better: 'more' | 'less'
  /** The figure of one run of a closed loop; absent where there is no loop. */
  readonly value?: (run: Run) => number
}

const perSecond = (run: Run): number => (run.operations * 1000) / run.elapsedMs

export const UNITS: Readonly<Record<WorkloadName | ScaleName, Unit>> = {
  pairs: {
    heading: 'Acquire and release of distinct names, # at a time',
    unit: 'pairs/s',
    better: 'more',
    value: perSecond,
  },
  'hand-off': {
    heading: 'Hand-off of one name among # waiters: release call to next grant, p50',
    unit: 'ms',
    better: 'less',
    value: (run) => run.p50Ms ?? Number.NaN,
  },
  swaps: {
    heading: 'Compare-and-set of distinct records, # at a time',
    unit: 'swaps/s',
    better: 'more',
    value: perSecond,
  },
  reads: {
    heading: 'Reads of distinct records, # at a time',
    unit: 'reads/s',
    better: 'more',
    value: perSecond,
  },
  appends: {
    heading: 'Appends of 256 bytes to distinct logs, # at a time',
    unit: 'appends/s',
    better: 'more',
    value: perSecond,
  },
  'large-appends': {
    heading: 'Appends of 4 KiB to distinct logs, # at a time',
    unit: 'appends/s',
    better: 'more',
    value: perSecond,
  },
  jobs: {
    heading: 'Jobs from end to end, # workers',
    unit: 'jobs/s',
    better: 'more',
    value: perSecond,
  },
  'retried-jobs': {
    heading: 'Jobs from end to end that fail once and come back at once, # workers',
    unit: 'jobs/s',
    better: 'more',
    value: perSecond,
  },
  'fan-out': {
    heading: 'One change to # watchers on 4 connections',
    unit: 'deliveries/s',
    better: 'more',
    value: perSecond,
  },
  'file-commits': {
    heading: 'Fenced commits to the disk, one at a time, rows in each: #',
    unit: 'commits/s',
    better: 'more',
    value: perSecond,
  },
  'etcd-commits': {
    heading: 'Fenced commits to etcd, one at a time, rows in each: #',
    unit: 'commits/s',
    better: 'more',
    value: perSecond,
  },
  'postgres-commits': {
    heading: 'Fenced commits to PostgreSQL, one at a time, rows in each: #',
    unit: 'commits/s',
    better: 'more',
    value: perSecond,
  },
  restart: {
    heading:
      'Restart after kill -9 with # sessions, each holding a semaphore: start to first session',
    unit: 's',
    better: 'less',
  },
  idle: {
    heading: 'Server memory of an idle session with keep-alive, of #',
    unit: 'bytes',
    better: 'less',
  },
  'stored-open': {
    heading: 'Start with # stored tasks, to the first task',
    unit: 's',
    better: 'less',
  },
  'stored-memory': {
    heading: 'Anonymous memory of a server with # stored tasks',
    unit: 'MiB',
    better: 'less',
  },
  'stored-resident': {
    heading: 'Memory of a server with # stored tasks, with pages of the mapped file',
    unit: 'MiB',
    better: 'less',
  },
  'stored-appends': {
    heading: 'Appends beside # stored tasks',
    unit: 'appends/s',
    better: 'more',
  },
  'stored-appends-kept': {
    heading: 'Appends beside # stored tasks, by those beside the fewest',
    unit: 'x the smallest store',
    better: 'more',
  },
  delivery: {
    heading: 'Hand-outs of # due tasks',
    unit: 'tasks/s',
    better: 'more',
  },
  'delivery-growth': {
    heading: 'Growth of memory while # due tasks are handed out',
    unit: 'MiB',
    better: 'less',
  },
  'delivery-growth-kept': {
    heading: 'Growth of memory while # due tasks are handed out, by that of the fewest',
    unit: 'x the fewest',
    better: 'less',
  },
}
