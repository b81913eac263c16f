/**
 * What is a client's own part in records, over a server in process. The rules of each call are held, over every kind of address, by the tests of the
 * room `tenure`.
 *
 * guards: K3
 */
import { connect, prefix, type Storage } from 'tenure'
import { expect, test } from 'vitest'
import { NotFoundError, UnsupportedError, WrongLeaseError } from '../../src/errors.ts'
import { aborted, openWorld, reading, type World, type WorldKind } from '../worlds.ts'

interface StoredWorld extends World {
  readonly storage: Storage
}

async function storedWorld(kind: WorldKind = 'in process'): Promise<StoredWorld> {
  const world = await openWorld(kind)
  return { ...world, storage: world.client.storage(world.path) }
}

test('a key that is no text comes back as bytes, which name it again', async () => {
  await using world = await storedWorld()
  const { storage } = world
  const key = new Uint8Array([0xff, 0x00])
  await storage.create({ key, value: '' })
  const record = await storage.get(key)
  expect(record.key).toEqual(key)
  await storage.delete(record.key)
  await expect(storage.get(key)).rejects.toThrow(NotFoundError)
})

test('a key that begins with a byte order mark keeps it', async () => {
  await using world = await storedWorld()
  await world.storage.create({ key: '\uFEFFa', value: '' })
  const [record] = await world.storage.getRange(prefix(''))
  expect(record?.key).toBe('\uFEFFa')
})

test('a prefix of the last bytes there are has no end', async () => {
  await using world = await storedWorld()
  const { storage } = world
  for (const key of [[0xff, 0xff], [0xff, 0xff, 0xff], [0xff, 0xfe], [0xfe]]) {
    await storage.create({ key: new Uint8Array(key), value: '' })
  }
  expect(await storage.getRange(prefix(new Uint8Array([0xff, 0xff])))).toHaveLength(2)
  expect(await storage.getRange(prefix(new Uint8Array([0xff])))).toHaveLength(3)
  expect(await storage.getRange(prefix(new Uint8Array([0xff, 0xfe])))).toHaveLength(1)
})

test('a limited page is whole although its values do not fit in one answer', async () => {
  await using world = await storedWorld()
  const { storage } = world
  const value = new Uint8Array(1_000_000).fill(1)
  for (let index = 0; index < 8; index += 1) await storage.create({ key: `k${index}`, value })
  expect(await storage.getRange(prefix('k'), { limit: 7 })).toHaveLength(7)
})

test('over YDB’s protocol each call of records says at once that the server has none', async () => {
  await using world = await storedWorld('over the YDB protocol')
  const { storage } = world
  await expect(storage.get('a')).rejects.toThrow(UnsupportedError)
  await expect(storage.lessor.newLease(1_000)).rejects.toThrow(/has no records/)
  await expect(reading(storage.watch(prefix(''))).next()).rejects.toThrow(UnsupportedError)
})

test('all storages of one path are one, and end with the client', async () => {
  await using world = await storedWorld()
  const { client, path, storage } = world
  expect(client.storage(path)).toBe(storage)
  const version = await storage.create({ key: 'a', value: '' })
  const wait = storage.waitForVersionChange('a', version)
  const watch = reading(storage.watch(prefix('')))
  await watch.next()
  const lease = await storage.lessor.newLease(60_000, { keepAlive: true })
  const ends = Promise.allSettled([wait, watch.next()])
  await client.close()
  for (const end of await ends) expect(end).toMatchObject({ reason: { code: 'CLIENT_CLOSED' } })
  expect(lease.signal.reason).toMatchObject({ code: 'CLIENT_CLOSED' })
  await lease.release()
  const late = client.storage('/local/other').get('a')
  await expect(late).rejects.toMatchObject({ code: 'CLIENT_CLOSED' })
})

test('the return of a watch ends the read that waits', async () => {
  await using world = await storedWorld()
  const { storage } = world
  const iterator = storage.watch(prefix(''))[Symbol.asyncIterator]()
  await iterator.next()
  const pending = iterator.next()
  await iterator.return?.()
  expect(await pending).toEqual({ done: true, value: undefined })
  expect(await iterator.next()).toEqual({ done: true, value: undefined })
})

test('a watch of a node that is dropped ends with NOT_FOUND', async () => {
  await using world = await storedWorld()
  const { storage, client, path } = world
  const watch = reading(storage.watch(prefix('')))
  await watch.next()
  const [next] = await Promise.allSettled([watch.next(), client.dropNode(path)])
  expect(next).toMatchObject({ reason: { code: 'NOT_FOUND' } })
})

test('a lease that another client releases is over for the one who keeps it', async () => {
  await using world = await storedWorld()
  const { storage, path } = world
  const kept = await storage.lessor.newLease(60_000, { keepAlive: true })
  expect(await storage.lessor.getLease(kept.id)).toBe(kept)
  await using other = connect('memory:')
  const found = await other.storage(path).lessor.getLease(kept.id)
  expect(found.ttl).toBe(60_000)
  await found.release()
  expect(await aborted(kept.signal)).toBeInstanceOf(WrongLeaseError)
  await kept.release()
})

test('a client that is closed ends the leases that it keeps at once, and not those that run down', async () => {
  await using world = await storedWorld()
  const { storage, path } = world
  await using other = connect('memory:')
  const { lessor } = other.storage(path)
  const kept = await lessor.newLease(60_000, { keepAlive: true })
  const running = await lessor.newLease(60_000)
  await storage.create({ key: 'kept', value: '', lease: kept })
  await storage.create({ key: 'running', value: '', lease: running })
  await other.close()
  await expect(storage.get('kept')).rejects.toThrow(NotFoundError)
  expect((await storage.get('running')).lease).toBe(running.id)
  await running.release()
})

test('what no program in TypeScript can pass is refused before it is sent', async () => {
  await using world = await storedWorld()
  const { storage } = world
  // @ts-expect-error a number is no key
  await expect(storage.get(5)).rejects.toThrow(TypeError)
  // @ts-expect-error a number is no version
  await expect(storage.waitForVersionChange('a', 5)).rejects.toThrow(TypeError)
  // @ts-expect-error a number is no lease
  await expect(storage.put({ key: 'a', value: '', lease: 5 })).rejects.toThrow(TypeError)
  // @ts-expect-error text is no ttl
  await expect(storage.lessor.newLease('1s')).rejects.toThrow(TypeError)
  // @ts-expect-error one operation is no list
  await expect(storage.transact({ else: { kind: 'get' } })).rejects.toThrow(TypeError)
  // @ts-expect-error there is no such operation
  await expect(storage.transact({ else: [{ kind: 'move', key: 'a' }] })).rejects.toThrow(TypeError)
  // @ts-expect-error a number is no answer to a question
  await expect(storage.transact({ if: [{ key: 'a', exists: 1 }] })).rejects.toThrow(TypeError)
  // @ts-expect-error values have no order
  const unordered = storage.transact({ if: [{ key: 'a', value: 'x', is: '<' }] })
  await expect(unordered).rejects.toThrow(TypeError)
  // @ts-expect-error text is no range
  expect(() => storage.watch('a')).toThrow(TypeError)
  expect(() => storage.locker('x'.repeat(1_025))).toThrow(RangeError)
  expect(() => world.client.storage('')).toThrow(RangeError)
})
