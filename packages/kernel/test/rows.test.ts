import { expect, test } from 'vitest'
import type { Write } from '@tenure/kernel'
import { TestNode } from './node.ts'

const KEY_BYTES_MAX = 1900

function summary(writes: readonly Write[]): string[] {
  return writes.map((write) => write.kind)
}

test('an acquire is one put, a release one delete', () => {
  const node = new TestNode()
  node.attach()
  node.create('jobs', 3n)
  expect(summary(node.acquire(1n, 'jobs').writes)).toEqual(['put'])
  expect(summary(node.acquire(1n, 'jobs').writes)).toEqual([])
  expect(summary(node.release(1n, 'jobs').writes)).toEqual(['delete'])
  expect(summary(node.release(1n, 'jobs').writes)).toEqual([])
  expect(summary(node.acquire(1n, 'lock', { ephemeral: true }).writes)).toEqual(['put'])
  expect(summary(node.release(1n, 'lock').writes)).toEqual(['delete'])
})

test('waiting is one put, being granted another, and what freed the units a delete', () => {
  const node = new TestNode()
  node.attach()
  node.attach()
  node.create('jobs', 1n)
  node.acquire(1n, 'jobs')
  expect(summary(node.acquire(2n, 'jobs').writes)).toEqual(['put'])
  expect(summary(node.release(1n, 'jobs').writes)).toEqual(['delete', 'put'])
})

test('the counters are written once per commit, and only if one has moved', () => {
  const node = new TestNode()
  expect(node.kernel.seal()).toEqual([])
  node.attach()
  const { kernel } = node
  const asked = {
    stream: 1,
    requestId: 1n,
    session: 1n,
    count: 1n,
    timeoutMs: 0n,
    data: new Uint8Array(),
  }
  for (const name of ['a', 'b', 'c'])
    kernel.apply({ kind: 'acquire', ...asked, name, ephemeral: true }, 0)
  expect(summary(kernel.seal())).toEqual(['put'])
  expect(kernel.seal()).toEqual([])
  kernel.apply({ kind: 'release', stream: 1, requestId: 1n, session: 1n, name: 'a' }, 0)
  expect(kernel.seal()).toEqual([])
})

test('a re-attach that changes nothing writes nothing', () => {
  const node = new TestNode()
  expect(summary(node.attach().writes)).toEqual(['put'])
  expect(summary(node.attach(1n).writes)).toEqual([])
  expect(summary(node.attach(1n, 5n).writes)).toEqual(['put'])
})

test('a forced delete and a drop are a few writes, however many wait', () => {
  const node = new TestNode()
  node.create('jobs', 1n)
  for (let index = 0; index < 50; index++) node.attach()
  node.create('jobs', 1n)
  for (let session = 1n; session <= 50n; session++) node.acquire(session, 'jobs')
  const asked = { stream: 1, requestId: 1n, session: 1n }
  const deletion = node.keep(
    node.kernel.apply({ kind: 'delete-semaphore', ...asked, name: 'jobs', force: true }, 0),
  )
  expect(summary(deletion.writes)).toEqual(['delete-range', 'delete'])
  for (let session = 1n; session <= 50n; session++)
    node.acquire(session, 'lock', { ephemeral: true })
  const drop = node.keep(node.kernel.apply({ kind: 'drop-node', stream: 1, requestId: 1n }, 0))
  expect(summary(drop.writes)).toEqual(['delete-range'])
  expect(node.store.entries().map(([key]) => [...key])).toEqual([[1]])
})

test('deleting a semaphore by force leaves those alone whose names begin or end alike', () => {
  const node = new TestNode()
  node.attach()
  const names = ['', '\0', 'a', 'aa', 'a\0', 'ab', 'b', 'a\u{10ffff}']
  for (const name of names) {
    node.create(name, 1n)
    node.acquire(1n, name)
  }
  const asked = { stream: 1, requestId: 1n, session: 1n }
  node.keep(node.kernel.apply({ kind: 'delete-semaphore', ...asked, name: 'a', force: true }, 0))
  node.restart()
  expect(node.kernel.statistics()).toMatchObject({ semaphores: 7, owners: 7 })
})

test('the longest key is below what engines take', () => {
  const node = new TestNode()
  node.attach()
  node.create('n'.repeat(1024), 1n)
  node.acquire(1n, 'n'.repeat(1024))
  const longest = Math.max(...node.store.entries().map(([key]) => key.length))
  expect(longest).toBe(1035)
  expect(longest).toBeLessThan(KEY_BYTES_MAX)
})

test('names and descriptions of any script come back as they were', () => {
  const texts = [
    '',
    'jobs',
    'ключ',
    '名前',
    '🔒🔑',
    'a\0b',
    '\u{10ffff}\u{7ff}\u{800}\u{ffff}\u{80}\u{7f}',
  ]
  const node = new TestNode()
  node.attach()
  for (const text of texts) {
    node.create(text, 1n)
    node.acquire(1n, `own ${text}`, { ephemeral: true })
    const about = { timeoutMs: 5n, sequenceNumber: 0n, protectionKey: new Uint8Array([1, 2]) }
    node.keep(
      node.kernel.apply(
        { kind: 'attach', stream: 9, requestId: 1n, session: 0n, description: text, ...about },
        0,
      ),
    )
  }
  const before = node.store.dump()
  node.restart()
  node.attach(1n)
  for (const text of texts) {
    expect(node.acquire(1n, text).events).toMatchObject([{ kind: 'acquired' }])
    expect(node.acquire(1n, `own ${text}`, { ephemeral: true }).events).toMatchObject([
      { kind: 'acquired' },
    ])
  }
  for (const text of texts) node.release(1n, text)
  expect(node.store.dump().filter((row) => !row.startsWith('01'))).toEqual(
    before.filter((row) => !row.startsWith('01')),
  )
})
