import { credentials } from '@grpc/grpc-js'
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { lacks } from '../../../../test/needs.ts'
import { EngineError, FencedError } from '../../src/errors.ts'
import { Claims } from '../../src/etcd/claims.ts'
import { ClusterClient } from '../../src/etcd/cluster-client.ts'
import type { Fence, FencedWrite } from '../../src/etcd/fence.ts'
import { packWrites } from '../../src/etcd/journal.ts'
import { Layout, type Pending, pendingText } from '../../src/etcd/layout.ts'
import { found, put, read } from '../../src/etcd/operation.ts'
import { applyPart } from '../../src/etcd/commit-queue.ts'
import { recover } from '../../src/etcd/recovery.ts'
import { EtcdCluster, hasEtcd } from './cluster.ts'

const LAYOUT = new Layout('/fence')
const OWNER = { id: 'owner', address: '' }
const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text))

let cluster: EtcdCluster | null = null
let client: ClusterClient
let claims: Claims

beforeAll(async () => {
  if (!hasEtcd()) return
  cluster = await EtcdCluster.start()
  client = new ClusterClient({
    endpoints: cluster.endpoints,
    credentials: credentials.createInsecure(),
    login: null,
    timeoutMs: 10_000,
  })
  claims = new Claims(client, LAYOUT)
})
beforeEach((context) => {
  if (cluster === null) lacks(context, 'etcd')
})
afterAll(async () => {
  client?.close()
  await cluster?.[Symbol.asyncDispose]()
})

const claim = (name: string): Promise<Fence> => claims.claim(name, bytes(name), OWNER, 0n)

async function value(fence: Fence, key: string): Promise<string> {
  const row = fence.claim.room.row(bytes(key))
  return Buffer.from(found(await fence.read([read(row)]), 0)[0]?.value ?? []).toString()
}

// guards: L2, X6
test('a commit that arrives once more, late, does nothing', async () => {
  const fence = await claim('late')
  const key = fence.claim.room.row(bytes('a'))
  const commits = Array.from({ length: 6 }, (_, commit): FencedWrite => {
    const { epoch } = fence.claim
    const operations = [put(key, bytes(`${commit + 1}`))]
    return { mark: { epoch, commit }, next: { epoch, commit: commit + 1 }, operations }
  })
  for (const commit of commits) await fence.write(commit)
  for (const commit of commits) await expect(fence.write(commit)).rejects.toThrow(EngineError)
  expect(await value(fence, 'a')).toBe('6')
  const later = await claim('late')
  for (const commit of commits) await expect(fence.write(commit)).rejects.toThrow(FencedError)
  expect(await value(later, 'a')).toBe('6')
})

// guards: L4, L2
test('a declared commit is finished by the next claim, each of its parts once', async () => {
  const older = await claim('declared')
  const { room, epoch } = older.claim
  const parts = ['1', '2', '3'].map((text) =>
    packWrites([
      { kind: 'put', key: bytes('last'), value: bytes(text) },
      { kind: 'put', key: bytes(`part ${text}`), value: bytes(text) },
    ]),
  )
  const pending: Pending = { attempt: `${epoch}.1`, parts: 3, applied: 0 }
  const before = { epoch, commit: 0 }
  const declared = { epoch, commit: 1 }
  const journal = parts.map((part, index) => put(room.part(pending.attempt, index), part))
  await older.write({ mark: before, operations: journal })
  await older.write({
    mark: before,
    next: declared,
    operations: [put(room.pending, pendingText(pending))],
  })
  const second = await applyPart(older, declared, { from: pending, part: parts[0]! })
  expect(second?.applied).toBe(1)
  // It comes once more after the next part was applied.
  await applyPart(older, declared, { from: second!, part: parts[1]! })
  await expect(applyPart(older, declared, { from: pending, part: parts[0]! })).rejects.toThrow(
    EngineError,
  )
  expect(await value(older, 'last')).toBe('2')
  expect(Buffer.from((await claims.peek(bytes('declared'), bytes('last'))) ?? []).toString()).toBe(
    '3',
  )
  const newer = await claim('declared')
  expect(await value(newer, 'last')).toBe('3')
  expect(await value(newer, 'part 1')).toBe('1')
  await expect(applyPart(older, declared, { from: second!, part: parts[1]! })).rejects.toThrow(
    FencedError,
  )
  expect(cluster?.ctl(['get', '--prefix', '--keys-only', '/fence/journal/']).trim()).toBe('')
  expect(cluster?.ctl(['get', '--prefix', '--keys-only', '/fence/pending/']).trim()).toBe('')
})

// guards: L4
test('a journal that was not declared is removed by the next claim', async () => {
  const older = await claim('undeclared')
  const { room, epoch } = older.claim
  const part = packWrites([{ kind: 'put', key: bytes('a'), value: bytes('1') }])
  const journal = [put(room.part(`${epoch}.1`, 0), part)]
  await older.write({ mark: { epoch, commit: 0 }, operations: journal })
  const newer = await claim('undeclared')
  expect(await value(newer, 'a')).toBe('')
  const left = { declared: undefined, hasJournal: true }
  await expect(recover(older, left)).rejects.toThrow(FencedError)
  expect(cluster?.ctl(['get', '--prefix', '--keys-only', '/fence/journal/']).trim()).toBe('')
})

test('a claim that was expected takes one answer of etcd, or one more when somebody else was first', async () => {
  await claim('expected')
  const calls = vi.spyOn(client, 'call')
  try {
    await claims.expect(bytes('expected'))
    calls.mockClear()
    expect((await claim('expected')).claim.epoch).toBe(2n)
    expect(calls).toHaveBeenCalledTimes(1)
    await claims.expect(bytes('expected'))
    await new Claims(client, LAYOUT).claim('expected', bytes('expected'), OWNER, 0n)
    calls.mockClear()
    expect((await claim('expected')).claim.epoch).toBe(4n)
    expect(calls).toHaveBeenCalledTimes(2)
  } finally {
    calls.mockRestore()
  }
})

test('a claim of what was left in good order takes two answers of etcd', async () => {
  await claim('quick')
  const calls = vi.spyOn(client, 'call')
  try {
    const fence = await claim('quick')
    expect(calls).toHaveBeenCalledTimes(2)
    expect(fence.claim.epoch).toBe(2n)
  } finally {
    calls.mockRestore()
  }
})
