/** Rows S3-01 to S3-08 and S3-29: records are made, and read. */
import {
  AlreadyExistsError,
  NO_LEASE_ID,
  NotFoundError,
  type Record,
  WrongLeaseError,
} from 'tenure'
import { expect, test } from 'vitest'
import { failure, fill, openWorld, SCHEMES, textOf } from './worlds.ts'

test('S3-01: NO_LEASE_ID is 0n', () => {
  expect(NO_LEASE_ID).toBe(0n)
})

// guards: K1
test.for(SCHEMES)('S3-02: create gives the commit number of the node, %s', async (scheme) => {
  await using world = await openWorld(scheme)
  const { storage } = world
  const first = await storage.create({ key: 'a', value: '1' })
  const second = await storage.create({ key: 'b', value: '1' })
  expect(first).toBeGreaterThanOrEqual(1n)
  expect(second).toBeGreaterThan(first)
})

test.for(SCHEMES)(
  'S3-03: create of a key that exists shows the record that is there, %s',
  async (scheme) => {
    await using world = await openWorld(scheme)
    const { storage } = world
    const [version] = await fill(storage, 'a')
    const error = await failure(storage.create({ key: 'a', value: '2' }))
    expect(error).toBeInstanceOf(AlreadyExistsError)
    expect(error).toMatchObject({ record: { key: 'a', version } })
    expect(textOf(await storage.get('a'))).toBe('1')
  },
)

test.for(SCHEMES)('S3-04: an empty key is refused before any message, %s', async (scheme) => {
  await using world = await openWorld(scheme)
  const { storage } = world
  const refused = storage.create({ key: '', value: '1' })
  await expect(refused).rejects.toThrow(RangeError)
  await expect(refused).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
  await expect(storage.get(new Uint8Array())).rejects.toThrow(RangeError)
  expect(await storage.getRange('', '\u{10FFFF}')).toEqual([])
})

test.for(SCHEMES)(
  'S3-05: an aborted create rejects with its reason, and does nothing, %s',
  async (scheme) => {
    await using world = await openWorld(scheme)
    const { storage } = world
    const reason = new Error('enough')
    const signal = AbortSignal.abort(reason)
    await expect(storage.create({ key: 'a', value: '1' }, {}, signal)).rejects.toBe(reason)
    await expect(storage.create({ key: '', value: '1' }, {}, signal)).rejects.toBe(reason)
    await expect(storage.get('a')).rejects.toThrow(NotFoundError)
  },
)

test.for(SCHEMES)('S3-06: an unknown lease is refused, %s', async (scheme) => {
  await using world = await openWorld(scheme)
  const { storage } = world
  const create = storage.create({ key: 'a', value: '1', lease: 4_711n })
  expect(await failure(create)).toBeInstanceOf(WrongLeaseError)
  await expect(storage.get('a')).rejects.toThrow(NotFoundError)
  await storage.create({ key: 'a', value: '1', lease: NO_LEASE_ID })
  expect(await storage.get('a')).toMatchObject({ lease: NO_LEASE_ID })
})

test.for(SCHEMES)('S3-07: a version that is passed to create is ignored, %s', async (scheme) => {
  await using world = await openWorld(scheme)
  const { storage } = world
  await fill(storage, 'a')
  const made = { ...(await storage.get('a')), key: 'b', version: 999n }
  const version = await storage.create(made)
  expect(version).toBeLessThan(999n)
  expect(await storage.get('b')).toMatchObject({ version })
})

test.for(SCHEMES)('S3-08: get gives a frozen copy, or NotFoundError, %s', async (scheme) => {
  await using world = await openWorld(scheme)
  const { storage } = world
  await fill(storage, 'a')
  const record = await storage.get('a')
  expect(Object.isFrozen(record)).toBe(true)
  record.value[0] = 0
  expect(textOf(await storage.get('a'))).toBe('1')
  expect(await failure(storage.get('b'))).toBeInstanceOf(NotFoundError)
})

test.for(SCHEMES)(
  'a value is what was passed, whatever is done to the bytes later, %s',
  async (scheme) => {
    await using world = await openWorld(scheme)
    const { storage } = world
    const value = new Uint8Array([1, 2, 3])
    const creating = storage.create({ key: new Uint8Array([0xff, 0]), value })
    await creating
    value[0] = 9
    const record = await storage.get(new Uint8Array([0xff, 0]))
    expect(record).toMatchObject({
      key: new Uint8Array([0xff, 0]),
      value: new Uint8Array([1, 2, 3]),
    })
  },
)

test.for(SCHEMES)(
  'S3-29: a record has key, value, version, the version that made it, and its lease, %s',
  async (scheme) => {
    await using world = await openWorld(scheme)
    const { storage } = world
    await using lease = await storage.lessor.newLease(60_000)
    const createdVersion = await storage.create({ key: 'a', value: '1', lease })
    const version = await storage.casByVersion({ key: 'a', value: '2', version: createdVersion })
    const expected: Record = {
      key: 'a',
      value: new Uint8Array([50]),
      version,
      createdVersion,
      lease: lease.id,
    }
    expect(await storage.get('a')).toEqual(expected)
  },
)

// guards: K1
test.for(SCHEMES)('put makes what is absent, and replaces what is there, %s', async (scheme) => {
  await using world = await openWorld(scheme)
  const { storage } = world
  const createdVersion = await storage.put({ key: 'a', value: '1' })
  const version = await storage.put({ key: 'a', value: '2' })
  expect(version).toBeGreaterThan(createdVersion)
  const record = await storage.get('a')
  expect(record).toMatchObject({ version, createdVersion })
  expect(textOf(record)).toBe('2')
})

test.for(SCHEMES)('put keeps the lease of a record unless it is told one, %s', async (scheme) => {
  await using world = await openWorld(scheme)
  const { storage } = world
  await using lease = await storage.lessor.newLease(60_000)
  await storage.create({ key: 'a', value: '1', lease })
  await storage.put({ key: 'a', value: '2' })
  expect(await storage.get('a')).toMatchObject({ lease: lease.id })
  await storage.put({ key: 'a', value: '3', lease: NO_LEASE_ID })
  expect(await storage.get('a')).toMatchObject({ lease: NO_LEASE_ID })
})
