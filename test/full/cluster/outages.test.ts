/**
 * How long nodes are away when their server is drained, when one comes, and when one is killed: three servers as processes of their own on an etcd of three
 * members, and in each node a session that asks without a pause.
 *
 * `TENURE_TEST_SCALE=5` makes it fifty kills.
 *
 * guards: S7, X6
 */
import { connect } from 'tenure'
import { expect, test, vi } from 'vitest'
import { EtcdCluster, hasEtcd } from '../../../packages/engine/test/etcd/cluster.ts'
import { trio } from '../../cluster/trio.ts'
import { lacks } from '../../needs.ts'
import type { ServerProcess } from '../../program.ts'
import { scaled } from '../../scale.ts'
import { Beats, spread } from './beats.ts'

const TIMEOUT = { timeout: 24 * 60 * 60 * 1000 }
const PATHS = Array.from({ length: 30 }, (_, index) => `/local/node-${index}`)
const KILLS = 10
const DRAINS = 6
/** What a session may be unusable for after the others have noticed a death. */
const TAKEOVER_MS = 3_000

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}

/** Resolves when each session was answered so many times from now on. */
async function answered(beats: Beats, times: number): Promise<void> {
  const wanted = beats.counts.map((count) => count + times)
  await vi.waitFor(
    () => expect(beats.counts.filter((count, at) => count < (wanted[at] ?? 0))).toEqual([]),
    { timeout: 60_000, interval: 10 },
  )
}

/** How many of the sessions are on the server. */
async function sessionsOf(server: ServerProcess | undefined): Promise<number> {
  return (await server?.metrics())?.get('tenure_sessions_attached') ?? 0
}

/** Of the nodes that have moved, of so many: those that were away the longest. */
function longest(pausesMs: readonly number[], count: number): number[] {
  return pausesMs.toSorted((one, other) => other - one).slice(0, count)
}

/** Resolves when each of these sees so many servers. */
async function seen(servers: readonly ServerProcess[], count: number): Promise<void> {
  await vi.waitFor(
    async () => {
      for (const server of servers) {
        expect((await server.metrics()).get('tenure_cluster_servers')).toBe(count)
      }
    },
    { timeout: 30_000, interval: 10 },
  )
}

test('no session is lost when servers are drained and come back', TIMEOUT, async (context) => {
  if (!hasEtcd()) lacks(context, 'etcd')
  await using etcd = await EtcdCluster.start({ members: 3 })
  await using servers = await trio(`etcd://${etcd.endpoints.join(',')}/drains`)
  await using client = connect(servers.addressFrom(0))
  await using beats = await Beats.of(client, PATHS)
  const [drains, joins]: [number[], number[]] = [[], []]
  const quietMs = performance.now()
  await answered(beats, 30)
  const quiet = beats.pausesMs(quietMs)
  for (let drain = 0; drain < scaled(DRAINS); drain += 1) {
    const server = servers.servers[drain % servers.servers.length]
    await beats.answered()
    const had = await sessionsOf(server)
    const drainedMs = performance.now()
    await server?.end('SIGTERM')
    await answered(beats, 2)
    drains.push(...longest(beats.pausesMs(drainedMs), had))
    const startedMs = performance.now()
    await server?.start()
    await seen(servers.servers, servers.servers.length)
    await answered(beats, 2)
    joins.push(...longest(beats.pausesMs(startedMs), await sessionsOf(server)))
  }
  say(`longest time between two answers while nothing happens: ${spread(quiet)}`)
  say(`pause of a node when a server is drained: ${spread(drains)}`)
  say(`pause of a node when a server comes: ${spread(joins)}`)
  expect(beats.lost).toBe(0)
})

test(
  'sessions are usable again within three seconds after a death was noticed',
  TIMEOUT,
  async (context) => {
    if (!hasEtcd()) lacks(context, 'etcd')
    await using etcd = await EtcdCluster.start({ members: 3 })
    await using servers = await trio(`etcd://${etcd.endpoints.join(',')}/kills`)
    await using client = connect(servers.addressFrom(0))
    await using beats = await Beats.of(client, PATHS)
    const [notices, takeovers, outages]: [number[], number[], number[]] = [[], [], []]
    for (let kill = 0; kill < scaled(KILLS); kill += 1) {
      const victim = servers.servers[kill % servers.servers.length]
      const living = servers.servers.filter((server) => server !== victim)
      const killedMs = performance.now()
      await victim?.end('SIGKILL')
      await seen(living, living.length)
      const noticedMs = performance.now()
      await beats.answered(noticedMs)
      takeovers.push(performance.now() - noticedMs)
      notices.push(noticedMs - killedMs)
      outages.push(Math.max(...beats.pausesMs(killedMs)))
      await victim?.start()
      await seen(servers.servers, servers.servers.length)
      await beats.answered()
    }
    say(`from a kill until the others have noticed: ${spread(notices)}`)
    say(`from then until every session is answered: ${spread(takeovers)}`)
    say(`longest pause of any session per kill: ${spread(outages)}`)
    expect(beats.lost).toBe(0)
    expect(Math.max(...takeovers)).toBeLessThanOrEqual(TAKEOVER_MS)
  },
)
