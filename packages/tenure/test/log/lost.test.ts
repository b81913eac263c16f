/**
 * Tasks whose connection is lost: cut, silent, or with the server.
 *
 * holds: S2-16
 * guards: J2, J3
 */
import { type Client, connect, type Pipe, serve, TaskLostError } from 'tenure'
import { expect, test } from 'vitest'
import { Proxy } from '../../../../test/proxy.ts'
import {
  aborted,
  Arrivals,
  DURABLE_SCHEMES,
  failure,
  openLastingLog,
  PATH,
  texts,
  THEME,
} from './worlds.ts'

interface Distant extends AsyncDisposable {
  /** A pipe behind the proxy. */
  readonly far: Pipe
  readonly farClient: Client
  /** One that is not. */
  readonly near: Pipe
  readonly proxy: Proxy
}

async function distant(): Promise<Distant> {
  const serving = await serve({ listen: '127.0.0.1:0', http: null })
  const proxy = await Proxy.open(Number(serving.listen.split(':').at(-1)))
  const farClient = connect(`grpc://${proxy.host}/local`, { protocol: 'tenure' })
  const nearClient = connect(serving.address)
  await nearClient.createNode(PATH)
  await nearClient.pipe(PATH).configure(THEME, { delaySeconds: 0 })
  return {
    far: farClient.pipe(PATH),
    farClient,
    near: nearClient.pipe(PATH),
    proxy,
    async [Symbol.asyncDispose]() {
      await Promise.all([farClient.close(), nearClient.close()])
      await proxy[Symbol.asyncDispose]()
      await serving.close()
    },
  }
}

test('S2-16, J2: a task whose client is cut off comes to a handler, with what was durable', async () => {
  await using world = await distant()
  const arrivals = new Arrivals()
  await using _worker = await world.near.handle(THEME, (handOut) => arrivals.add(handOut))
  const task = await world.far.open(THEME, 'a')
  await task.append('b')
  world.proxy.drop()
  expect(await aborted(task.signal)).toBeInstanceOf(TaskLostError)
  const handOut = await arrivals.next()
  expect(handOut.task.id).toEqual(task.id)
  expect(texts(handOut.records)).toEqual(['a', 'b'])
  expect(await failure(task.append('c'))).toBeInstanceOf(TaskLostError)
  await task[Symbol.asyncDispose]()
})

test('J2: a worker goes on after its connection was cut, and what it had at work comes again', async () => {
  await using world = await distant()
  const arrivals = new Arrivals()
  const ends: unknown[] = []
  const worker = await world.far.handle(
    THEME,
    async (handOut, signal) => {
      arrivals.add(handOut)
      if (handOut.attempt === 1) ends.push(await aborted(signal))
    },
    { concurrency: 1 },
  )
  const task = await world.near.open(THEME, 'a')
  await task.store()
  expect(await arrivals.next()).toMatchObject({ attempt: 1 })
  world.proxy.drop()
  expect(await arrivals.next()).toMatchObject({ attempt: 2, repeats: 2 })
  expect(ends).toMatchObject([{ code: 'TASK_LOST' }])
  await worker.close()
  expect(await failure(world.near.show(task.id))).toMatchObject({ code: 'NOT_FOUND' })
})

test('J3: a client in silence has lost its task before another one is handed it', async () => {
  await using world = await distant()
  // A short session makes the server impatient, which the pipe must know.
  await world.farClient.openSession(PATH, { timeout: 1_000 })
  const task = await world.far.open(THEME, 'a')
  const order: string[] = []
  task.signal.addEventListener('abort', () => order.push('lost here'))
  const handed = new Promise<void>((resolve) => {
    void world.near.handle(THEME, () => {
      order.push('handed out there')
      resolve()
    })
  })
  world.proxy.silence()
  await handed
  expect(order).toEqual(['lost here', 'handed out there'])
})

test.for(DURABLE_SCHEMES)(
  'J2: a task that nobody drives any more outlives a restart, %s',
  async (scheme) => {
    await using world = await openLastingLog(scheme)
    const driven = await world.pipe.open(THEME, 'a')
    await driven.append('b')
    const stored = await world.pipe.open(THEME, 'c')
    await stored.store(1000)
    await world.restart()
    expect(await aborted(driven.signal)).toBeInstanceOf(TaskLostError)
    const arrivals = new Arrivals()
    await using _worker = await world.pipe.handle(THEME, (handOut) => arrivals.add(handOut))
    const handOut = await arrivals.next()
    expect(handOut.task.id).toEqual(driven.id)
    expect(texts(handOut.records)).toEqual(['a', 'b'])
    expect(await world.pipe.show(stored.id)).toMatchObject({ state: 'stored', recordsCount: 1 })
    const later = await world.pipe.open(THEME)
    expect(later.id.compare(stored.id)).toBe(1)
  },
)
