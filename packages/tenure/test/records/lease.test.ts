/**
 * Rows S3-23 to S3-28: record leases.
 *
 * guards: K3
 */
import { NotFoundError, type Record, type Storage, WrongLeaseError } from 'tenure'
import { expect, test, vi } from 'vitest'
import { aborted, failure, keysOf, openWorld, PATH, PATIENCE, SCHEMES } from './worlds.ts'

/** Short enough for a test, long enough that a slow machine does not miss it. */
const TTL_MS = 400
/** Due events may be so much later than due. */
const LATE_MAX_MS = 1_000

async function isAbsent(storage: Storage, key: string): Promise<boolean> {
  const found = await storage.getRange(key, key)
  return found.length === 0
}

test.for(SCHEMES)('S3-23: the ttl of a lease must be above 0, %s', async (scheme) => {
  await using world = await openWorld(scheme)
  const { lessor } = world.storage
  await expect(lessor.newLease(0)).rejects.toThrow(RangeError)
  await expect(lessor.newLease(-1)).rejects.toThrow(RangeError)
  await expect(lessor.newLease(Number.NaN)).rejects.toThrow(RangeError)
  await expect(lessor.newLease(86_400_001)).rejects.toThrow(RangeError)
  await using lease = await lessor.newLease(1.5)
  expect(lease.ttlMs).toBe(2)
})

test.concurrent.for(SCHEMES)(
  'S3-24: a lease that is kept alive outlives its ttl and the call that made it, %s',
  async (scheme) => {
    await using world = await openWorld(scheme)
    const { storage } = world
    const controller = new AbortController()
    const keepAlive = true
    await using lease = await storage.lessor.newLease(TTL_MS, { keepAlive }, controller.signal)
    controller.abort()
    await using other = await storage.lessor.newLease(TTL_MS)
    await storage.create({ key: 'kept', value: '1', lease })
    await storage.create({ key: 'other', value: '1', lease: other })
    // The other one, of the same ttl and younger, measures the time.
    await vi.waitFor(async () => expect(await isAbsent(storage, 'other')).toBe(true), PATIENCE)
    expect(lease.signal.aborted).toBe(false)
    expect(await storage.get('kept')).toMatchObject({ lease: lease.id })
  },
)

test.for(SCHEMES)('S3-24: a lease that is kept alive ends with its client, %s', async (scheme) => {
  await using world = await openWorld(scheme)
  const client = world.another()
  const lease = await client.storage(PATH).lessor.newLease(60_000, { keepAlive: true })
  await client.storage(PATH).create({ key: 'a', value: '1', lease })
  await client.close()
  expect(lease.signal.aborted).toBe(true)
  expect(await isAbsent(world.storage, 'a')).toBe(true)
})

test.for(SCHEMES)('S3-25: ttl is what remains, ttlMs what was asked for, %s', async (scheme) => {
  await using world = await openWorld(scheme)
  const { lessor } = world.storage
  await using lease = await lessor.newLease(60_000)
  const grantedMs = performance.now()
  const first = lease.ttl
  expect(lease.ttlMs).toBe(60_000)
  expect(first).toBeLessThanOrEqual(60_000)
  expect(first).toBeGreaterThan(50_000)
  await vi.waitFor(() => expect(lease.ttl).toBeLessThan(first), PATIENCE)
  const passedMs = performance.now() - grantedMs
  const seen = await world.another().storage(PATH).lessor.getLease(lease.id)
  expect(seen.ttl).toBeLessThanOrEqual(60_000 - passedMs)
  expect(seen.ttlMs).toBe(60_000)
})

test.for(SCHEMES)(
  'S3-26: release deletes all records of the lease at once, and wakes who waits, %s',
  async (scheme) => {
    await using world = await openWorld(scheme)
    const { storage } = world
    const lease = await storage.lessor.newLease(60_000, { keepAlive: true })
    const version = await storage.create({ key: 'a', value: '1', lease })
    await storage.create({ key: 'b', value: '1', lease })
    await storage.create({ key: 'c', value: '1' })
    const waiting = storage.waitForVersionChange('a', version)
    await lease.release()
    expect(await waiting).toBeNull()
    expect(lease.signal.aborted).toBe(true)
    expect(lease.ttl).toBe(0)
    expect(keysOf(await storage.getRange('a', 'z'))).toEqual(['c'])
    await lease.release()
    await lease[Symbol.asyncDispose]()
    const create = storage.create({ key: 'a', value: '1', lease })
    expect(await failure(create)).toBeInstanceOf(WrongLeaseError)
  },
)

test.for(SCHEMES)('S3-27: a lease is found by its id from any client, %s', async (scheme) => {
  await using world = await openWorld(scheme)
  const { storage } = world
  const lease = await storage.lessor.newLease(60_000, { keepAlive: true })
  const elsewhere = world.another().storage(PATH)
  const seen = await elsewhere.lessor.getLease(lease.id)
  expect(seen).toMatchObject({ id: lease.id, ttlMs: 60_000 })
  await elsewhere.create({ key: 'a', value: '1', lease: seen })
  expect(await storage.get('a')).toMatchObject({ lease: lease.id })
  await seen.release()
  expect(await aborted(lease.signal)).toBeInstanceOf(WrongLeaseError)
  expect(await failure(storage.get('a'))).toBeInstanceOf(NotFoundError)
  expect(await failure(storage.lessor.getLease(lease.id))).toBeInstanceOf(NotFoundError)
})

test.concurrent.for(SCHEMES)(
  'S3-28: expiry removes all records of a lease in one commit, %s',
  async (scheme) => {
    await using world = await openWorld(scheme)
    const { storage } = world
    const startedAt = performance.now()
    const lease = await storage.lessor.newLease(TTL_MS)
    const keys = Array.from({ length: 20 }, (_, at) => `a${String(at).padStart(2, '0')}`)
    await Promise.all(keys.map((key) => storage.create({ key, value: '1', lease })))
    await storage.create({ key: 'b', value: 'stays' })
    const snapshot = await storage.getRange('a', 'b')
    const fromVersion = snapshot.reduce(
      (most, { version }) => (version > most ? version : most),
      0n,
    )
    const gone: bigint[] = []
    for await (const batch of storage.watch({ prefix: '' }, { fromVersion })) {
      if (batch.kind !== 'changes') throw new Error('the history is gone')
      for (const change of batch.changes) {
        if (change.kind !== 'deleted') throw new Error('nobody writes')
        gone.push(change.version)
      }
      break
    }
    const tookMs = performance.now() - startedAt
    expect(gone).toHaveLength(keys.length)
    expect(new Set(gone).size).toBe(1)
    expect(tookMs).toBeGreaterThanOrEqual(TTL_MS)
    expect(tookMs).toBeLessThan(TTL_MS + LATE_MAX_MS)
    expect(keysOf(await storage.getRange('a', 'z'))).toEqual(['b'])
    await aborted(lease.signal)
    const create = storage.create({ key: 'a', value: '1', lease })
    expect(await failure(create)).toBeInstanceOf(WrongLeaseError)
  },
)

test.for(SCHEMES)(
  'nobody ever sees some of the records of a lease without the others, %s',
  async (scheme) => {
    await using world = await openWorld(scheme)
    const { storage } = world
    const keys = ['a', 'b', 'c', 'd']
    const lease = await storage.lessor.newLease(TTL_MS)
    await storage.transact({
      then: keys.map((key) => ({ kind: 'put', key, value: '1', lease }) as const),
    })
    let seen: Record[]
    do {
      seen = await world.storage.getRange('a', 'z')
      expect([0, keys.length]).toContain(seen.length)
    } while (seen.length > 0)
  },
)

test.for(SCHEMES)('a record that leaves its lease outlives it, %s', async (scheme) => {
  await using world = await openWorld(scheme)
  const { storage } = world
  const one = await storage.lessor.newLease(60_000)
  await using two = await storage.lessor.newLease(60_000)
  await storage.create({ key: 'free', value: '1', lease: one })
  await storage.create({ key: 'moved', value: '1', lease: one })
  await storage.create({ key: 'bound', value: '1', lease: one })
  await storage.put({ key: 'free', value: '2', lease: 0n })
  await storage.put({ key: 'moved', value: '2', lease: two })
  await one.release()
  expect(keysOf(await storage.getRange('a', 'z'))).toEqual(['free', 'moved'])
})

test.for(SCHEMES)('an aborted newLease leaves no lease behind, %s', async (scheme) => {
  await using world = await openWorld(scheme)
  const { lessor } = world.storage
  const reason = new Error('enough')
  await expect(lessor.newLease(60_000, {}, AbortSignal.abort(reason))).rejects.toBe(reason)
  const controller = new AbortController()
  const making = failure(lessor.newLease(60_000, { keepAlive: true }, controller.signal))
  // What is asked after it and answered shows that the grant has been made.
  const next = lessor.newLease(60_000)
  controller.abort(reason)
  expect(await making).toBe(reason)
  await using lease = await next
  const before = lease.id - 1n
  await vi.waitFor(async () => {
    expect(await failure(lessor.getLease(before))).toBeInstanceOf(NotFoundError)
  }, PATIENCE)
})

test.for(SCHEMES)(
  'a lease that is kept alive outlives a session that an operator has ended, %s',
  async (scheme) => {
    await using world = await openWorld(scheme)
    const { storage } = world
    await using lease = await storage.lessor.newLease(5_000, { keepAlive: true })
    const version = await storage.create({ key: 'a', value: '1', lease })
    const elsewhere = world.another()
    const [session] = await elsewhere.listSessions(PATH)
    expect(session).toMatchObject({ isAttached: true, leases: 1 })
    await elsewhere.endSession(PATH, session?.id ?? 0n)
    expect(await storage.get('a')).toMatchObject({ version, lease: lease.id })
    // Kept again, by the session that has taken the place of the one that was ended.
    await vi.waitFor(async () => {
      expect(await elsewhere.listSessions(PATH)).toMatchObject([{ leases: 1 }])
    }, PATIENCE)
    expect(lease.signal.aborted).toBe(false)
    expect(await storage.get('a')).toMatchObject({ version })
  },
)
