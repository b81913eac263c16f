/** Rows S3-12 to S3-15: compare and set, and delete. */
import { NotFoundError, type Record, WrongVersionError } from 'tenure'
import { expect, test } from 'vitest'
import { failure, fill, openWorld, SCHEMES, textOf } from './worlds.ts'

// guards: K1, K2
test.for(SCHEMES)('S3-12: a compare that matches gives a new commit number, %s', async (scheme) => {
  await using world = await openWorld(scheme)
  const { storage } = world
  const [version = 0n] = await fill(storage, 'a', 'b')
  const next = await storage.casByVersion({ key: 'a', value: '2', version })
  expect(next).toBeGreaterThan(version + 1n)
  expect(await storage.get('a')).toMatchObject({ version: next, createdVersion: version })
})

// guards: K2
test.for(SCHEMES)(
  'S3-13: a compare that does not match shows the record as it is, and one without a record finds none, %s',
  async (scheme) => {
    await using world = await openWorld(scheme)
    const { storage } = world
    const [version = 0n] = await fill(storage, 'a')
    const cas = { key: 'a', value: '2', version: version + 7n }
    const error = await failure(storage.casByVersion(cas))
    expect(error).toBeInstanceOf(WrongVersionError)
    expect(error).toMatchObject({ record: { key: 'a', version, value: new Uint8Array([49]) } })
    expect(textOf(await storage.get('a'))).toBe('1')
    const absent = storage.casByVersion({ key: 'b', value: '2', version })
    expect(await failure(absent)).toBeInstanceOf(NotFoundError)
    const never = storage.casByVersion({ key: 'b', value: '2', version: 0n })
    expect(await failure(never)).toBeInstanceOf(NotFoundError)
  },
)

test.for(SCHEMES)('S3-14: compare and set never changes the lease, %s', async (scheme) => {
  await using world = await openWorld(scheme)
  const { storage } = world
  await using lease = await storage.lessor.newLease(60_000)
  const version = await storage.create({ key: 'a', value: '1', lease })
  const next = await storage.casByVersion({ key: 'a', value: '2', version, lease: 0n })
  expect(await storage.get('a')).toMatchObject({ lease: lease.id, version: next })
  await storage.casByVersion({ key: 'a', value: '3', version: next, lease: 4_711n })
  expect(await storage.get('a')).toMatchObject({ lease: lease.id })
})

// guards: K2
test.for(SCHEMES)('of writers who compare the same version one wins, %s', async (scheme) => {
  await using world = await openWorld(scheme)
  const { storage } = world
  await storage.create({ key: 'count', value: '0' })
  const storages = [storage, world.another().storage(world.storage.path)]
  const increment = async (at: number): Promise<void> => {
    const own = storages[at % storages.length]
    for (;;) {
      const record: Record | undefined = await own?.get('count')
      if (record === undefined) throw new Error('nobody counts')
      const value = String(Number(textOf(record)) + 1)
      try {
        await own?.casByVersion({ ...record, value })
        return
      } catch (error) {
        if (!(error instanceof WrongVersionError)) throw error
      }
    }
  }
  await Promise.all(Array.from({ length: 20 }, (_, at) => increment(at)))
  expect(textOf(await storage.get('count'))).toBe('20')
})

test.for(SCHEMES)(
  'S3-15: delete of what is absent is an error, and what is deleted is absent, %s',
  async (scheme) => {
    await using world = await openWorld(scheme)
    const { storage } = world
    const [version = 0n] = await fill(storage, 'a')
    const waiting = storage.waitForVersionChange('a', version)
    await storage.delete('a')
    expect(await waiting).toBeNull()
    expect(await failure(storage.get('a'))).toBeInstanceOf(NotFoundError)
    expect(await failure(storage.delete('a'))).toBeInstanceOf(NotFoundError)
  },
)

test.for(SCHEMES)('S3-15: delete may be for one version only, %s', async (scheme) => {
  await using world = await openWorld(scheme)
  const { storage } = world
  const [ifVersion = 0n] = await fill(storage, 'a')
  const version = await storage.put({ key: 'a', value: '2' })
  const error = await failure(storage.delete('a', { ifVersion }))
  expect(error).toBeInstanceOf(WrongVersionError)
  expect(error).toMatchObject({ record: { version } })
  await storage.delete('a', { ifVersion: version })
  expect(await failure(storage.get('a'))).toBeInstanceOf(NotFoundError)
})
