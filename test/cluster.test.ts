/**
 * Three servers as processes of their own on one etcd: one of them dies.
 *
 * guards: S7, X6, D2
 */
import { connect } from 'tenure'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { EtcdCluster, hasEtcd } from '../packages/engine/test/etcd/cluster.ts'
import { expectHeld, holdAll, trio } from './cluster/trio.ts'
import { lacks } from './needs.ts'

const TIMEOUT = { timeout: 60_000 }

let etcd: EtcdCluster | null = null

beforeAll(async () => {
  if (hasEtcd()) etcd = await EtcdCluster.start()
})

afterAll(() => etcd?.[Symbol.asyncDispose]())

test(
  'the nodes of a server that was killed are taken over, with all sessions and locks',
  TIMEOUT,
  async (context) => {
    if (etcd === null) lacks(context, 'etcd')
    await using servers = await trio(`etcd://${etcd.endpoints.join(',')}/killed`)
    await using client = connect(servers.addressFrom(0))
    await using other = connect(servers.addressFrom(1))
    const held = await holdAll(client)
    const tokens = held.map(({ lease }) => lease.token)
    await servers.servers[0]?.end('SIGKILL')
    const killedMs = performance.now()
    await expectHeld(held, other)
    const passedMs = Math.round(performance.now() - killedMs)
    process.stdout.write(`${passedMs} ms from the death until everybody was answered\n`)
    await Promise.all(held.map(({ lease }) => lease.release()))
    const next = await holdAll(other)
    for (const [index, { lease }] of next.entries()) {
      expect(lease.token).toBeGreaterThan(tokens[index] ?? 0n)
    }
  },
)
