/** The rules of records, over a server in process. */
import { expect, test } from 'vitest'
import { openWorld } from '../worlds.ts'
test('thin', async () => {
  await using world = await openWorld('in process')
  const storage = world.client.storage(world.path)
  const v = await storage.create({ key: 'a', value: 'x' })
  expect((await storage.get('a')).version).toBe(v)
  const w = await storage.put({ key: 'a', value: 'y' })
  expect(w).toBeGreaterThan(v)
  expect(await storage.getRange('a', 'b')).toHaveLength(1)
  const lease = await storage.lessor.newLease(10_000, { keepAlive: true })
  await storage.create({ key: 'b', value: 'x', lease })
  await lease.release()
  await expect(storage.get('b')).rejects.toThrow('NOT_FOUND')
})
