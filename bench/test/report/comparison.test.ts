import { expect, test } from 'vitest'
import type { Measurement, WorkloadName } from '../../src/measurement.ts'
import { comparisons } from '../../src/report/comparison.ts'
import type { Subject } from '../../src/subjects/subject.ts'

function never(): never {
  throw new Error('never called')
}

function subject(id: string, family: Subject['family'], durable: boolean): Subject {
  return {
    id,
    title: id,
    family,
    durable,
    settings: '',
    workloads: new Set(),
    start: never,
    visit: never,
  }
}

const subjects = [
  subject('ours', 'tenure', true),
  subject('slow', 'rival', true),
  subject('fast', 'rival', true),
  subject('forgetful', 'rival', false),
]

function measured(workload: WorkloadName, values: Record<string, number>): Measurement[] {
  return Object.entries(values).map(([id, value]) => ({
    workload,
    size: 1_000,
    subject: id,
    values: [value, value, value],
    runs: [],
  }))
}

function ratios(measurements: Measurement[]): string[] {
  const [comparison] = comparisons(measurements, subjects)
  const column = comparison?.table.head.indexOf('as good as') ?? -1
  return comparison?.table.rows.map((row) => row[column] ?? '') ?? []
}

test('where more is better the ratio is to the fastest durable rival', () => {
  const figures = measured('pairs', { ours: 300, slow: 50, fast: 100, forgetful: 900 })
  expect(ratios(figures)).toEqual(['3.00 x', '0.50 x', '1.00 x', '9.00 x'])
})

test('where less is better the ratio turns round, so that above 1 is always better', () => {
  const figures = measured('idle', { ours: 50, slow: 400, fast: 100, forgetful: 10 })
  expect(ratios(figures)).toEqual(['2.00 x', '0.25 x', '1.00 x', '10.0 x'])
})

test('without a durable rival there is no ratio', () => {
  expect(ratios(measured('pairs', { ours: 300, forgetful: 900 }))).toEqual(['–', '–'])
})

test('a rival that did nothing in its time does not hide the others', () => {
  const figures = measured('hand-off', { ours: 50, slow: Number.NaN, fast: 100 })
  expect(ratios(figures)).toEqual(['2.00 x', '–', '1.00 x'])
})

test('each workload and size is a comparison of its own, under a heading with the size', () => {
  const figures = [...measured('pairs', { ours: 1 }), ...measured('idle', { ours: 1 })]
  expect(comparisons(figures, subjects).map(({ heading }) => heading)).toEqual([
    'Acquire and release of distinct names, 1,000 at a time',
    'Server memory of an idle session with keep-alive, of 1,000',
  ])
})
