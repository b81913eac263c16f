/**
 * A node that goes on from a cut, while the old one goes on too: whatever both give out afterwards is told apart.
 *
 * guards: D7, X2, S6, K1, J3, J6
 */
import { expect, test } from 'vitest'
import {
  epochsAbove,
  INCARNATION_MAX,
  inIncarnation,
  InvariantError,
  KEY_RANGE_ALL,
  Kernel,
  nextEpochsAbove,
  nextIncarnation,
} from '@tenure/kernel'
import type { Entry, Event } from '@tenure/kernel'
import { append, handle, LogNode, open, store, take, theme } from './log/log-node.ts'
import { SortedStore } from './log/sorted-store.ts'
import { CONFIG, NOTHING } from './node.ts'

/** The first second of 2026. */
const BEGINNING_MS = Date.UTC(2026, 0, 1)
/** How many numbers of each kind there are to a second. */
const RATE = 2n ** 21n
/** Seconds by which an incarnation is younger at the least. */
const STEP = 2n ** 14n

/** The node as it would be elsewhere, from its rows as they are now. */
function nextOf(old: LogNode, incarnation = STEP): LogNode {
  const next = new LogNode(old.limits)
  next.store = new SortedStore()
  for (const [key, value] of entriesOf(old)) {
    const [, moved] = inIncarnation([key, value], incarnation)
    next.store.apply([{ kind: 'put', key, value: moved }])
  }
  next.nowMs = old.nowMs
  next.wallMs = old.wallMs
  // Restarting adds one, as a claim does.
  next.term = nextEpochsAbove(old.term, incarnation)
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
  expect(fromNext).toContain('to 2: 1.2#16385 r1 [stored]')
  expect(fromNext).toContain('to 2: 1.1#16385 r1 [active]')
  expect(next.ask(take('1.4'), 2n)).toEqual(['to 2: 1.4#16385 r1 [dead]'])
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
  expect(areAbove(issued(nodeAt(epochsAbove(STEP))), first)).toBe(true)
  expect(issued(nodeAt(epochsAbove(3n * STEP) + 17n)).session).toBe(3n * STEP * RATE + 2n)
})

test('a new node without counters stays where its incarnation begins when that is moved', () => {
  const node = new LogNode({}, 0)
  const next = nextOf(node, 5n * STEP)
  expect(entriesOf(next).map(([key]) => key[0])).toEqual([0x02])
  next.ask(theme(7))
  expect(issued(next).tokens[0]).toBe(5n * STEP * RATE + 1n)
})

test('of two restores of one cut the later gives out numbers above all that the earlier can have given out', () => {
  const old = busyNode()
  const first = nextOf(old, incarnationAt(0n, 40_000_000))
  const given = Array.from({ length: 100 }, () => issued(first))
  const second = nextOf(old, incarnationAt(0n, 40_000_001))
  const one = issued(second)
  expect(given.filter((other) => !areAbove(one, other))).toEqual([])
  const [early, late] = [first, second].map((node) => {
    node.attach(2n, 2)
    node.ask(handle(7), 2n)
    return node.wait(60)
  })
  expect(early).toContain('to 2: 1.2#40000001 r1 [stored]')
  expect(late).toContain('to 2: 1.2#40000002 r1 [stored]')
})

/** @param second since the beginning of 2026 */
function incarnationAt(before: bigint, second: number): bigint {
  const next = nextIncarnation(before, BEGINNING_MS + second * 1_000)
  if (next === null) throw new Error('there is no next incarnation')
  return next
}

test('an incarnation is the second of its birth, and well after the one before whatever the clock says', () => {
  expect(incarnationAt(0n, 30_000_000)).toBe(30_000_000n)
  expect(incarnationAt(30_000_000n, 30_000_010)).toBe(30_000_000n + STEP)
  expect(incarnationAt(30_000_000n, 31_000_000)).toBe(31_000_000n)
  for (const wrong of [-1_000_000_000, 0, 2 ** 31 + 1, 2 ** 40]) {
    expect(incarnationAt(30_000_000n, wrong)).toBe(30_000_000n + STEP)
  }
})

test('a store can be moved again and again, until a number would pass 2^53', () => {
  let entries = entriesOf(busyNode())
  let [epoch, incarnation] = [1n, 0n]
  const move = (): void => {
    entries = entries.map((entry) => inIncarnation(entry, incarnation))
    epoch = nextEpochsAbove(epoch, incarnation)
  }
  for (let second = 0; second <= 2 ** 31 - 2 ** 15; second += 2 ** 26) {
    incarnation = incarnationAt(incarnation, second)
    move()
  }
  const kernel = new Kernel()
  for (const entry of entries) if ((entry[0][0] ?? 0) < 0x53) kernel.load(entry)
  kernel.start(0, epoch)
  expect(kernel.commitNumber).toBeGreaterThan(2n ** 51n)
  expect(kernel.commitNumber).toBeLessThan(2n ** 52n)
  expect(epoch).toBeLessThan(2n ** 52n)
  expect(nextIncarnation(INCARNATION_MAX, BEGINNING_MS)).toBe(null)
  incarnation = 2n ** 32n
  expect(move).toThrow(InvariantError)
})
