/**
 * Rows S3-16 to S3-22: waiting for the version of a record to change.
 *
 * guards: K4
 */
import { NotFoundError } from 'tenure'
import { expect, test } from 'vitest'
import { failure, fill, openWorld, PATH, SCHEMES, textOf } from './worlds.ts'

test.for(SCHEMES)('S3-16: a wait for what is absent ends at once, %s', async (scheme) => {
  await using world = await openWorld(scheme)
  const { storage } = world
  expect(await failure(storage.waitForVersionChange('a', 0n))).toBeInstanceOf(NotFoundError)
  expect(await failure(storage.waitForVersionChange('a', 7n))).toBeInstanceOf(NotFoundError)
})

test.for(SCHEMES)(
  'S3-17: a wait for another version gives the record at once, %s',
  async (scheme) => {
    await using world = await openWorld(scheme)
    const { storage } = world
    const [version = 0n] = await fill(storage, 'a')
    expect(await storage.waitForVersionChange('a', 0n)).toMatchObject({ key: 'a', version })
    expect(await storage.waitForVersionChange('a', version + 9n)).toMatchObject({ version })
  },
)

test.for(SCHEMES)('S3-18: a wait gives the record as it is when it wakes, %s', async (scheme) => {
  await using world = await openWorld(scheme)
  const { storage } = world
  const [version = 0n] = await fill(storage, 'a', 'b')
  const waiting = storage.waitForVersionChange('a', version)
  await storage.put({ key: 'b', value: 'another' })
  const next = await storage.put({ key: 'a', value: '2' })
  const record = await waiting
  expect(record).toMatchObject({ key: 'a', version: next })
  expect(textOf(record)).toBe('2')
})

test.for(SCHEMES)('S3-19: a wait for what is deleted meanwhile gives null, %s', async (scheme) => {
  await using world = await openWorld(scheme)
  const { storage } = world
  const [version = 0n] = await fill(storage, 'a')
  const waiting = storage.waitForVersionChange('a', version)
  await world.another().storage(PATH).delete('a')
  expect(await waiting).toBeNull()
})

test.for(SCHEMES)(
  'S3-20: an aborted wait rejects with its reason; others go on, %s',
  async (scheme) => {
    await using world = await openWorld(scheme)
    const { storage } = world
    const [version = 0n] = await fill(storage, 'a')
    const controller = new AbortController()
    const reason = new Error('enough')
    const aborting = storage.waitForVersionChange('a', version, controller.signal)
    const waiting = storage.waitForVersionChange('a', version)
    const failed = failure(aborting)
    // An answer that comes after theirs shows that the waits have begun.
    await storage.get('a')
    controller.abort(reason)
    expect(await failed).toBe(reason)
    const next = await storage.put({ key: 'a', value: '2' })
    expect(await waiting).toMatchObject({ version: next })
    await expect(storage.waitForVersionChange('a', next, AbortSignal.abort(reason))).rejects.toBe(
      reason,
    )
  },
)

// guards: K1
test.for(SCHEMES)(
  'S3-21: a key that is deleted and made anew has another version, %s',
  async (scheme) => {
    await using world = await openWorld(scheme)
    const { storage } = world
    const seen = new Set<bigint>()
    for (let round = 0; round < 5; round += 1) {
      const version = await storage.create({ key: 'a', value: '1' })
      expect(seen.has(version)).toBe(false)
      seen.add(version)
      await storage.delete('a')
      await storage.create({ key: 'a', value: '1' })
      expect(await storage.waitForVersionChange('a', version)).not.toBeNull()
      await storage.delete('a')
    }
  },
)

test.for(SCHEMES)('S3-22: all who wait for a key wake, %s', async (scheme) => {
  await using world = await openWorld(scheme)
  const { storage } = world
  const [version = 0n] = await fill(storage, 'a')
  const storages = [storage, world.another().storage(PATH)]
  const waiting = Array.from({ length: 20 }, async (_, at) =>
    storages[at % 2]?.waitForVersionChange('a', version),
  )
  const next = await storage.put({ key: 'a', value: '2' })
  for (const record of await Promise.all(waiting)) expect(record).toMatchObject({ version: next })
})

/** More, together, than a stream may have waiting at once. */
const GIVEN_UP = { rounds: 35, waits: 500 } as const

test.for(SCHEMES)('S3-20: waits that are given up take up no room, %s', async (scheme) => {
  await using world = await openWorld(scheme)
  const { storage } = world
  const [version = 0n] = await fill(storage, 'a')
  const reason = new Error('enough')
  for (let round = 0; round < GIVEN_UP.rounds; round += 1) {
    const { signal, abort } = aborting(reason)
    const waits = Array.from({ length: GIVEN_UP.waits }, () =>
      failure(storage.waitForVersionChange('a', version, signal)),
    )
    await storage.get('a')
    abort()
    expect(new Set(await Promise.all(waits))).toEqual(new Set([reason]))
  }
  const waiting = storage.waitForVersionChange('a', version)
  const next = await storage.put({ key: 'a', value: '2' })
  expect(await waiting).toMatchObject({ version: next })
})

function aborting(reason: Error): { readonly signal: AbortSignal; readonly abort: () => void } {
  const controller = new AbortController()
  return { signal: controller.signal, abort: () => controller.abort(reason) }
}
