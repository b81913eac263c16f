/**
 * Three servers as processes of their own on one etcd: clients go to the one that has the node, also when one of them dies.
 *
 * guards: S7, X6, D2
 */
import { connect } from 'tenure'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { EtcdCluster, hasEtcd } from '../packages/engine/test/etcd/cluster.ts'
import { expectHeld, holdAll, trio } from './cluster/trio.ts'
import { lacks } from './needs.ts'
import type { ServerProcess } from './program.ts'

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

test(
  'a client talks to the servers that have its nodes and to no other, before and after one of them has died',
  TIMEOUT,
  async (context) => {
    if (etcd === null) lacks(context, 'etcd')
    await using servers = await trio(`etcd://${etcd.endpoints.join(',')}/direct`)
    const [first, ...others] = servers.servers
    if (first === undefined) throw new Error('there is no server')
    // It knows one server, and learns of the others.
    await using client = connect(first.address)
    const held = await holdAll(client)
    const before = await forwarded(first, ...others)
    const work = (): Promise<unknown> =>
      Promise.all(
        held.map(async ({ session }) => {
          const bell = session.semaphore('bell', { limit: 1n })
          for (let times = 0; times < 10; times += 1) await (await bell.acquire()).release()
        }),
      )
    await work()
    expect(await forwarded(first, ...others)).toEqual(before)
    const attached = await Promise.all(
      others.map((server) => metricOf(server, 'sessions_attached')),
    )
    expect(Math.max(...attached)).toBeGreaterThan(0)
    const victim = others[attached.indexOf(Math.max(...attached))]
    await victim?.end('SIGKILL')
    const living = [first, ...others.filter((server) => server !== victim)]
    await work()
    expect(held.filter(({ lease }) => lease.signal.aborted)).toEqual([])
    const after = await forwarded(...living)
    await work()
    expect(await forwarded(...living)).toEqual(after)
    for (const server of living) expect(await metricOf(server, 'sessions_forwarded')).toBe(0)
  },
)

/** How many commands each of these has passed on to others. */
function forwarded(...servers: ServerProcess[]): Promise<number[]> {
  return Promise.all(servers.map((server) => metricOf(server, 'commands_forwarded_total')))
}

async function metricOf(server: ServerProcess, name: string): Promise<number> {
  return (await server.metrics()).get(`tenure_${name}`) ?? NaN
}
