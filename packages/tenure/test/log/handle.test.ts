/**
 * Tasks as they come to handlers on their own connections, over every scheme.
 *
 * holds: S2-14, S2-15, S2-20
 * guards: J2, J3, J5
 */
import { type HandOut, StaleAttemptError, TaskClosedError } from 'tenure'
import { expect, test } from 'vitest'
import { Arrivals, failure, openLog, SCHEMES, texts, THEME } from './worlds.ts'

test.for(SCHEMES)(
  'S2-14: a stored task comes with all its records, in order, %s',
  async (scheme) => {
    await using world = await openLog(scheme)
    const arrivals = new Arrivals()
    await using _worker = await world.another().handle(THEME, (handOut) => arrivals.add(handOut))
    const task = await world.pipe.open(THEME, 'a')
    await Promise.all([task.append('b'), task.append(''), task.store()])
    const handOut = await arrivals.next()
    expect(texts(handOut.records)).toEqual(['a', 'b', ''])
    expect(handOut).toMatchObject({ theme: THEME, attempt: 1, repeats: 1 })
    expect(handOut.task.id).toEqual(task.id)
  },
)

test.for(SCHEMES)(
  'S2-15: a task comes back until its handler has not thrown, %s',
  async (scheme) => {
    await using world = await openLog(scheme)
    const arrivals = new Arrivals()
    const handler = async (handOut: HandOut): Promise<void> => {
      arrivals.add(handOut)
      await handOut.task.append(`attempt ${handOut.attempt}`)
      if (handOut.repeats < 3) throw new RangeError(`not the ${handOut.repeats}. time`)
    }
    const worker = await world.another().handle(THEME, handler)
    await using task = await world.pipe.open(THEME, 'a')
    await task.store()
    await arrivals.next()
    await arrivals.next()
    const last = await arrivals.next()
    expect(texts(last.records)).toEqual(['a', 'attempt 1', 'attempt 2'])
    expect(last).toMatchObject({ attempt: 3, repeats: 3 })
    await worker.close()
    expect(last.task.signal.reason).toBeInstanceOf(TaskClosedError)
    expect(await failure(world.pipe.show(task.id))).toMatchObject({ code: 'NOT_FOUND' })
  },
)

test.for(SCHEMES)('J3: what is said under an older attempt is refused, %s', async (scheme) => {
  await using world = await openLog(scheme)
  const task = await world.pipe.open(THEME, 'a')
  await task.store()
  const first = await world.pipe.take(task.id)
  await first.task.store(1000)
  const second = await world.another().take(task.id)
  expect([first.attempt, second.attempt]).toEqual([1, 2])
  const late = [task.append('x'), first.task.append('x'), first.task.delete()]
  for (const error of await Promise.all(late.map(failure))) {
    expect(error instanceof TaskClosedError || error instanceof StaleAttemptError).toBe(true)
  }
  expect(texts((await world.pipe.show(task.id)).records)).toEqual(['a'])
})

test.for(SCHEMES)(
  'S2-20: a task that comes too often is dead, and can be let go on, %s',
  async (scheme) => {
    await using world = await openLog(scheme, { maxRepeats: 2 })
    const arrivals = new Arrivals()
    const handler = (handOut: HandOut): void => {
      arrivals.add(handOut)
      if (handOut.attempt < 3) throw new Error('the bank is closed')
    }
    const worker = await world.another().handle(THEME, handler)
    const task = await world.pipe.open(THEME, 'a')
    await task.store()
    await arrivals.next()
    await arrivals.next()
    await worker.close()
    expect(await world.pipe.show(task.id)).toMatchObject({
      state: 'dead',
      attempt: 2,
      repeats: 2,
      status: 2001,
      failure: 'Error: the bank is closed',
      operator: null,
      dueSecond: null,
    })
    await world.pipe.requeue(task.id)
    await using _worker = await world.another().handle(THEME, handler)
    expect(await arrivals.next()).toMatchObject({ attempt: 3, repeats: 1 })
  },
)

test.for(SCHEMES)('no more tasks are at work than were asked for, %s', async (scheme) => {
  await using world = await openLog(scheme)
  let atWork = 0
  let most = 0
  let done = 0
  const finished = new Promise<void>((resolve) => {
    const handler = async (): Promise<void> => {
      atWork += 1
      most = Math.max(most, atWork)
      await new Promise((turn) => setImmediate(turn))
      atWork -= 1
      done += 1
      if (done === 20) resolve()
    }
    void world.another().handle(THEME, handler, { concurrency: 3 })
  })
  for (let count = 0; count < 20; count += 1) await (await world.pipe.open(THEME)).store()
  await finished
  expect(most).toBeLessThanOrEqual(3)
})

test.for(SCHEMES)('a task of more records than a page comes whole, %s', async (scheme) => {
  await using world = await openLog(scheme)
  const arrivals = new Arrivals()
  const task = await world.pipe.open(THEME)
  const records = Array.from({ length: 5 }, (_, at) => new Uint8Array(400_000).fill(at))
  await Promise.all([...records.map((record) => task.append(record)), task.store()])
  await using _worker = await world.another().handle(THEME, (handOut) => arrivals.add(handOut))
  const handOut = await arrivals.next()
  expect(handOut.records.map((record) => [record.length, record[0]])).toEqual(
    records.map((_, at) => [400_000, at]),
  )
})

test.for(SCHEMES)(
  'a worker that is closed takes nothing more, and others do, %s',
  async (scheme) => {
    await using world = await openLog(scheme)
    const [one, other] = [new Arrivals(), new Arrivals()]
    const worker = await world.another().handle(THEME, (handOut) => one.add(handOut))
    await (await world.pipe.open(THEME)).store()
    await one.next()
    await worker.close()
    await using _worker = await world.another().handle(THEME, (handOut) => other.add(handOut))
    await (await world.pipe.open(THEME)).store()
    await other.next()
    expect(one.all).toHaveLength(1)
  },
)
