/**
 * What outlives restarts, and what goes on through them.
 *
 * guards: D1, K1
 */
import { connect, NotFoundError, prefix } from 'tenure'
import { expect, test, vi } from 'vitest'
import { Proxy } from '../../../../test/proxy.ts'
import {
  DURABLE_SCHEMES,
  failure,
  fill,
  keysOf,
  openLastingWorld,
  PATH,
  PATIENCE,
  textOf,
} from './worlds.ts'

test.for(DURABLE_SCHEMES)(
  'records are there after a restart, with their versions, %s',
  async (scheme) => {
    await using world = await openLastingWorld(scheme)
    const keys = Array.from({ length: 100 }, (_, at) => `key-${String(at).padStart(3, '0')}`)
    await Promise.all(keys.map((key) => world.storage.create({ key, value: `${key}!` })))
    await world.storage.put({ key: 'key-000', value: 'again' })
    await world.storage.delete('key-099')
    const before = await world.storage.getRange(prefix('key-'))
    await world.restart()
    expect(await world.storage.getRange(prefix('key-'))).toEqual(before)
    expect(await failure(world.storage.get('key-099'))).toBeInstanceOf(NotFoundError)
  },
)

test.for(DURABLE_SCHEMES)('no version comes back after a restart, %s', async (scheme) => {
  await using world = await openLastingWorld(scheme)
  const seen: bigint[] = []
  for (let life = 0; life < 3; life += 1) {
    seen.push(await world.storage.create({ key: 'a', value: '1' }))
    await world.storage.delete('a')
    await world.restart()
  }
  seen.push(await world.storage.create({ key: 'a', value: '1' }))
  expect(seen).toEqual([...new Set(seen)].toSorted((one, two) => (one < two ? -1 : 1)))
})

test.concurrent.for(DURABLE_SCHEMES)(
  'a running lease is there after a restart, and still runs down, %s',
  async (scheme) => {
    await using world = await openLastingWorld(scheme)
    const { id } = await world.storage.lessor.newLease(300)
    await world.storage.create({ key: 'a', value: '1', lease: id })
    await fill(world.storage, 'b')
    await world.restart()
    expect(await world.storage.lessor.getLease(id)).toMatchObject({ id, ttlMs: 300 })
    expect(await world.storage.get('a')).toMatchObject({ lease: id })
    await vi.waitFor(
      async () => expect(keysOf(await world.storage.getRange(prefix('')))).toEqual(['b']),
      PATIENCE,
    )
  },
)

test('a lease that is kept alive lives through a restart of the server', async () => {
  await using world = await openLastingWorld('grpc://')
  const { storage } = world
  await using lease = await storage.lessor.newLease(5_000, { keepAlive: true })
  await storage.create({ key: 'a', value: '1', lease })
  await world.restart()
  expect(textOf(await storage.get('a'))).toBe('1')
  expect(lease.signal.aborted).toBe(false)
  await vi.waitFor(() => expect(lease.ttl).toBeGreaterThan(4_000), PATIENCE)
})

// guards: K4
test('waits and watches go on through a restart of the server', async () => {
  await using world = await openLastingWorld('grpc://')
  const { storage } = world
  const [version = 0n] = await fill(storage, 'a')
  const waiting = storage.waitForVersionChange('a', version)
  const watch = storage.watch(prefix(''))[Symbol.asyncIterator]()
  await watch.next()
  const changed = watch.next()
  await storage.get('a')
  await world.restart()
  const next = await world.another().storage(PATH).put({ key: 'a', value: '2' })
  expect(await waiting).toMatchObject({ version: next })
  expect((await changed).value).toMatchObject({ version: next })
  await watch.return?.()
})

test('a write that is asked for while the server is away is done once it is back', async () => {
  await using world = await openLastingWorld('grpc://')
  const { storage } = world
  await fill(storage, 'a')
  const restarting = world.restart()
  const writing = storage.put({ key: 'b', value: '1' })
  await restarting
  const version = await writing
  expect(await storage.get('b')).toMatchObject({ version, createdVersion: version })
})

test.for(DURABLE_SCHEMES)(
  'a watch from before what the history knows begins with a reset, and goes on from there, %s',
  async (scheme) => {
    await using world = await openLastingWorld(scheme)
    const [fromVersion = 0n] = await fill(world.storage, 'a', 'b')
    await world.storage.delete('a')
    // What has changed is known in memory only; what is there is stored.
    await world.restart()
    const watch = world.storage.watch(prefix(''), { fromVersion })[Symbol.asyncIterator]()
    const { value: reset } = await watch.next()
    expect(reset).toMatchObject({ kind: 'reset', records: [{ key: 'b' }] })
    const version = await world.storage.put({ key: 'a', value: 'again' })
    expect((await watch.next()).value).toMatchObject({ kind: 'changes', version })
    await watch.return?.()
  },
)

test.for(DURABLE_SCHEMES)(
  'a watch from the latest version goes on through a restart without a reset, %s',
  async (scheme) => {
    await using world = await openLastingWorld(scheme)
    const versions = await fill(world.storage, 'a', 'b')
    await world.restart()
    const fromVersion = versions.at(-1) ?? 0n
    const watch = world.storage.watch(prefix(''), { fromVersion })[Symbol.asyncIterator]()
    const next = watch.next()
    const version = await world.storage.put({ key: 'c', value: '3' })
    expect((await next).value).toMatchObject({
      kind: 'changes',
      version,
      changes: [{ kind: 'put', record: { key: 'c', version } }],
    })
    await watch.return?.()
  },
)

test.for(DURABLE_SCHEMES)('a lease that has ended does not come back, %s', async (scheme) => {
  await using world = await openLastingWorld(scheme)
  const lease = await world.storage.lessor.newLease(60_000)
  await world.storage.create({ key: 'a', value: '1', lease })
  await lease.release()
  await world.restart()
  expect(await failure(world.storage.lessor.getLease(lease.id))).toBeInstanceOf(NotFoundError)
  expect(await world.storage.getRange(prefix(''))).toEqual([])
})

// guards: K3
test('the records of a client that died with its server go after their ttl and the grace period', async () => {
  await using world = await openLastingWorld('grpc://')
  await using proxy = await Proxy.open(world.port)
  await using ghost = connect(`grpc://${proxy.host}/local`)
  const lease = await ghost.storage(PATH).lessor.newLease(500, { keepAlive: true })
  await ghost.storage(PATH).create({ key: 'a', value: '1', lease })
  proxy.cut()
  await world.restart()
  expect(await world.storage.getRange(prefix(''))).toMatchObject([{ key: 'a' }])
  await vi.waitFor(
    async () => expect(await world.storage.getRange(prefix(''))).toEqual([]),
    PATIENCE,
  )
  expect(lease.signal.aborted).toBe(true)
})
