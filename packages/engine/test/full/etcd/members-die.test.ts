import { expect, type TestContext, test } from 'vitest'
import { lacks } from '../../../../../test/needs.ts'
import type { Engine } from '../../../src/engine.ts'
import { EngineError } from '../../../src/errors.ts'
import { openEtcdEngine } from '../../../src/etcd/index.ts'
import { EtcdCluster, hasEtcd } from '../../etcd/cluster.ts'
import { judge, Writer } from './history.ts'

const PROGRESS = 40

interface Siege extends AsyncDisposable {
  readonly cluster: EtcdCluster
  readonly engine: Engine
  readonly writer: Writer
}

async function siege(context: TestContext, options: { timeoutMs?: number } = {}): Promise<Siege> {
  if (!hasEtcd()) lacks(context, 'etcd')
  const cluster = await EtcdCluster.start({ members: 3 })
  const engine = await openEtcdEngine({ endpoints: cluster.endpoints, ...options })
  return {
    cluster,
    engine,
    writer: new Writer(engine).start(),
    async [Symbol.asyncDispose]() {
      await engine.close()
      await cluster[Symbol.asyncDispose]()
    },
  }
}

/** After the end of the writer: what is not as it must be for another server. */
async function problemsOf({ cluster, writer }: Siege): Promise<readonly string[]> {
  await writer.stop()
  const other = await openEtcdEngine({ endpoints: cluster.endpoints.toReversed() })
  const partition = await other.claim('p', { id: 'judge', address: '' })
  const { problems } = await judge(partition, writer.board)
  await other.close()
  return problems
}

// guards: D1, L4
test('members die one after the other, the leader among them, and nothing acknowledged is lost', async (context) => {
  await using one = await siege(context)
  const { cluster, writer } = one
  await writer.progress(PROGRESS)
  for (let round = 0; round < 4; round += 1) {
    const victim = round % 2 === 0 ? cluster.leader() : cluster.members[round % 3]!
    await victim.kill()
    await writer.progress(PROGRESS)
    await victim.start()
    await cluster.ready()
    await writer.progress(PROGRESS)
  }
  expect(await problemsOf(one)).toEqual([])
})

test('a leader that stands still is passed over, and does no harm when it goes on', async (context) => {
  await using one = await siege(context)
  const { cluster, writer } = one
  await writer.progress(PROGRESS)
  for (let round = 0; round < 3; round += 1) {
    const leader = cluster.leader()
    leader.pause()
    await writer.progress(PROGRESS)
    leader.resume()
    await writer.progress(PROGRESS)
  }
  expect(await problemsOf(one)).toEqual([])
})

test('the leader moves while commits are made', async (context) => {
  await using one = await siege(context)
  const { cluster, writer } = one
  for (let round = 0; round < 6; round += 1) {
    await writer.progress(PROGRESS)
    const leader = cluster.leader()
    const others = cluster.members.filter((member) => member !== leader)
    cluster.ctl(['move-leader', cluster.idOf(others[round % 2]!)], [leader.endpoint])
  }
  await writer.progress(PROGRESS)
  expect(await problemsOf(one)).toEqual([])
})

test('defragmentation and compaction beside the writer cost nothing but time', async (context) => {
  await using one = await siege(context)
  const { cluster, writer } = one
  for (const member of cluster.members) {
    await writer.progress(PROGRESS)
    cluster.ctl(['compact', cluster.revision()])
    cluster.ctl(['defrag'], [member.endpoint])
  }
  await writer.progress(PROGRESS)
  expect(await problemsOf(one)).toEqual([])
})

test('without a majority a commit ends with an error, and with one it goes on', async (context) => {
  await using one = await siege(context, { timeoutMs: 3_000 })
  const { cluster, engine, writer } = one
  await writer.progress(PROGRESS)
  const victims = cluster.members.slice(1)
  await Promise.all(victims.map((member) => member.kill()))
  await expect(engine.ownerOf('p')).rejects.toThrow(EngineError)
  const claimsBefore = writer.claims
  await Promise.all(victims.map((member) => member.start()))
  await cluster.ready()
  await writer.progress(PROGRESS)
  expect(writer.claims).toBeGreaterThanOrEqual(claimsBefore)
  expect(await problemsOf(one)).toEqual([])
})
