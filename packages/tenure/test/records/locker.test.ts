/** Row S3-30: a lock with the calls of a key-value store. */
import { expect, test } from 'vitest'
import { failure, openWorld, PATH, SCHEMES } from './worlds.ts'

test.for(SCHEMES)('S3-30: a locker is the mutex of its name, %s', async (scheme) => {
  await using world = await openWorld(scheme)
  const one = world.storage.locker('door')
  const two = world.another().storage(PATH).locker('door')
  const lock = await one.lock()
  expect(await two.tryLock()).toBeNull()
  await using session = await world.client.openSession(PATH)
  expect(await session.mutex('door').tryLock()).toBeNull()
  const waiting = two.lock()
  await one.unlock()
  const next = await waiting
  expect(next.token).toBeGreaterThan(lock.token)
  await two.unlock()
  await two.unlock()
  const again = await one.tryLock()
  expect(again?.token).toBeGreaterThan(next.token)
  await one.unlock()
})

test.for(SCHEMES)('S3-30: a wait for a locker may be given up, %s', async (scheme) => {
  await using world = await openWorld(scheme)
  const one = world.storage.locker('door')
  const two = world.another().storage(PATH).locker('door')
  await one.lock()
  const controller = new AbortController()
  const reason = new Error('enough')
  const waiting = failure(two.lock(controller.signal))
  controller.abort(reason)
  expect(await waiting).toBe(reason)
  await one.unlock()
  const lock = await one.lock()
  expect(lock.signal.aborted).toBe(false)
  await one.unlock()
})
