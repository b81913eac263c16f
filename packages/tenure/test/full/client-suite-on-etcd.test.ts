import { expect, test } from 'vitest'
import { lacks } from '../../../../test/needs.ts'
import { EtcdCluster, hasEtcd } from '../../../engine/test/etcd/cluster.ts'
import { failuresOver } from './client-suites.ts'

// guards: L1, X1, X2, S1, W1, K1, J1
test('all that clients can do works over an etcd of three members', async (context) => {
  if (!hasEtcd()) lacks(context, 'etcd')
  await using cluster = await EtcdCluster.start({ members: 3, flags: ['--max-txn-ops', '1024'] })
  expect(
    await failuresOver(`etcd://${cluster.endpoints.join()}/test/{name}?max-txn-ops=1024`),
  ).toBe('')
})
