import type { Put } from '@tenure/kernel'
import { expect, test } from 'vitest'
import { lacks } from '../../../../../test/needs.ts'
import type { Partition } from '../../../src/engine.ts'
import { FullError } from '../../../src/errors.ts'
import { openEtcdEngine } from '../../../src/etcd/index.ts'
import { EtcdCluster, hasEtcd } from '../../etcd/cluster.ts'

const QUOTA_BYTES = 24 * 1024 * 1024
const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text))
const OWNER = { id: 'owner', address: '' }

// guards: D4, L4
test('a full etcd refuses whole commits, goes on reading, and takes commits again when there is room', async (context) => {
  if (!hasEtcd()) lacks(context, 'etcd')
  await using cluster = await EtcdCluster.start({
    flags: ['--quota-backend-bytes', String(QUOTA_BYTES)],
  })
  const engine = await openEtcdEngine({ endpoints: cluster.endpoints })
  const partition = await engine.claim('p', OWNER)
  const value = new Uint8Array(1024 * 1024).fill(7)
  let rounds = 0
  await expect(
    (async () => {
      for (;;) {
        await partition.commit([
          { kind: 'put', key: bytes('round'), value: bytes(`${rounds}`) },
          { kind: 'put', key: bytes('big'), value },
        ])
        rounds += 1
      }
    })(),
  ).rejects.toThrow(FullError)
  expect(await text(partition, 'round')).toBe(String(rounds - 1))
  await expect(partition.commit([{ kind: 'delete', key: bytes('big') }])).rejects.toThrow(FullError)
  await partition.confirm()
  free(cluster)
  await partition.commit([{ kind: 'put', key: bytes('round'), value: bytes('after') }])
  expect(await text(partition, 'round')).toBe('after')
  await engine.close()
})

test('a large commit that is declared when the room ends is finished when there is room', async (context) => {
  if (!hasEtcd()) lacks(context, 'etcd')
  await using cluster = await EtcdCluster.start({
    flags: ['--quota-backend-bytes', String(QUOTA_BYTES)],
  })
  const engine = await openEtcdEngine({ endpoints: cluster.endpoints })
  // Each is written twice, into the journal and to its place, so at some size the room ends between the two.
  let [partition, declared, seen] = [await engine.claim('p', OWNER), '0', '']
  for (let round = 1; seen !== 'full'; round += 1) {
    const outcome = await full(partition.commit(large(round)))
    if (outcome !== 'full') declared = String(round)
    seen = await full(text(partition, 'round'))
    expect([declared, 'full']).toContain(seen)
    if (outcome !== 'full' || seen === 'full') continue
    // The room has ended before that: once more.
    free(cluster)
    partition = await engine.claim('p', OWNER)
  }
  await expect(partition.commit([])).rejects.toThrow(FullError)
  expect(Buffer.from((await engine.peek('p', bytes('round'))) ?? []).toString()).toBe(declared)
  free(cluster)
  expect(await text(partition, 'round')).toBe(declared)
  await partition.commit([{ kind: 'put', key: bytes('round'), value: bytes('next') }])
  expect(await text(partition, 'round')).toBe('next')
  expect(cluster.ctl(['get', '--prefix', '--keys-only', '/tenure/journal/']).trim()).toBe('')
  await engine.close()
})

/** So much that it does not fit into one request, by another count of rows each round. */
function large(round: number): Put[] {
  const value = new Uint8Array(600_000).fill(round)
  const rows = Array.from({ length: 3 + (round % 4) }, (_, row) => put(`big${row}`, value))
  return [put('round', bytes(String(round))), ...rows]
}

const put = (key: string, value: Uint8Array): Put => ({ kind: 'put', key: bytes(key), value })

/** What it gives, or `full`. */
async function full<Value>(given: Promise<Value>): Promise<Value | 'full'> {
  try {
    return await given
  } catch (error) {
    if (error instanceof FullError) return 'full'
    throw error
  }
}

function free(cluster: EtcdCluster): void {
  cluster.ctl(['compact', cluster.revision()])
  cluster.ctl(['defrag'])
  cluster.ctl(['alarm', 'disarm'])
}

async function text(partition: Partition, key: string): Promise<string> {
  return Buffer.from((await partition.get(bytes(key))) ?? []).toString()
}
