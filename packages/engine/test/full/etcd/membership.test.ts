import { expect, test } from 'vitest'
import { lacks } from '../../../../../test/needs.ts'
import type { OwnerInfo } from '../../../src/engine.ts'
import { openEtcdEngine } from '../../../src/etcd/index.ts'
import { EtcdCluster, hasEtcd } from '../../etcd/cluster.ts'

const FIRST = { id: 'first', address: '127.0.0.1:1' }
const SECOND = { id: 'second', address: '127.0.0.1:2' }
const THIRD = { id: 'third', address: '127.0.0.1:3' }

/** The ids that are seen, once they are these. */
async function until(
  seen: AsyncIterator<readonly OwnerInfo[]>,
  wanted: readonly string[],
): Promise<readonly string[]> {
  for (;;) {
    const { value, done } = await seen.next()
    if (done === true) throw new Error('the watch ended')
    const ids = value.map(({ id }) => id)
    if (ids.join() === wanted.join()) return ids
  }
}

test('a server whose lease is lost is announced anew, and a watch goes on after whatever ends it', async (context) => {
  if (!hasEtcd()) lacks(context, 'etcd')
  await using cluster = await EtcdCluster.start({ members: 3 })
  const engine = await openEtcdEngine({ endpoints: cluster.endpoints })
  const other = await openEtcdEngine({ endpoints: cluster.endpoints.toReversed() })
  const first = await engine.members!.join(FIRST, 2_000)
  const over = new AbortController()
  const seen = other.members!.watch(over.signal)[Symbol.asyncIterator]()
  expect(await until(seen, ['first'])).toEqual(['first'])

  const [lease = ''] = /^[0-9a-f]{10,}$/m.exec(cluster.ctl(['lease', 'list'])) ?? []
  cluster.ctl(['lease', 'revoke', lease])
  expect(await until(seen, [])).toEqual([])
  expect(await until(seen, ['first'])).toEqual(['first'])

  // The member that is watched stands still: it is noticed, and the next one is watched.
  cluster.members[2]!.pause()
  const second = await engine.members!.join(SECOND, 2_000)
  expect(await until(seen, ['first', 'second'])).toEqual(['first', 'second'])
  cluster.members[2]!.resume()

  for (const member of cluster.members) {
    await member.kill()
    await member.start()
    await cluster.ready()
  }
  cluster.ctl(['compact', cluster.revision()])
  const third = await engine.members!.join(THIRD, 2_000)
  expect(await until(seen, ['first', 'second', 'third'])).toEqual(['first', 'second', 'third'])
  for (const each of [third, second, first]) await each.leave()
  expect(await until(seen, [])).toEqual([])
  over.abort()
  await engine.close()
  await other.close()
})

test('all members of etcd are away for longer than a lease, and who is there is seen again', async (context) => {
  if (!hasEtcd()) lacks(context, 'etcd')
  await using cluster = await EtcdCluster.start()
  const engine = await openEtcdEngine({ endpoints: cluster.endpoints, timeoutMs: 1_000 })
  const announced = await engine.members!.join(FIRST, 2_000)
  await cluster.members[0]!.stop()
  const meanwhile = await engine.members!.join(SECOND, 2_000)
  await cluster.members[0]!.start()
  const over = new AbortController()
  const seen = engine.members!.watch(over.signal)[Symbol.asyncIterator]()
  expect(await until(seen, ['first', 'second'])).toEqual(['first', 'second'])
  over.abort()
  await meanwhile.leave()
  await announced.leave()
  await engine.close()
})
