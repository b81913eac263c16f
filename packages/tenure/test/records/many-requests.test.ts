/**
 * More requests in one turn than a server takes at a time: they wait for their turn, and none is refused.
 *
 * guards: O2
 */
import { prefix } from 'tenure'
import { expect, test } from 'vitest'
import { openWorld } from './worlds.ts'

const REQUESTS = 17_000

test('17,000 requests of one turn are all done, over grpc://', async () => {
  await using world = await openWorld('grpc://')
  const { storage } = world
  const keys = Array.from({ length: REQUESTS }, (_, at) => `key ${at}`)
  const versions = await Promise.all(keys.map((key) => storage.put({ key, value: '' })))
  expect(new Set(versions).size).toBe(REQUESTS)
  const read = await Promise.all(keys.map(async (key) => (await storage.get(key)).version))
  expect(read).toEqual(versions)
  expect(await storage.getRange(prefix('key '))).toHaveLength(REQUESTS)
})
