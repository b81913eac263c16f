/**
 * A node that goes on from a cut, while the old one goes on too: whatever both give out afterwards is told apart.
 *
 * guards: D7, X2, S6, K1, J3, J6
 */
import { expect, test } from 'vitest'
import {
  epochsAbove,
  INCARNATIONS_MAX,
  InvariantError,
  KEY_RANGE_ALL,
  Kernel,
  nextEpochsAbove,
  nextIncarnationOf,
} from '@tenure/kernel'
import type { Entry, Event } from '@tenure/kernel'
import { append, handle, LogNode, open, store, take, theme } from './log/log-node.ts'
import { SortedStore } from './log/sorted-store.ts'
import { CONFIG, NOTHING } from './node.ts'

const SPAN = 2n ** 42n

/** The node as it would be elsewhere, from its rows as they are now. */
function nextOf(old: LogNode): LogNode {
  const next = new LogNode(old.limits)
  next.store = new SortedStore()
  for (const [key, value] of entriesOf(old).map(nextIncarnationOf)) {
    next.store.apply([{ kind: 'put', key, value }])
  }
  next.nowMs = old.nowMs
  next.wallMs = old.wallMs
  // Restarting adds one, as a claim does.
  next.term = nextEpochsAbove(old.term)
  next.restart()
  next.settle()
  return next
}

function entriesOf(node: LogNode): Entry[] {
  return node.store.scan(KEY_RANGE_ALL.start, KEY_RANGE_ALL.end)
}

/** Owners, a waiter, a record with a lease; tasks that are active, stored and dead. */
function busyNode(): LogNode {
  const node = new LogNode()
  node.ask(theme(7))
  node.ask(theme(9, { repeatsMax: 0 }))
  node.ask(open(7, 'active'))
  node.ask(open(7, 'stored'))
  node.ask(store('1.2'))
  node.ask(open(9, 'dead'))
  node.ask(store('1.4'))
  issued(node)
  return node
}

/** What a node gives out: a session, the tokens of an owner and of a waiter, the versions of a record, its lease and a task. */
interface Issued {
  readonly session: bigint
  readonly tokens: readonly bigint[]
  readonly commits: readonly bigint[]
}

let locks = 0

function issued(node: LogNode): Issued {
  const events: Event[] = []
  node.seen = (step) => events.push(...step.events)
  node.attach()
  node.attach()
  const [first, second] = events.flatMap((event) => (event.kind === 'attached' ? [event] : []))
  if (first === undefined || second === undefined) throw new Error('nobody is attached')
  locks += 1
  const name = `lock ${locks}`
  const { stream: one, session: owner } = first
  const asks = { stream: one, session: owner, requestId: 0n }
  node.apply({ kind: 'create-semaphore', ...asks, name, limit: 1n, data: NOTHING })
  for (const { stream, session } of [first, second]) {
    const asked = { stream, session, requestId: 0n }
    const terms = { name, count: 1n, timeoutMs: 60_000n, data: NOTHING, ephemeral: false }
    node.apply({ kind: 'acquire', ...asked, ...terms })
  }
  node.apply({ kind: 'grant-lease', ...asks, ttlMs: 60_000n, keepAlive: true })
  node.apply({ kind: 'put-record', ...asks, key: KEY, value: KEY, lease: null })
  node.put(open(7), owner)
  node.settle()
  node.seen = null
  return {
    session: second.session,
    tokens: events.flatMap((event) =>
      event.kind === 'acquired' || event.kind === 'pending' ? [event.orderId] : [],
    ),
    commits: events.flatMap((event) => commitOf(event) ?? []),
  }
}

function commitOf(event: Event): bigint | null {
  if (event.kind === 'lease-granted') return event.lease
  if (event.kind === 'record-written') return event.version
  return event.kind === 'task-opened' ? event.task.index : null
}

const KEY = Buffer.from('key')

function areAbove(later: Issued, earlier: Issued): boolean {
  return (
    later.session > earlier.session &&
    allAbove(later.tokens, earlier.tokens) &&
    allAbove(later.commits, earlier.commits)
  )
}

function allAbove(numbers: readonly bigint[], others: readonly bigint[]): boolean {
  return numbers.every((number) => others.every((other) => number > other))
}

test('what a node gives out is above all that the old one has given out before the cut and after', () => {
  const old = busyNode()
  const before = issued(old)
  const next = nextOf(old)
  const others = Array.from({ length: 300 }, () => issued(old))
  const after = issued(next)
  expect([before, ...others].filter((other) => !areAbove(after, other))).toEqual([])
  expect([after.tokens.length, after.commits.length]).toEqual([2, 3])
})

test('what was there at the cut is there: sessions, owners and waiters, records, leases, tasks', () => {
  const old = busyNode()
  const next = nextOf(old)
  const { sessions, owners, waiters, records, recordLeases } = old.kernel.statistics()
  expect(next.kernel.statistics()).toMatchObject({
    sessions,
    owners,
    waiters,
    records,
    recordLeases,
  })
  expect([owners, waiters, recordLeases]).toEqual([1, 1, 1])
  // Who drove the active one has gone.
  expect(next.kernel.statistics()).toMatchObject({ activeTasks: 0, storedTasks: 3, deadTasks: 1 })
  expect(old.kernel.statistics()).toMatchObject({ activeTasks: 2, storedTasks: 1, deadTasks: 1 })
})

test('the hand-outs of a task are told apart from those of the old node, and its records are whole', () => {
  const old = busyNode()
  const next = nextOf(old)
  old.ask(append('1.1', 'lost'))
  const [fromOld, fromNext] = [old, next].map((node) => {
    node.attach(2n, node === next ? 2 : undefined)
    node.ask(handle(7), 2n)
    return node.wait(60)
  })
  expect(fromOld).toContain('to 2: 1.2#1 r1 [stored]')
  expect(fromNext).toContain('to 2: 1.2#1048577 r1 [stored]')
  expect(fromNext).toContain('to 2: 1.1#1048577 r1 [active]')
  expect(next.ask(take('1.4'), 2n)).toEqual(['to 2: 1.4#1048577 r1 [dead]'])
})

/** A node that has just been made, in a partition with this epoch. */
function nodeAt(epoch: bigint): LogNode {
  const node = new LogNode({}, 0)
  node.store = new SortedStore()
  node.term = epoch
  node.restart()
  node.apply({ kind: 'create-node', stream: 1, requestId: 0n, config: CONFIG })
  node.settle()
  node.ask(theme(7))
  return node
}

test('a node that is made anew begins above what the old incarnation can have given to one of that name', () => {
  const first = issued(nodeAt(1n))
  expect(first).toEqual({ session: 2n, tokens: [1n, 2n], commits: [1n, 2n, 3n] })
  expect(areAbove(issued(nodeAt(epochsAbove(1n))), first)).toBe(true)
  expect(issued(nodeAt(epochsAbove(3n) + 17n)).session).toBe(3n * SPAN + 2n)
})

test('a new node without counters stays where its incarnation begins when that is moved', () => {
  const node = new LogNode({}, 0)
  const next = nextOf(node)
  expect(entriesOf(next).map(([key]) => key[0])).toEqual([0x02])
  next.ask(theme(7))
  expect(issued(next).tokens[0]).toBe(SPAN + 1n)
})

test('a store can be moved as often as there are incarnations, and no number passes 2^53', () => {
  let entries = entriesOf(busyNode())
  let epoch = 1n
  for (let incarnation = 1n; incarnation <= INCARNATIONS_MAX; incarnation += 1n) {
    entries = entries.map(nextIncarnationOf)
    epoch = nextEpochsAbove(epoch)
  }
  const kernel = new Kernel()
  for (const entry of entries) if ((entry[0][0] ?? 0) < 0x53) kernel.load(entry)
  kernel.start(0, epoch)
  expect(kernel.commitNumber).toBeGreaterThan(INCARNATIONS_MAX * SPAN)
  expect(kernel.commitNumber).toBeLessThan(2n ** 53n)
  expect(epoch).toBeLessThan(2n ** 53n)
  expect(() => entries.map(nextIncarnationOf)).toThrow(InvariantError)
})
