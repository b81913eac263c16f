import { expect, test } from 'vitest'
import type { Measurement, WorkloadName } from '../../src/measurement.ts'
import { goalTable } from '../../src/report/goal-table.ts'
import type { Subject } from '../../src/subjects/subject.ts'

function never(): never {
  throw new Error('never called')
}

function rival(id: string, durable: boolean): Subject {
  const workloads: Subject['workloads'] = new Set()
  const calls = { start: never, visit: never }
  return { id, title: id, family: 'rival', durable, settings: '', workloads, ...calls }
}

const SUBJECTS = [
  ...['redis-stream', 'postgres', 'bullmq', 'etcd'].map((id) => rival(id, true)),
  rival('forgetful', false),
]

function measured(workload: WorkloadName, size: number, values: Record<string, number>) {
  return Object.entries(values).map(([subject, value]): Measurement => ({
    workload,
    size,
    subject,
    values: [value],
    runs: [],
  }))
}

test('a goal against one rival compares with that rival in the same run, wherever others are', () => {
  const figures = measured('appends', 256, {
    'tenure-server': 300,
    'redis-stream': 100,
    postgres: 500,
  })
  expect(goalTable(figures, SUBJECTS).rows).toEqual([
    [
      'appends of 256 bytes over loopback, 256 at a time',
      '≥ 2.50 x redis-stream',
      '3.00 x redis-stream',
      'reached',
    ],
  ])
})

test('a goal against all rivals compares with the best one that is durable', () => {
  const figures = measured('large-appends', 256, {
    'tenure-server': 200,
    'redis-stream': 50,
    postgres: 100,
    forgetful: 900,
  })
  expect(goalTable(figures, SUBJECTS).rows).toEqual([
    [
      'appends of 4 KiB over loopback, 256 at a time',
      '≥ 2.50 x the best rival',
      '2.00 x the best rival',
      'not reached',
    ],
  ])
})

test('without its rival, or with one that did nothing, a goal that is a ratio says nothing', () => {
  const figures = measured('jobs', 64, { 'tenure-server': 300 })
  expect(goalTable(figures, SUBJECTS).rows).toEqual([])
  const idle = measured('jobs', 64, { 'tenure-server': 300, bullmq: 0 })
  expect(goalTable(idle, SUBJECTS).rows).toEqual([])
})

test('where less is better, half of what the rival takes is twice as good', () => {
  const figures = ['tenure-server', 'etcd'].map((subject, at): Measurement => {
    const run = { operations: 1, elapsedMs: 1, p50Ms: 1 + at, p99Ms: 9, clientCores: 1 }
    const runs = [{ ...run, serverCores: 1 }]
    return { workload: 'fan-out', size: 1_000, subject, values: [300], runs }
  })
  expect(goalTable(figures, SUBJECTS).rows).toContainEqual([
    'one change to all watchers, 1,000 of them, p50',
    '≥ 2.50 x etcd',
    '2.00 x etcd',
    'not reached',
  ])
})

test('other goals compare with their own figure, in the direction that is good', () => {
  const figures = measured('hand-off', 32, { 'tenure-server': 0.4 })
  expect(goalTable(figures, SUBJECTS).rows).toEqual([
    ['hand-off over loopback, 32 waiters, p50', '≤ 0.40 ms', '0.40 ms', 'reached'],
  ])
})
