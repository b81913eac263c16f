import { expect, test } from 'vitest'
import type { Measurement, WorkloadName } from '../../src/measurement.ts'
import { goalTable } from '../../src/report/goals.ts'
import type { Subject } from '../../src/subjects/subject.ts'

function never(): never {
  throw new Error('never called')
}

function rival(id: string, durable: boolean): Subject {
  const workloads: Subject['workloads'] = new Set()
  const calls = { start: never, visit: never }
  return { id, title: id, family: 'rival', durable, settings: '', workloads, ...calls }
}

const SUBJECTS = [rival('redis', true), rival('postgres', true), rival('forgetful', false)]

function measured(workload: WorkloadName, size: number, values: Record<string, number>) {
  return Object.entries(values).map(([subject, value]): Measurement => ({
    workload,
    size,
    subject,
    values: [value],
    runs: [],
  }))
}

test('a goal that is a ratio compares with the best durable rival of the same run', () => {
  const figures = measured('appends', 256, {
    'tenure-server': 300,
    redis: 100,
    postgres: 50,
    forgetful: 900,
  })
  expect(goalTable(figures, SUBJECTS).rows).toEqual([
    [
      'durable appends of 256 bytes over loopback, 256 at a time',
      '≥ 2.50 x the best rival',
      '3.00 x the best rival',
      'reached',
    ],
  ])
})

test('without a durable rival a goal that is a ratio says nothing', () => {
  const figures = measured('jobs', 64, { 'tenure-server': 300 })
  expect(goalTable(figures, SUBJECTS).rows).toEqual([])
})

test('other goals compare with their own figure, in the direction that is good', () => {
  const figures = measured('hand-off', 32, { 'tenure-server': 0.4 })
  expect(goalTable(figures, SUBJECTS).rows).toEqual([
    ['hand-off over loopback, 32 waiters, p50', '≤ 0.60 ms', '0.40 ms', 'reached'],
  ])
})
