/**
 * Tasks as who opens them drives them, over every scheme.
 *
 * holds: S2-02, S2-03, S2-04, S2-05, S2-06, S2-07, S2-08, S2-17, S2-19
 * guards: J1, J5
 */
import {
  TaskClosedError,
  TaskId,
  TaskTooLargeError,
  UnknownThemeError,
  UnsupportedError,
  connect,
} from 'tenure'
import { expect, test } from 'vitest'
import { serve } from '../../src/serve.ts'
import { failure, openLog, PATH, SCHEMES, texts, THEME } from './worlds.ts'

test.for(SCHEMES)('S2-02, S2-03: tasks have ids that grow, %s', async (scheme) => {
  await using world = await openLog(scheme)
  const first = await world.pipe.open(THEME, 'a')
  const second = await world.pipe.open(THEME)
  expect(first.attempt).toBe(0)
  expect(first.id.compare(second.id)).toBe(-1)
  expect(TaskId.parse(first.id.toString())).toEqual(first.id)
  expect(texts((await world.pipe.show(first.id)).records)).toEqual(['a'])
  expect((await world.pipe.show(second.id)).records).toEqual([])
})

test.for(SCHEMES)('S2-17: a theme that nobody has configured is unknown, %s', async (scheme) => {
  await using world = await openLog(scheme)
  const error = await failure(world.pipe.open(8))
  expect(error).toBeInstanceOf(UnknownThemeError)
  expect(error).toMatchObject({ status: 4000, message: expect.stringMatching(/theme 8/) })
})

test.for(SCHEMES)(
  'S2-04, J1, J5: records stand in the order of the calls, byte for byte, %s',
  async (scheme) => {
    await using world = await openLog(scheme)
    const task = await world.pipe.open(THEME)
    const records = Array.from({ length: 50 }, (_, at) => new Uint8Array([at, 0, 255, 128]))
    await Promise.all(records.map((record) => task.append(record)))
    const shown = await world.another().show(task.id)
    expect(shown.records.map((record) => [...record])).toEqual(records.map((record) => [...record]))
    expect(shown).toMatchObject({ state: 'active', recordsCount: 50, bytes: 200, attempt: 0 })
  },
)

test.for(SCHEMES)('S2-05: a replace leaves one record, %s', async (scheme) => {
  await using world = await openLog(scheme)
  const task = await world.pipe.open(THEME, 'a')
  await Promise.all([task.append('b'), task.replace('c'), task.append('d')])
  expect(texts((await world.pipe.show(task.id)).records)).toEqual(['c', 'd'])
})

test.for(SCHEMES)(
  'S2-06, S2-08: a task that was deleted is gone, and takes nothing more, %s',
  async (scheme) => {
    await using world = await openLog(scheme)
    const task = await world.pipe.open(THEME, 'a')
    await task.delete()
    expect(task.signal.reason).toBeInstanceOf(TaskClosedError)
    const late = [task.append('b'), task.replace('b'), task.store(), task.delete()]
    for (const error of await Promise.all(late.map(failure))) {
      expect(error).toBeInstanceOf(TaskClosedError)
    }
    expect(await failure(world.pipe.show(task.id))).toMatchObject({ code: 'NOT_FOUND' })
  },
)

test.for(SCHEMES)(
  'S2-07: a task that was stored, or was not finished, is stored, %s',
  async (scheme) => {
    await using world = await openLog(scheme, { delaySeconds: 1000 })
    const stored = await world.pipe.open(THEME, 'a')
    await stored.store(500)
    const { id } = await (async () => {
      await using task = await world.pipe.open(THEME, 'b')
      return task
    })()
    const nowSecond = Date.now() / 1000
    const early = await world.pipe.show(stored.id)
    const late = await world.pipe.show(id)
    expect(early.state).toBe('stored')
    expect(early.dueSecond).toBeGreaterThan(nowSecond + 400)
    expect(early.dueSecond).toBeLessThan(nowSecond + 600)
    expect(late.dueSecond).toBeGreaterThan(nowSecond + 900)
  },
)

test.for(SCHEMES)('S2-19: a record too much leaves the task as it was, %s', async (scheme) => {
  await using world = await openLog(scheme, { maxBytes: 10 })
  const task = await world.pipe.open(THEME, '12345')
  const error = await failure(task.append('123456'))
  expect(error).toBeInstanceOf(TaskTooLargeError)
  expect(error).toMatchObject({ status: 2000 })
  await task.append('12345')
  await task.replace('x')
  expect(texts((await world.pipe.show(task.id)).records)).toEqual(['x'])
  expect(await failure(world.pipe.open(THEME, '12345678901'))).toBeInstanceOf(TaskTooLargeError)
})

test('over YDB’s protocol each call of a pipe says at once that the server has no log', async () => {
  await using serving = await serve({ listen: '127.0.0.1:0', http: null })
  await using client = connect(serving.address, { protocol: 'ydb' })
  await client.createNode(PATH)
  const pipe = client.pipe(PATH)
  const calls = [
    pipe.open(THEME),
    pipe.handle(THEME, () => {}),
    pipe.take('1.1'),
    pipe.configure(THEME, {}),
    pipe.themes(),
    pipe.show('1.1'),
    pipe.requeue('1.1'),
    pipe.drop('1.1'),
    pipe.list()[Symbol.asyncIterator]().next(),
  ]
  for (const error of await Promise.all(calls.map((call) => failure(call)))) {
    expect(error).toBeInstanceOf(UnsupportedError)
    expect(error).toMatchObject({ message: expect.stringMatching(/\blog\b/) })
  }
})
