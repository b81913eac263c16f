import { expect, test } from 'vitest'
import { lacks } from '../../../../../test/needs.ts'
import { EngineError } from '../../../src/errors.ts'
import { openEtcdEngine } from '../../../src/etcd/index.ts'
import { EtcdCluster, hasEtcd } from '../../etcd/cluster.ts'

const ROWS = 5_000
const EVERYTHING = { start: new Uint8Array(), end: new Uint8Array(1901).fill(255) }
const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text))
const put = (row: number) => ({ kind: 'put', key: key(row), value: bytes('x') }) as const
const key = (row: number): Uint8Array => bytes(`k${10_000 + row}`)

// guards: L1
test('a scan outlives compactions, failures of members and moves of the leader', async (context) => {
  if (!hasEtcd()) lacks(context, 'etcd')
  await using cluster = await EtcdCluster.start({ members: 3 })
  const engine = await openEtcdEngine({ endpoints: cluster.endpoints })
  const partition = await engine.claim('p', { id: 'owner', address: '' })
  const value = new Uint8Array(1_000)
  await partition.commit(
    Array.from({ length: ROWS }, (_, row) => ({ kind: 'put', key: key(row), value }) as const),
  )
  let row = 0
  let killed = cluster.members[0]!
  for await (const [found] of partition.scan(EVERYTHING)) {
    expect(Buffer.compare(found, key(row))).toBe(0)
    if (row % 1_000 === 100) {
      cluster.ctl(['put', 'elsewhere', String(row)])
      cluster.ctl(['compact', cluster.revision()])
    }
    if (row === 1_500) {
      killed = cluster.leader()
      await killed.kill()
      await cluster.ready()
    }
    if (row === 3_500) await killed.start()
    row += 1
  }
  expect(row).toBe(ROWS)
  await engine.close()
})

test('a scan whose revision is compacted away under changes says so', async (context) => {
  if (!hasEtcd()) lacks(context, 'etcd')
  await using cluster = await EtcdCluster.start()
  const engine = await openEtcdEngine({ endpoints: cluster.endpoints })
  const partition = await engine.claim('p', { id: 'owner', address: '' })
  await partition.commit(Array.from({ length: ROWS }, (_, row) => put(row)))
  let rows = 0
  const scan = async (): Promise<void> => {
    for await (const _ of partition.scan(EVERYTHING)) {
      rows += 1
      if (rows > 1) continue
      await partition.commit([put(0)])
      cluster.ctl(['compact', cluster.revision()])
    }
  }
  const failure: unknown = await scan().catch((error: unknown) => error)
  expect(failure).toBeInstanceOf(EngineError)
  expect(String(failure)).toMatch(/compacted .* scan again/)
  await partition.confirm()
  await engine.close()
})
