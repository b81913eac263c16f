/** Recipes live through a restart of their server: the session comes back, and so do its watches. */
// guards: S3, S7, W3, X2
import { connect } from 'tenure'
import { openMemoryEngine } from '@tenure/engine/memory'
import { startServer } from '@tenure/server'
import { expect, test } from 'vitest'
import { aborted, deferred, reading } from '../worlds.ts'

const PATH = '/local/restart'

/** A server that can be stopped and started again on its address, and keeps what it knew. */
async function restartable(): Promise<
  { address: string; restart(): Promise<void> } & AsyncDisposable
> {
  const engine = openMemoryEngine()
  let server = await startServer({ engine, listen: { host: '127.0.0.1', port: 0 }, http: null })
  const listen = server.grpcAddress
  return {
    address: `grpc://${listen.host}:${listen.port}/local`,
    async restart() {
      await server.stop()
      server = await startServer({ engine, listen, http: null })
    },
    [Symbol.asyncDispose]: () => server.stop(),
  }
}

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)

test('a lock is held, and its line kept, through a restart of the server', async () => {
  await using server = await restartable()
  await using client = connect(server.address)
  await using first = await client.openSession(PATH, { createNode: true })
  await using second = await client.openSession(PATH)
  const lock = await first.mutex('job').lock()
  const waiting = second.mutex('job').lock()
  await server.restart()
  expect(await second.semaphore('job').describe({ owners: true })).toMatchObject({
    owners: [{ sessionId: first.id, orderId: lock.token }],
  })
  expect(lock.signal.aborted).toBe(false)
  await lock.release()
  await using next = await waiting
  expect(next.token).toBeGreaterThan(lock.token)
})

test('observers, registries and configurations end on the latest state through a restart of the server', async () => {
  await using server = await restartable()
  await using client = connect(server.address)
  await using session = await client.openSession(PATH, { createNode: true })
  await using watcher = await client.openSession(PATH)
  await using leadership = await session.election('chief').campaign('before')
  await using entry = await session.registry('kitchen').register('before')
  await session.config('menu').publish('before')
  const states = reading(watcher.election('chief').observe())
  const lists = reading(watcher.registry('kitchen').watch())
  const values = reading(watcher.config('menu').watch())
  const { signal } = await states.next()
  await Promise.all([lists.next(), values.next()])
  await server.restart()
  await Promise.all([
    leadership.proclaim('after'),
    entry.update('after'),
    session.config('menu').publish('after'),
  ])
  const [state, endpoints, value] = await Promise.all([states.next(), lists.next(), values.next()])
  expect(text(state.data)).toBe('after')
  expect(state.term).toBe(leadership.term)
  expect(endpoints.map(({ data }) => text(data))).toEqual(['after'])
  expect(text(value)).toBe('after')
  expect(signal.aborted).toBe(false)
  await Promise.all([states.stop(), lists.stop(), values.stop()])
})

test('tasks of a worker run on through a restart of the server', async () => {
  await using server = await restartable()
  await using client = connect(server.address)
  await client.createNode(PATH)
  await using watcher = await client.openSession(PATH)
  const stop = new AbortController()
  const begun = deferred()
  const tokens: bigint[] = []
  const working = client.workers(
    {
      path: PATH,
      prefix: 'job-',
      tasks: 1,
      capacity: 1,
      run: async (_task, lease) => {
        tokens.push(lease.token)
        begun.resolve()
        await aborted(lease.signal)
      },
    },
    stop.signal,
  )
  await begun.promise
  await server.restart()
  const after = await watcher.semaphore('job-0').describe({ owners: true })
  expect(after.owners.map(({ orderId }) => orderId)).toEqual(tokens)
  stop.abort(new Error('enough'))
  await expect(working).rejects.toThrow('enough')
})
