import { afterAll, beforeAll, beforeEach, test } from 'vitest'
import { lacks } from '../../../../test/needs.ts'
import { conformance } from '../../src/conformance/index.ts'
import type { Engine } from '../../src/engine.ts'
import { openEtcdEngine } from '../../src/etcd/index.ts'
import { EtcdCluster, hasEtcd } from './cluster.ts'

let cluster: EtcdCluster | null = null
let engines = 0
const prefixes = new WeakMap<Engine, string>()

beforeAll(async () => {
  if (hasEtcd()) cluster = await EtcdCluster.start()
})
beforeEach((context) => {
  if (cluster === null) lacks(context, 'etcd')
})
afterAll(() => cluster?.[Symbol.asyncDispose]())

// guards: L4, D1, D2, X6
conformance(
  {
    name: 'etcd',
    open: () => {
      engines += 1
      return open(`/test/${engines}`)
    },
    reopen: (engine) => open(prefixes.get(engine)!),
  },
  { test },
)

async function open(prefix: string): Promise<Engine> {
  const engine = await openEtcdEngine({ endpoints: cluster!.endpoints, prefix })
  prefixes.set(engine, prefix)
  return engine
}
