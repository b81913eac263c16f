import { expect, test } from 'vitest'
import { percentile, Samples, spreadOf } from '../src/statistics.ts'

test('a percentile is the value of the nearest rank, and there is none without values', () => {
  const hundred = Array.from({ length: 100 }, (_, index) => index + 1)
  expect(percentile(hundred, 0.5)).toBe(50)
  expect(percentile(hundred, 0.99)).toBe(99)
  expect(percentile(hundred, 0)).toBe(1)
  expect(percentile(hundred, 1)).toBe(100)
  expect(percentile([7], 0.99)).toBe(7)
  expect(percentile([], 0.5)).toBeNaN()
})

test('a spread is the median with the extremes, in whatever order the runs came', () => {
  expect(spreadOf([3, 1, 2])).toEqual({ median: 2, min: 1, max: 3 })
  expect(spreadOf([4, 1, 3, 2])).toEqual({ median: 2.5, min: 1, max: 4 })
  expect(spreadOf([5])).toEqual({ median: 5, min: 5, max: 5 })
  expect(spreadOf([])).toEqual({ median: Number.NaN, min: Number.NaN, max: Number.NaN })
})

test('samples keep every value beyond their first room and come back sorted', () => {
  const samples = new Samples()
  for (let value = 10_000; value > 0; value--) samples.add(value)
  const ascending = samples.ascending()
  expect(samples.count).toBe(10_000)
  expect(ascending[0]).toBe(1)
  expect(ascending[9_999]).toBe(10_000)
  expect(percentile(ascending, 0.5)).toBe(5_000)
})
