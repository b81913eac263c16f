import { expect, test } from 'vitest'
import { lacks } from '../../../../test/needs.ts'
import { EtcdCluster, hasEtcd } from '../../../engine/test/etcd/cluster.ts'
import { failuresOver } from './client-suites.ts'

const FLAGS = ['--max-txn-ops', '1024']

// guards: L1, X1, X2, S1, S7, W1, K1, J1
test('all that clients can do works over three servers on an etcd of three members', async (context) => {
  if (!hasEtcd()) lacks(context, 'etcd')
  await using etcd = await EtcdCluster.start({ members: 3, flags: FLAGS })
  const address = `etcd://${etcd.endpoints.join()}/test/{name}?max-txn-ops=1024`
  expect(await failuresOver(address, { servers: 3 })).toBe('')
})

// guards: L1, X1, S1, S7, W1
test("YDB's official clients work over three servers, of which the first does not have their node", async (context) => {
  if (!hasEtcd()) lacks(context, 'etcd')
  await using etcd = await EtcdCluster.start({ members: 3, flags: FLAGS })
  const address = `etcd://${etcd.endpoints.join()}/test/{name}?max-txn-ops=1024`
  expect(await failuresOver(address, { servers: 3, suites: ['interop/test'] })).toBe('')
})
