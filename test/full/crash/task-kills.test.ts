/**
 * A minute of deaths, of clients, handlers and their server, with a thousand tasks a second; ten minutes with `TENURE_TEST_SCALE=10`.
 *
 * guards: J1, J2, J3, J4, J5, D1, D2
 */
import { expect, test } from 'vitest'
import { besiegeTasks } from '../../crash/task-siege.ts'
import { scaled } from '../../scale.ts'
import { drawOf, freshSeed } from '../../seed.ts'

const SIEGE_MS = scaled(60_000)

test('what was said of tasks outlives all deaths', { timeout: 1_800_000 }, async () => {
  const seed = freshSeed()
  const isOver = (_kills: number, passedMs: number): boolean => passedMs >= SIEGE_MS
  const terms = { tasksPerSecond: 1_000, isOver, pauseMaxMs: 1_000, calmMs: 300_000 }
  const { breaches, ...counts } = await besiegeTasks(terms, drawOf(seed))
  process.stdout.write(`${JSON.stringify({ seed, ...counts })}\n`)
  expect({ seed, breaches: breaches.slice(0, 20) }).toEqual({ seed, breaches: [] })
  expect(counts.finished).toBeGreaterThan(SIEGE_MS / 10)
})
