/**
 * Record leases, over every way to a server that has them.
 *
 * guards: K3
 */
import { connect } from 'tenure'
import { expect, test } from 'vitest'
import { LeaseReleasedError, NotFoundError, WrongLeaseError } from '../../src/errors.ts'
import { aborted } from '../worlds.ts'
import { RECORD_WORLDS, storedWorld } from './stored-world.ts'

test.for(RECORD_WORLDS)(
  'S3-23: a ttl that is no time, or above a day, is refused, %s',
  async (kind) => {
    await using world = await storedWorld(kind)
    const { lessor } = world.storage
    for (const ttl of [0, -1, Number.NaN, Infinity, 86_400_001]) {
      await expect(lessor.newLease(ttl)).rejects.toThrow(RangeError)
    }
    // @ts-expect-error what a program in JavaScript may pass
    await expect(lessor.newLease('1s')).rejects.toThrow(TypeError)
  },
)

test.for(RECORD_WORLDS)(
  'S3-23 S3-25: a lease below a second has its milliseconds, and its rest shrinks, %s',
  async (kind) => {
    await using world = await storedWorld(kind)
    const lease = await world.storage.lessor.newLease(300)
    expect(lease.ttlMs).toBe(300)
    const first = lease.ttl
    expect(first).toBeLessThanOrEqual(300)
    await aborted(lease.signal)
    expect(lease.ttl).toBe(0)
    expect(lease.signal.reason).toBeInstanceOf(WrongLeaseError)
  },
)

test.for(RECORD_WORLDS)(
  'S3-24: a lease that is kept alive outlives its ttl many times, and the call that made it, %s',
  async (kind) => {
    await using world = await storedWorld(kind)
    const { storage } = world
    const call = new AbortController()
    const kept = await storage.lessor.newLease(1_000, { keepAlive: true }, call.signal)
    call.abort()
    await storage.create({ key: 'a', value: '', lease: kept })
    const other = await storage.lessor.newLease(2_500)
    await aborted(other.signal)
    expect(kept.signal.aborted).toBe(false)
    expect(kept.ttl).toBeGreaterThan(0)
    expect((await storage.get('a')).lease).toBe(kept.id)
  },
)

test.for(RECORD_WORLDS)(
  'S3-26: a release deletes the records of the lease, and wakes who waits for them, %s',
  async (kind) => {
    await using world = await storedWorld(kind)
    const { storage } = world
    const lease = await storage.lessor.newLease(60_000)
    const version = await storage.create({ key: 'a', value: '', lease })
    await storage.create({ key: 'b', value: '', lease: lease.id })
    await storage.create({ key: 'c', value: '' })
    const wait = storage.waitForVersionChange('a', version)
    await storage.get('a')
    const { signal } = lease
    await lease.release()
    expect(signal.reason).toBeInstanceOf(LeaseReleasedError)
    expect(await wait).toBeNull()
    const left = await storage.getRange('a', 'c')
    expect(left.map(({ key }) => key)).toEqual(['c'])
    await lease.release()
    await lease[Symbol.asyncDispose]()
    await expect(storage.lessor.getLease(lease.id)).rejects.toThrow(NotFoundError)
  },
)

test.for(RECORD_WORLDS)(
  'S3-28: when a lease expires its records are gone, in one commit, %s',
  async (kind) => {
    await using world = await storedWorld(kind)
    const { storage } = world
    const lease = await storage.lessor.newLease(200)
    for (const key of ['a', 'b']) await storage.create({ key, value: '', lease })
    const versions: bigint[] = []
    for await (const batch of storage.watch({ prefix: '' })) {
      if (batch.kind !== 'changes') continue
      for (const change of batch.changes) {
        if (change.kind === 'deleted') versions.push(change.version)
      }
      if (versions.length === 2) break
    }
    expect(new Set(versions).size).toBe(1)
    expect(await storage.getRange('a', 'b')).toEqual([])
    await aborted(lease.signal)
  },
)

test('S3-27: a lease is found by its id from another client, which can release it; its keeper hears of that', async () => {
  await using world = await storedWorld('in process')
  const { storage, path } = world
  const kept = await storage.lessor.newLease(60_000, { keepAlive: true })
  const running = await storage.lessor.newLease(60_000)
  await storage.create({ key: 'a', value: '', lease: kept })
  await using other = connect('memory:')
  const { lessor } = other.storage(path)
  const found = await lessor.getLease(running.id)
  expect(found.id).toBe(running.id)
  expect(found.ttlMs).toBe(60_000)
  expect(found.ttl).toBeLessThanOrEqual(60_000)
  expect(found.ttl).toBeGreaterThan(50_000)
  const keptElsewhere = await lessor.getLease(kept.id)
  expect(keptElsewhere.ttl).toBe(60_000)
  await keptElsewhere.release()
  expect(keptElsewhere.signal.reason).toBeInstanceOf(LeaseReleasedError)
  expect(await aborted(kept.signal)).toBeInstanceOf(WrongLeaseError)
  await expect(storage.get('a')).rejects.toThrow(NotFoundError)
  await expect(lessor.getLease(kept.id)).rejects.toThrow(NotFoundError)
  await kept.release()
})

test.for(RECORD_WORLDS)('a lease that this client keeps is found as itself, %s', async (kind) => {
  await using world = await storedWorld(kind)
  const { lessor } = world.storage
  const kept = await lessor.newLease(60_000, { keepAlive: true })
  expect(await lessor.getLease(kept.id)).toBe(kept)
})

test.for(RECORD_WORLDS)(
  'a found lease that nobody keeps aborts when its time is over, %s',
  async (kind) => {
    await using world = await storedWorld(kind)
    const { lessor } = world.storage
    const { id } = await lessor.newLease(200)
    const found = await lessor.getLease(id)
    expect(await aborted(found.signal)).toBeInstanceOf(WrongLeaseError)
  },
)

test('closing a client ends the leases that it keeps at once, and not those that run down', async () => {
  await using world = await storedWorld('in process')
  const { storage, path } = world
  await using other = connect('memory:')
  const mine = other.storage(path)
  const kept = await mine.lessor.newLease(60_000, { keepAlive: true })
  const running = await mine.lessor.newLease(60_000)
  await mine.create({ key: 'kept', value: '', lease: kept })
  await mine.create({ key: 'running', value: '', lease: running })
  await other.close()
  await expect(storage.get('kept')).rejects.toThrow(NotFoundError)
  expect((await storage.get('running')).lease).toBe(running.id)
  await running.release()
})

test.for(RECORD_WORLDS)('await using gives a lease back, %s', async (kind) => {
  await using world = await storedWorld(kind)
  const { storage } = world
  {
    await using lease = await storage.lessor.newLease(60_000, { keepAlive: true })
    await storage.create({ key: 'a', value: '', lease })
  }
  await expect(storage.get('a')).rejects.toThrow(NotFoundError)
})
