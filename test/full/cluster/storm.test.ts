/**
 * An independent client on YDB's raw protocol, against three built servers on etcd and on PostgreSQL: each fault meets one of the servers, what lies
 * between it and the others, or connections.
 *
 * `TENURE_TEST_SCALE=60` makes an hour of it. `TENURE_TEST_SEED` repeats the plan of a run.
 *
 * guards: L1, L2, X1, X2, X3, X4, X5, X6, S1, S2, S3, S6, S7, W1, W2, D2
 */
import { expect, test } from 'vitest'
import { EtcdCluster, hasEtcd } from '../../../packages/engine/test/etcd/cluster.ts'
import { lacks } from '../../needs.ts'
import { hasPostgres, PostgresServer } from '../../postgres-server.ts'
import { scaled } from '../../scale.ts'
import { freshSeed } from '../../seed.ts'
import { Crew } from '../storm/crew.ts'
import { type Ground, Posts } from '../storm/posts.ts'
import { storm } from '../storm/storm.ts'

const SERVERS = 3
const EPOCH_MS = 25_000
const FAIR_MS = 9_000
const EPOCHS = 2
const TIMEOUT = { timeout: 24 * 60 * 60 * 1000 }

const onEtcd = (hosts: string): string => `etcd://${hosts}/storm`

/** @returns what was wrong; empty when nothing was */
async function wrongOn(ground: Ground): Promise<string> {
  await using posts = await Posts.of(SERVERS, ground)
  await using victim = new Crew(posts.all)
  const seed = freshSeed()
  const report = (line: string): void => {
    process.stderr.write(`storm over a cluster, seed ${seed}, ${line}\n`)
  }
  const times = { epochs: scaled(EPOCHS), epochMs: EPOCH_MS, fairMs: FAIR_MS }
  const wrong = await storm({ seed, ...times, crowd: 0.5, victim, report })
  return wrong.length === 0 ? '' : [`seed ${seed}`, ...wrong].join('\n\n')
}

test(
  'no promise is broken in a storm over three servers on etcd, with partitions',
  TIMEOUT,
  async (context) => {
    if (!hasEtcd()) lacks(context, 'etcd')
    await using etcd = await EtcdCluster.start({ members: 3 })
    const members = etcd.members.map(({ clientPort }) => clientPort)
    expect(await wrongOn({ members, engine: onEtcd })).toBe('')
  },
)

test(
  'no promise is broken in a storm over three servers on PostgreSQL, with partitions',
  TIMEOUT,
  async (context) => {
    if (!hasPostgres()) lacks(context, 'postgres')
    await using server = await PostgresServer.start()
    const { user, database } = server.access
    const engine = (hosts: string): string =>
      `postgres://${user}@${hosts}/${database}?sslmode=disable`
    expect(await wrongOn({ members: [server.port], engine })).toBe('')
  },
)
