/**
 * Three servers as processes of their own on one etcd: each is restarted, under load.
 *
 * guards: S7, X6, D1
 */
import { connect } from 'tenure'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { EtcdCluster, hasEtcd } from '../../../packages/engine/test/etcd/cluster.ts'
import { expectHeld, holdAll, PATHS, trio } from '../../cluster/trio.ts'
import { lacks } from '../../needs.ts'

const TIMEOUT = { timeout: 300_000 }

let etcd: EtcdCluster | null = null

beforeAll(async () => {
  if (hasEtcd()) etcd = await EtcdCluster.start()
})

afterAll(() => etcd?.[Symbol.asyncDispose]())

test(
  'a restart of all servers, one after the other, loses no session and no lock',
  TIMEOUT,
  async (context) => {
    if (etcd === null) lacks(context, 'etcd')
    await using servers = await trio(`etcd://${etcd.endpoints.join(',')}/rolled`)
    await using client = connect(servers.addressFrom(0))
    await using other = connect(servers.addressFrom(1))
    const held = await holdAll(client)
    const storage = client.storage(PATHS[0] ?? '')
    let [isOver, written] = [false, 0]
    const load = (async () => {
      for (; !isOver; written += 1) await storage.put({ key: 'count', value: String(written) })
    })()
    for (const server of servers.servers) {
      expect(await server.end('SIGTERM')).toEqual({ code: 0, signal: null })
      await server.start()
      await expectHeld(held, other)
    }
    isOver = true
    await load
    await vi.waitFor(async () => {
      const record = await storage.get('count')
      expect(Buffer.from(record?.value ?? []).toString()).toBe(String(written - 1))
    })
  },
)
