/** What a user can do, over a server whose engine is an etcd of three members: the suites of clients, run anew. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { expect, test } from 'vitest'
import { lacks } from '../../../../test/needs.ts'
import { EtcdCluster, hasEtcd } from '../../../engine/test/etcd/cluster.ts'

const SUITES = [
  'packages/client/test/client.test.ts',
  'packages/client/test/lease.test.ts',
  'packages/client/test/link',
  'packages/client/test/recipes',
  'packages/client/test/semaphore.test.ts',
  'packages/tenure/test/log',
  'packages/tenure/test/records',
]

// guards: L1, X1, X2, S1, W1, K1, J1
test('all that clients can do works over etcd', async (context) => {
  if (!hasEtcd()) lacks(context, 'etcd')
  await using cluster = await EtcdCluster.start({ members: 3 })
  const flags = ['vitest', 'run', '--project', 'rooms', '--exclude', '**/many-*.test.ts']
  const suites = spawn('npx', [...flags, ...SUITES], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...process.env,
      TENURE_TEST_ENGINE: `etcd://${cluster.endpoints.join()}/test/{name}`,
    },
  })
  const said: Buffer[] = []
  for (const stream of [suites.stdout, suites.stderr]) {
    stream.on('data', (data: Buffer) => said.push(data))
  }
  const [code] = await once(suites, 'close')
  const told = code === 0 ? '' : Buffer.concat(said).toString()
  expect(told).toBe('')
})
