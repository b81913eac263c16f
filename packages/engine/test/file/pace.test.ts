import { expect, test } from 'vitest'
import { Pace } from '../../src/file/pace.ts'

function after(durations: readonly number[]): Pace {
  const pace = new Pace()
  for (const durationMs of durations) pace.blocked(durationMs)
  return pace
}

test('on a fast disk every transaction runs on the calling thread', () => {
  expect(after([]).mayBlock()).toBe(true)
  expect(after(Array(100).fill(0.2)).mayBlock()).toBe(true)
})

test('one slow sync does not change the pace', () => {
  expect(after([0.2, 0.2, 20]).mayBlock()).toBe(true)
})

test('on a slow disk transactions leave the calling thread, and one in 256 tries it again', () => {
  const pace = after(Array(20).fill(10))
  const tries = Array.from({ length: 256 }, () => pace.mayBlock())
  expect(tries.indexOf(true)).toBe(255)
  pace.blocked(10)
  expect(pace.mayBlock()).toBe(false)
})

test('when the disk has recovered, transactions come back', () => {
  const pace = after(Array(20).fill(10))
  for (let trial = 0; trial < 20; trial += 1) pace.blocked(0.2)
  expect(pace.mayBlock()).toBe(true)
})
