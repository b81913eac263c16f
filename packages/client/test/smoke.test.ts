import { connect } from '../../tenure/src/connect.ts'
import { test, expect } from 'vitest'
test('smoke', async () => {
  await using client = connect('memory:')
  await using s = await client.openSession('/local/a', { createNode: true })
  await using s2 = await client.openSession('/local/a')
  const sem = s.semaphore('x', { limit: 2 })
  const lease = await sem.acquire({ data: 'hello' })
  console.log(lease.token, s.id, s.state, await sem.describe({ owners: true }))
  const m = s2.mutex('m'); 
  const l = await m.lock()
  const t = s.mutex('m').lock()
  await l.release()
  await using l2 = await t
  console.log(l2.token)
  const t0 = performance.now()
  const n = 20000
  let done = 0
  await Promise.all(Array.from({ length: 256 }, async (_, i) => { while (done++ < n) { const l = await s.semaphore('k' + i).acquire({ ephemeral: true }); await l.release() } }))
  console.log('pairs/s', n / (performance.now() - t0) * 1000)
})
