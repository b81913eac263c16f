/**
 * kill -9 of clients, handlers and their server with tasks under way: what was acknowledged comes back until it is finished, to one handler at
 * a time, with all its records.
 *
 * guards: J1, J2, J3, J4, J5, D1, D2
 */
import { expect, test } from 'vitest'
import { besiegeTasks } from './crash/task-siege.ts'
import { drawOf, freshSeed } from './seed.ts'

const isFourth = (kills: number): boolean => kills === 4

test('kill -9 of anybody loses no task and doubles none', { timeout: 90_000 }, async () => {
  const seed = freshSeed()
  const terms = { tasksPerSecond: 60, isOver: isFourth, pauseMaxMs: 600, calmMs: 40_000 }
  const { breaches, handOuts, finished } = await besiegeTasks(terms, drawOf(seed))
  expect({ seed, breaches }).toEqual({ seed, breaches: [] })
  expect(handOuts).toBeGreaterThan(50)
  expect(finished).toBeGreaterThan(50)
})
