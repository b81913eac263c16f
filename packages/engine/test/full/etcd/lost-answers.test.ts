import { expect, type TestContext, test } from 'vitest'
import { lacks } from '../../../../../test/needs.ts'
import { Proxy } from '../../../../../test/proxy.ts'
import { drawOf } from '../../../../../test/seed.ts'
import { openEtcdEngine } from '../../../src/etcd/index.ts'
import { EtcdCluster, hasEtcd } from '../../etcd/cluster.ts'
import { judge, Writer } from './history.ts'

async function oneMember(context: TestContext): Promise<EtcdCluster> {
  if (!hasEtcd()) lacks(context, 'etcd')
  return EtcdCluster.start()
}

/** What is there in the end, beside what was acknowledged. */
async function outcome({ endpoints }: EtcdCluster, { board }: Writer) {
  const direct = await openEtcdEngine({ endpoints })
  const partition = await direct.claim('p', { id: 'judge', address: '' })
  const { last, problems } = await judge(partition, board)
  await direct.close()
  return { problems, missing: board.acknowledged - last }
}

const WHOLE = { problems: [], missing: 0 }

// guards: D1, L2, L4
test('connections that are cut in the middle of an answer leave no commit torn or made twice', async (context) => {
  await using cluster = await oneMember(context)
  await using proxy = await Proxy.open(cluster.members[0]!.clientPort)
  const engine = await openEtcdEngine({ endpoints: [proxy.host], timeoutMs: 5_000 })
  const writer = new Writer(engine).start()
  const random = drawOf(6)
  for (let cut = 0; cut < 60; cut += 1) {
    await writer.progress(3)
    proxy.cutAfter(1 + Math.floor(random() * 4_000))
  }
  proxy.restore()
  await writer.progress(10)
  await writer.stop()
  // All of them were found out: nobody had to claim anew.
  expect(writer.claims).toBe(1)
  expect(await outcome(cluster, writer)).toEqual(WHOLE)
  await engine.close()
})

test('a transaction that arrives late, after it was sent again elsewhere, does nothing', async (context) => {
  await using cluster = await oneMember(context)
  await using slow = await Proxy.open(cluster.members[0]!.clientPort)
  const endpoints = [slow.host, ...cluster.endpoints]
  for (let round = 0; round < 3; round += 1) {
    const engine = await openEtcdEngine({ endpoints })
    const writer = new Writer(engine).start()
    await writer.progress(9)
    slow.stall('up')
    // The attempt waits in the road until its time is over; then the writer goes the other way.
    await writer.progress(20)
    slow.restore()
    await writer.progress(9)
    await writer.stop()
    await engine.close()
    expect(await outcome(cluster, writer)).toEqual(WHOLE)
  }
})

test('answers that never come are found out by the way around', async (context) => {
  await using cluster = await oneMember(context)
  await using deaf = await Proxy.open(cluster.members[0]!.clientPort)
  const engine = await openEtcdEngine({ endpoints: [deaf.host, ...cluster.endpoints] })
  const partition = await engine.claim('p', { id: 'writer', address: '' })
  const put = { kind: 'put', key: Buffer.from('a'), value: Buffer.from('1') } as const
  await partition.commit([put])
  deaf.stall('down')
  await partition.commit([{ ...put, value: Buffer.from('2') }])
  expect(Buffer.from((await partition.get(put.key)) ?? []).toString()).toBe('2')
  // It was made once: the mark counts.
  const [number = ''] = /"number":\d+/.exec(cluster.ctl(['get', '/tenure/partition/p'])) ?? []
  const digits = Number(number.split(':')[1]).toString(16).padStart(8, '0')
  expect(cluster.ctl(['get', `/tenure/mark/${digits}`, '--print-value-only']).trim()).toBe('1 2')
  await engine.close()
})

test('a claim that comes while an answer is lost decides, and the loser learns what became of its commit', async (context) => {
  await using cluster = await oneMember(context)
  for (const way of ['up', 'down'] as const) {
    await using road = await Proxy.open(cluster.members[0]!.clientPort)
    const older = await openEtcdEngine({ endpoints: [road.host] })
    const newer = await openEtcdEngine({ endpoints: cluster.endpoints })
    const partition = await older.claim(way, { id: 'older', address: '' })
    await partition.commit([{ kind: 'put', key: Buffer.from('a'), value: Buffer.from('1') }])
    road.stall(way)
    const commit = partition.commit([
      { kind: 'put', key: Buffer.from('a'), value: Buffer.from('2') },
    ])
    const settled = commit.then(
      () => 'committed',
      (error: unknown) => (error instanceof Error ? error.name : 'unknown'),
    )
    let found = ''
    while (way === 'down' && found !== '2') {
      found = Buffer.from((await newer.peek(way, Buffer.from('a'))) ?? []).toString()
    }
    const later = await newer.claim(way, { id: 'newer', address: '' })
    await newer.claim(way, { id: 'newest', address: '' })
    road.drop()
    road.restore()
    const value = Buffer.from((await newer.peek(way, Buffer.from('a'))) ?? []).toString()
    expect([await settled, value]).toEqual(
      way === 'down' ? ['committed', '2'] : ['FencedError', '1'],
    )
    expect(later.epoch).toBe(2n)
    await older.close()
    await newer.close()
  }
})
