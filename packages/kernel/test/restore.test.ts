import { expect, test } from 'vitest'
import { InvariantError, KEY_RANGE_ALL, Kernel, NODE_KEY, decodeNodeConfig } from '@tenure/kernel'
import type { Entry } from '@tenure/kernel'
import { CONFIG, TestNode } from './node.ts'

const COUNTERS = 0x01
const SESSION = 0x10
const SEMAPHORE = 0x20
const HOLDER = 0x21

/** A node with two sessions; `jobs` (limit 3) has an owner of 2 and a waiter of 2; `lock` is ephemeral. */
function rows(): Entry[] {
  const node = new TestNode()
  node.attach()
  node.attach()
  node.create('jobs', 3n)
  node.acquire(1n, 'jobs', { count: 2n })
  node.acquire(2n, 'jobs', { count: 2n, timeoutMs: 50n })
  node.acquire(1n, 'lock', { ephemeral: true })
  return node.store.entries()
}

/** Which invariant a kernel misses in these rows; null when it is content. */
function broken(entries: readonly Entry[]): string | null {
  const kernel = new Kernel()
  try {
    for (const entry of entries) kernel.load(entry)
    kernel.start(0)
    return null
  } catch (error) {
    if (error instanceof InvariantError) return error.id
    throw error
  }
}

/** The rows with one byte of the `index`-th row of a kind replaced. */
function changed(tag: number, change: { row?: number; at: number; to: number }): Entry[] {
  const entries = rows()
  const entry = entries.filter(([key]) => key[0] === tag)[change.row ?? 0]
  if (entry === undefined) throw new Error(`no such row: ${tag}`)
  expect(entry[1][change.at]).toBeTypeOf('number')
  entry[1][change.at] = change.to
  return entries
}

function without(tag: number, row = 0): Entry[] {
  const entries = rows()
  const gone = entries.filter(([key]) => key[0] === tag)[row]
  return entries.filter((entry) => entry !== gone)
}

test('what a kernel wrote it takes back', () => {
  expect(broken(rows())).toBe(null)
  expect(broken([])).toBe(null)
  expect(rows().map(([key]) => key[0])).toEqual([1, 2, 16, 16, 32, 33, 33, 33])
})

test('I-2: owners above the limit are refused', () => {
  expect(broken(changed(HOLDER, { at: 9, to: 4 }))).toBe('I-2')
  expect(broken(changed(SEMAPHORE, { at: 9, to: 1 }))).toBe('I-2')
})

test('I-3: an owner behind a waiter is refused', () => {
  const node = new TestNode()
  for (let session = 0; session < 3; session++) node.attach()
  node.create('jobs', 3n)
  node.acquire(1n, 'jobs', { count: 2n })
  node.acquire(2n, 'jobs', { count: 2n })
  node.acquire(3n, 'jobs', { count: 1n })
  const entries = node.store.entries()
  expect(broken(entries)).toBe(null)
  for (const [key, value] of entries) if (key[0] === HOLDER && key.at(-1) === 3) value[1] = 1
  expect(broken(entries)).toBe('I-3')
})

test('a waiter whose units were freed by half a commit owns them after loading', () => {
  const entries = without(HOLDER, 0)
  const kernel = new Kernel()
  for (const entry of entries) kernel.load(entry)
  kernel.start(0)
  expect(kernel.statistics()).toMatchObject({ owners: 2, waiters: 0 })
  expect(kernel.nextDeadlineMs()).toBe(20_000)
})

test('I-4: ids that come twice, or that the counters have yet to give, are refused', () => {
  expect(broken(changed(HOLDER, { row: 1, at: 17, to: 1 }))).toBe('I-4')
  expect(broken(changed(HOLDER, { row: 2, at: 17, to: 0 }))).toBe('I-8')
  expect(broken(changed(COUNTERS, { at: 8, to: 2 }))).toBe('I-4')
  expect(broken(changed(COUNTERS, { at: 16, to: 3 }))).toBe('I-4')
  expect(broken(without(COUNTERS))).toBe('I-4')
})

test('I-5: an owner without a session is refused', () => {
  expect(broken(without(SESSION))).toBe('I-5')
  expect(broken(without(SESSION, 1))).toBe('I-5')
})

test('I-6: an owner of no semaphore or of the wrong kind, and an ephemeral semaphore of nobody, are refused', () => {
  expect(broken(without(SEMAPHORE))).toBe('I-6')
  expect(broken(changed(HOLDER, { row: 0, at: 1, to: 3 }))).toBe('I-6')
  const lonely = rows()
  lonely.splice(5, 0, [
    new Uint8Array([SEMAPHORE, 0x7f]),
    new Uint8Array([1, 1, ...Array(8).fill(255), 7]),
  ])
  expect(broken(lonely)).toBe('I-6')
})

test('I-8: a row of another version, length or content is refused', () => {
  for (const tag of [COUNTERS, 0x02, SESSION, SEMAPHORE, HOLDER]) {
    expect(broken(changed(tag, { at: 0, to: 2 })), `version of ${tag}`).toBe('I-8')
    const cut = rows().map(([key, value]): Entry => [
      key,
      key[0] === tag ? value.slice(0, 2) : value,
    ])
    expect(broken(cut), `length of ${tag}`).toBe('I-8')
    const empty = rows().map(([key, value]): Entry => [
      key,
      key[0] === tag ? value.slice(0, 0) : value,
    ])
    expect(broken(empty), `emptiness of ${tag}`).toBe('I-8')
  }
  expect(broken(changed(0x02, { at: 11, to: 3 }))).toBe('I-8')
  expect(broken(changed(SEMAPHORE, { at: 1, to: 2 }))).toBe('I-8')
  expect(broken(changed(SEMAPHORE, { at: 9, to: 0 }))).toBe('I-8')
  expect(broken(changed(HOLDER, { at: 1, to: 4 }))).toBe('I-8')
  expect(broken(changed(HOLDER, { at: 9, to: 0 }))).toBe('I-8')
  expect(broken(changed(SESSION, { at: 6, to: 0xff }))).toBe('I-8')
  const long = rows().map(([key, value]): Entry => [
    key,
    key[0] === 2 ? new Uint8Array([...value, 0]) : value,
  ])
  expect(broken(long)).toBe('I-8')
})

test('I-8: a key that is none of ours is refused', () => {
  const strange = [
    [COUNTERS, 0],
    [0x02, 0],
    [0x03],
    [SESSION, 1],
    [SEMAPHORE, 0xff],
    [HOLDER, 0, 1],
    [HOLDER, 0, 9, ...Array<number>(16).fill(0)],
    [HOLDER, 0, 1, 0xff, ...Array<number>(8).fill(0)],
    [0x12, 1],
    [0x30],
    [0x40, 1],
    [0x50],
    [],
  ]
  for (const bytes of strange) {
    const key = new Uint8Array(bytes)
    const entries = [...rows(), [key, rows()[0]?.[1] ?? key] as Entry]
    entries.sort(([left], [right]) => Buffer.compare(left, right))
    expect(broken(entries), `key ${bytes.join(' ')}`).toSatisfy(
      (id) => id === 'I-8' || id === 'I-9',
    )
  }
})

test('I-9: rows without a node are refused', () => {
  expect(broken(without(0x02))).toBe('I-9')
})

test('I-12: rows out of order, or twice, are refused', () => {
  const [first, second, third, fourth, ...others] = rows()
  const swapped = [first, second, fourth, third, ...others].filter((entry) => entry !== undefined)
  expect(broken(swapped)).toBe('I-12')
  expect(broken(rows().flatMap((entry) => [entry, entry]))).toBe('I-12')
})

test('a host can see whether a partition holds a node, and with which settings, without loading it', () => {
  const node = new TestNode()
  const config = { ...CONFIG, selfCheckPeriodMs: 0xffff_ffff, readConsistency: 'relaxed' } as const
  node.keep(node.kernel.apply({ kind: 'alter-node', stream: 1, requestId: 1n, config }, 0))
  const row = node.store.entries().find(([key]) => Buffer.compare(key, NODE_KEY) === 0)
  expect(row && decodeNodeConfig(row[1])).toEqual(config)
  node.keep(node.kernel.apply({ kind: 'drop-node', stream: 1, requestId: 1n }, 0))
  expect(node.store.entries().some(([key]) => Buffer.compare(key, NODE_KEY) === 0)).toBe(false)
})

test('every row lies in the range of all rows', () => {
  for (const [key] of rows()) {
    expect(Buffer.compare(KEY_RANGE_ALL.start, key)).toBeLessThanOrEqual(0)
    expect(Buffer.compare(key, KEY_RANGE_ALL.end)).toBeLessThan(0)
  }
})
