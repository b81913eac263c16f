/**
 * When tasks come back. The time of this world is the test's.
 *
 * holds: S2-07, S2-09, S2-10, S2-11, S2-12
 * guards: J4
 */
import { expect, test } from 'vitest'
import { Arrivals, openTimedLog, THEME } from './worlds.ts'

test('S2-07, S2-10: a task comes back after the delay that was said, or that of its theme', async () => {
  await using world = await openTimedLog({ delaySeconds: 30 })
  const { pipe, clock, settled } = world
  const arrivals = new Arrivals()
  await settled(pipe.handle(THEME, (handOut) => arrivals.add(handOut), { concurrency: 10 }))
  const [own, themes] = await settled(Promise.all([pipe.open(THEME), pipe.open(THEME)]))
  await settled(Promise.all([own.store(10), themes.store()]))
  await clock.advance(9_999)
  expect(arrivals.all).toHaveLength(0)
  await clock.advance(1_001)
  expect(arrivals.all.map(({ task }) => task.id)).toEqual([own.id])
  await clock.advance(18_999)
  expect(arrivals.all).toHaveLength(1)
  await clock.advance(1_001)
  expect(arrivals.all.map(({ task }) => task.id)).toEqual([own.id, themes.id])
})

test('S2-09: the jitter spreads what was stored at once', async () => {
  await using world = await openTimedLog({ delaySeconds: 10, jitterSeconds: 100 })
  const { pipe, settled } = world
  const tasks = await settled(Promise.all(Array.from({ length: 50 }, () => pipe.open(THEME))))
  await settled(Promise.all(tasks.map((task) => task.store())))
  const due = new Set<number>()
  for (const { id } of tasks) due.add((await settled(pipe.show(id))).dueSecond ?? -1)
  expect(due.size).toBeGreaterThan(10)
  expect(Math.min(...due)).toBeGreaterThanOrEqual(10)
  expect(Math.max(...due)).toBeLessThanOrEqual(110)
})

test('S2-11, S2-12, J4: what is due comes by its second, and within one as it was stored', async () => {
  await using world = await openTimedLog()
  const { pipe, clock, settled } = world
  const delays = [5, 3, 5, 4, 3]
  const tasks = await settled(Promise.all(delays.map(() => pipe.open(THEME))))
  for (const [at, task] of tasks.entries()) await settled(task.store(delays[at]))
  // The clock has moved on before anybody comes.
  await clock.advance(60_000)
  const arrivals = new Arrivals()
  await settled(pipe.handle(THEME, (handOut) => arrivals.add(handOut)))
  await clock.advance(1_000)
  const order = [1, 4, 3, 0, 2].map((at) => tasks[at]?.id.toString())
  expect(arrivals.all.map(({ task }) => task.id.toString())).toEqual(order)
})

test('J4: a theme without a handler holds up no other', async () => {
  await using world = await openTimedLog()
  const { pipe, clock, settled } = world
  await settled(pipe.configure(8, { delaySeconds: 0 }))
  const arrivals = new Arrivals()
  await settled(pipe.handle(8, (handOut) => arrivals.add(handOut)))
  const first = await settled(pipe.open(THEME))
  await settled(first.store(1))
  const second = await settled(pipe.open(8))
  await settled(second.store(2))
  await clock.advance(3_000)
  expect(arrivals.all.map(({ task }) => task.id)).toEqual([second.id])
})

test('S2-16: with a client that is gone its task comes back after the delay of the theme', async () => {
  await using world = await openTimedLog({ delaySeconds: 30 })
  const { pipe, clock, settled } = world
  const arrivals = new Arrivals()
  await settled(pipe.handle(THEME, (handOut) => arrivals.add(handOut)))
  const other = world.another()
  const task = await settled(other.pipe(pipe.path).open(THEME, 'a'))
  await settled(other.close())
  expect(task.signal.aborted).toBe(true)
  await clock.advance(29_000)
  expect(arrivals.all).toHaveLength(0)
  await clock.advance(2_000)
  expect(arrivals.all).toMatchObject([{ attempt: 1, repeats: 1 }])
})
