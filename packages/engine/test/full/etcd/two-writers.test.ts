import { expect, test } from 'vitest'
import { lacks } from '../../../../../test/needs.ts'
import { openEtcdEngine } from '../../../src/etcd/index.ts'
import { EtcdCluster, hasEtcd } from '../../etcd/cluster.ts'
import { Board, judge, Writer } from './history.ts'

// guards: X6, D1, L4
test('two writers that take a partition from each other write one history', async (context) => {
  if (!hasEtcd()) lacks(context, 'etcd')
  await using cluster = await EtcdCluster.start({ members: 3 })
  const board = new Board()
  const engines = await Promise.all(
    [cluster.endpoints, cluster.endpoints.toReversed()].map((endpoints) =>
      openEtcdEngine({ endpoints }),
    ),
  )
  const writers = engines.map((engine, at) => new Writer(engine, { id: `writer ${at}`, board }))
  writers[0]?.start()
  for (let turn = 1; turn < 20; turn += 1) {
    await writers[(turn + 1) % 2]?.progress(12)
    await writers[(turn + 1) % 2]?.yieldTo(() => writers[turn % 2]?.start())
  }
  for (const writer of writers) await writer.stop()
  const [engine] = engines
  const partition = await engine!.claim('p', { id: 'judge', address: '' })
  const { last, problems } = await judge(partition, board)
  expect(problems).toEqual([])
  expect(last).toBeGreaterThan(19 * 12)
  for (const each of engines) await each.close()
})
