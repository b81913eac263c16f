/** What people see of a log and do to it, over every scheme. holds: S2-03, S2-17, S2-20 */
import type { TaskInfo } from 'tenure'
import { expect, test } from 'vitest'
import { failure, idsOf, openLog, SCHEMES, THEME } from './worlds.ts'

async function all(tasks: AsyncIterable<TaskInfo>): Promise<TaskInfo[]> {
  const infos: TaskInfo[] = []
  for await (const info of tasks) infos.push(info)
  return infos
}

test.for(SCHEMES)(
  'tasks are listed by their state, stored ones as they are due, %s',
  async (scheme) => {
    await using world = await openLog(scheme)
    const { pipe } = world
    await pipe.configure(8, { name: 'other' })
    const [active, late, early, other] = await Promise.all([
      pipe.open(THEME, 'a'),
      pipe.open(THEME),
      pipe.open(THEME),
      pipe.open(8),
    ])
    await late.store(2000)
    await early.store(1000)
    await other.store(1500)
    expect(idsOf(await all(pipe.list()))).toEqual(idsOf([active, early, late, other]))
    expect(idsOf(await all(pipe.list({ state: 'stored', theme: THEME })))).toEqual(
      idsOf([early, late]),
    )
    expect(idsOf(await all(pipe.list({ state: 'stored', limit: 2 })))).toEqual(idsOf([early, late]))
    expect(await all(pipe.list({ state: 'dead' }))).toEqual([])
    const [info] = await all(pipe.list({ state: 'active' }))
    expect(info).toMatchObject({ theme: THEME, attempt: 0, repeats: 0, recordsCount: 1, bytes: 1 })
    expect(info?.operator).not.toBeNull()
  },
)

test.for(SCHEMES)(
  'S2-17: themes are told as they were configured, with their tasks, %s',
  async (scheme) => {
    await using world = await openLog(scheme)
    const { pipe } = world
    await pipe.configure(3, { name: 'three', maxRepeats: 5, jitterSeconds: 2, concurrency: 9 })
    await pipe.open(THEME)
    await (await pipe.open(THEME)).store(1000)
    await using _worker = await pipe.handle(3, () => {})
    const counts = { active: 0, stored: 0, dead: 0, handedOut: 0, handlers: 0 }
    expect(await pipe.themes()).toMatchObject([
      { ...counts, theme: 3, name: 'three', maxRepeats: 5, jitterSeconds: 2, handlers: 1 },
      { ...counts, theme: THEME, maxRepeats: Infinity, active: 1, stored: 1 },
    ])
    await pipe.configure(3, { name: 'drei' })
    expect((await pipe.themes())[0]).toMatchObject({ name: 'drei', maxRepeats: Infinity })
  },
)

test.for(SCHEMES)(
  'a stored task is taken in hand, put off or dropped; one that is driven is not, %s',
  async (scheme) => {
    await using world = await openLog(scheme)
    const { pipe } = world
    const task = await pipe.open(THEME, 'a')
    const early = [pipe.take(task.id), pipe.requeue(task.id), pipe.drop(task.id)]
    const isDriven = { code: 'PRECONDITION_FAILED' }
    expect(await Promise.all(early.map(failure))).toMatchObject([isDriven, isDriven, isDriven])
    await task.store(1000)
    const before = (await pipe.show(task.id)).dueSecond ?? 0
    await pipe.requeue(task.id, { delaySeconds: 5000 })
    expect((await pipe.show(task.id)).dueSecond).toBeGreaterThan(before)
    const { task: taken, attempt } = await pipe.take(task.id)
    expect(attempt).toBe(1)
    await taken.store(1000)
    await pipe.drop(task.id.toString())
    const late = [pipe.take(task.id), pipe.drop(task.id), pipe.show(task.id)]
    const isGone = { code: 'NOT_FOUND' }
    expect(await Promise.all(late.map(failure))).toMatchObject([isGone, isGone, isGone])
  },
)
