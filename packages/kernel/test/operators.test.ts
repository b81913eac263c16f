/**
 * Operators: who is there, who holds what, since when; and what they take by force.
 *
 * guards: X2, S2, S6
 */
import type {
  Event,
  Limits,
  OperatorCommand,
  SemaphoreExplained,
  SessionDescription,
  SessionsListed,
} from '@tenure/kernel'
import { Kernel, MAX_U64 } from '@tenure/kernel'
import { expect, test } from 'vitest'
import { NOTHING, TestNode, kinds } from './node.ts'

const OPERATOR = { stream: 99, requestId: 77n }

type Unasked<T> = T extends unknown ? Omit<T, 'stream' | 'requestId'> : never

function nodeWith(sessions: number, limits: Partial<Limits> = {}): TestNode {
  const node = new TestNode(limits)
  for (let session = 0; session < sessions; session++) node.attach()
  return node
}

function operate(node: TestNode, command: Unasked<OperatorCommand>): readonly Event[] {
  return node.keep(node.kernel.apply({ ...command, ...OPERATOR }, node.nowMs)).events
}

function list(node: TestNode, after = 0n, limit = 0): SessionsListed {
  const [listed] = operate(node, { kind: 'list-sessions', after, limit })
  if (listed?.kind !== 'sessions-listed') throw new Error(`no list: ${listed?.kind}`)
  return listed
}

function ids({ sessions, more }: SessionsListed): (number | string)[] {
  return [...sessions.map(({ id }) => Number(id)), ...(more ? ['more'] : [])]
}

function explain(node: TestNode, name: string): SemaphoreExplained {
  const [explained] = operate(node, { kind: 'explain-semaphore', name })
  if (explained?.kind !== 'semaphore-explained') throw new Error(`nothing: ${explained?.kind}`)
  return explained
}

function isNewest(node: TestNode, name: string, token: bigint): boolean {
  const [checked] = operate(node, { kind: 'check-token', name, token })
  if (checked?.kind !== 'token-checked') throw new Error(`no answer: ${checked?.kind}`)
  return checked.isNewest
}

/** What the semaphores of a session have been for so long: `jobs owns 5`. */
function spans({ holdings }: SessionDescription): string[] {
  return holdings.map(({ name, owns, forMs, isAtLeast }) =>
    [name, owns ? 'owns' : 'waits', ...(isAtLeast ? ['at least'] : []), forMs].join(' '),
  )
}

test('a token is the newest as long as it is held and nobody was granted the name after it', () => {
  const node = nodeWith(3)
  node.create('jobs', 2n)
  expect(isNewest(node, 'jobs', 0n)).toBe(false)
  node.acquire(1n, 'jobs')
  expect(isNewest(node, 'jobs', 1n)).toBe(true)
  expect(isNewest(node, 'jobs', 2n)).toBe(false)
  node.acquire(2n, 'jobs')
  node.acquire(3n, 'jobs')
  expect([1n, 2n, 3n].map((token) => isNewest(node, 'jobs', token))).toEqual([false, true, false])
  node.release(2n, 'jobs')
  expect([1n, 2n, 3n].map((token) => isNewest(node, 'jobs', token))).toEqual([false, false, true])
  expect(isNewest(node, 'absent', 1n)).toBe(false)
})

test('sessions are listed by their ids, a page at a time', () => {
  const node = nodeWith(5, { listedSessionsMax: 3 })
  expect(ids(list(node))).toEqual([1, 2, 3, 'more'])
  expect(ids(list(node, 3n))).toEqual([4, 5])
  expect(ids(list(node, 2n))).toEqual([3, 4, 5])
  expect(ids(list(node, 5n))).toEqual([])
  expect(ids(list(node, 0n, 2))).toEqual([1, 2, 'more'])
  expect(ids(list(node, 0n, 9))).toEqual([1, 2, 3, 'more'])
  for (const limit of [-1, 0.5, Number.NaN]) {
    const refused = operate(node, { kind: 'list-sessions', after: 0n, limit })
    expect(refused).toMatchObject([{ kind: 'refused', code: 'INVALID_ARGUMENT' }])
  }
})

test('a list goes on behind a session that has ended, and after a restart', () => {
  const node = nodeWith(8)
  for (const session of [2n, 3n, 5n]) operate(node, { kind: 'end-session', session })
  expect(ids(list(node, 1n, 2))).toEqual([4, 6, 'more'])
  expect(ids(list(node, 2n, 2))).toEqual([4, 6, 'more'])
  expect(ids(list(node, 6n, 2))).toEqual([7, 8])
  for (const session of [1n, 4n, 8n]) operate(node, { kind: 'end-session', session })
  expect(ids(list(node))).toEqual([6, 7])
  node.restart()
  expect(ids(list(node, 6n))).toEqual([7])
  node.attach()
  expect(ids(list(node))).toEqual([6, 7, 9])
})

test('pages through sessions most of which have ended are read at one go', () => {
  const node = nodeWith(0)
  node.keeps = false
  for (let session = 1n; session <= 50_000n; session++) {
    node.attach()
    if (session % 100n !== 0n) operate(node, { kind: 'end-session', session })
  }
  const all: bigint[] = []
  let after = 0n
  for (let more = true; more;) {
    const page = list(node, after, 1)
    for (const { id } of page.sessions) all.push((after = id))
    more = page.more
  }
  expect(all).toEqual(Array.from({ length: 500 }, (_, at) => BigInt(at + 1) * 100n))
})

test('a session is described with its time, and with what it holds since when', () => {
  const node = nodeWith(2)
  node.create('jobs', 3n)
  node.acquire(1n, 'jobs', { count: 2n })
  node.advance(5)
  node.acquire(2n, 'jobs', { count: 2n })
  node.acquire(2n, 'other', { ephemeral: true })
  node.advance(3)
  node.detach(2n)
  node.advance(1.5)
  const { sessions } = list(node)
  expect(sessions).toEqual([
    {
      id: 1n,
      description: 'me',
      timeoutMs: 10_000n,
      isAttached: true,
      remainingMs: 10_000n,
      holdings: [{ name: 'jobs', orderId: 1n, count: 2n, owns: true, forMs: 9n, isAtLeast: false }],
      holdingsCount: 1,
      leases: 0,
    },
    {
      id: 2n,
      description: 'me',
      timeoutMs: 10_000n,
      isAttached: false,
      remainingMs: 9_999n,
      holdings: [
        { name: 'jobs', orderId: 2n, count: 2n, owns: false, forMs: 4n, isAtLeast: false },
        { name: 'other', orderId: 3n, count: 1n, owns: true, forMs: 4n, isAtLeast: false },
      ],
      holdingsCount: 2,
      leases: 0,
    },
  ])
})

test('an owner holds since its grant, and a waiter waits since it came', () => {
  const node = nodeWith(2)
  node.create('jobs', 1n)
  node.acquire(1n, 'jobs')
  node.acquire(2n, 'jobs')
  node.advance(10)
  node.acquire(1n, 'jobs')
  node.acquire(2n, 'jobs')
  expect(list(node).sessions.map(spans)).toEqual([['jobs owns 10'], ['jobs waits 10']])
  node.release(1n, 'jobs')
  node.advance(1)
  expect(list(node).sessions.map(spans)).toEqual([[], ['jobs owns 1']])
})

test('since when is not known from before the node was loaded', () => {
  const node = nodeWith(2)
  node.create('jobs', 1n)
  node.acquire(1n, 'jobs')
  node.acquire(2n, 'jobs')
  node.advance(10)
  node.restart()
  node.advance(4)
  const unsure = [['jobs owns at least 4'], ['jobs waits at least 4']]
  expect(list(node).sessions.map(spans)).toEqual(unsure)
  node.attach(1n)
  node.release(1n, 'jobs')
  node.advance(2)
  expect(list(node).sessions.map(spans)).toEqual([[], ['jobs owns 2']])
})

test('leases that a session keeps are counted', () => {
  const node = nodeWith(1)
  const asked = { stream: 1, session: 1n, requestId: 5n, ttlMs: 1000n }
  for (const keepAlive of [true, true, false]) {
    node.keep(node.kernel.apply({ kind: 'grant-lease', ...asked, keepAlive }, 0))
  }
  expect(list(node).sessions).toMatchObject([{ id: 1n, leases: 2 }])
})

test('no more holdings of a session are described than the limit says, and all are counted', () => {
  const node = nodeWith(1, { describedHoldingsMax: 2 })
  for (const name of ['c', 'a', 'b']) node.acquire(1n, name, { ephemeral: true })
  const [described] = list(node).sessions
  expect(described?.holdings.map(({ name }) => name)).toEqual(['c', 'a'])
  expect(described?.holdingsCount).toBe(3)
})

test('a session that an operator ends is told, and frees what it held for those who wait', () => {
  const node = nodeWith(2)
  node.create('jobs', 1n)
  node.acquire(1n, 'jobs')
  node.acquire(2n, 'jobs')
  expect(operate(node, { kind: 'end-session', session: 1n })).toEqual([
    { kind: 'ended', stream: 1, session: 1n, reason: 'expired' },
    { kind: 'acquired', stream: 2, requestId: 3n, orderId: 2n },
    { kind: 'done', ...OPERATOR },
  ])
  node.restart()
  expect(ids(list(node))).toEqual([2])
  expect(operate(node, { kind: 'end-session', session: 2n })).toEqual([
    { kind: 'done', ...OPERATOR },
  ])
  expect(operate(node, { kind: 'end-session', session: 2n })).toMatchObject([
    { kind: 'refused', code: 'NOT_FOUND' },
  ])
  expect(node.kernel.nextDeadlineMs()).toBe(Infinity)
})

test('a session that an operator ends hears nothing of its own leaving, and its leases run down', () => {
  const node = nodeWith(1)
  const asked = { stream: 1, session: 1n, requestId: 5n }
  const key = new Uint8Array([1])
  const record = { key, value: key, lease: 1n }
  const { kernel } = node
  node.keep(kernel.apply({ kind: 'grant-lease', ...asked, ttlMs: 1000n, keepAlive: true }, 0))
  node.keep(kernel.apply({ kind: 'create-record', ...asked, ...record }, 0))
  node.keep(kernel.apply({ kind: 'wait-record', ...asked, key, version: 2n }, 0))
  node.acquire(1n, 'mine', { ephemeral: true })
  const described = { owners: false, waiters: false, watchData: true, watchOwners: true }
  const watching = { ...asked, name: 'mine', watchAbsent: true, watchStands: false, ...described }
  node.keep(kernel.apply({ kind: 'describe-semaphore', ...watching }, 0))
  expect(kinds({ events: operate(node, { kind: 'end-session', session: 1n }) })).toEqual([
    'ended',
    'done',
  ])
  expect(kernel.statistics()).toMatchObject({ records: 1, recordLeases: 1, recordWatches: 0 })
  expect(node.advance(999).events).toEqual([])
  expect(node.advance(1).events).toEqual([])
  expect(kernel.statistics()).toMatchObject({ records: 0, recordLeases: 0 })
})

test('what an operator takes from an owner goes to those who wait, and the owner is told', () => {
  const node = nodeWith(3)
  node.create('jobs', 2n)
  node.acquire(1n, 'jobs', { count: 2n })
  node.acquire(2n, 'jobs')
  node.acquire(3n, 'jobs')
  expect(operate(node, { kind: 'force-release', name: 'jobs', session: 1n })).toEqual([
    { kind: 'revoked', stream: 1, session: 1n, name: 'jobs', orderId: 1n },
    { kind: 'done', ...OPERATOR },
    { kind: 'acquired', stream: 2, requestId: 3n, orderId: 2n },
    { kind: 'acquired', stream: 3, requestId: 3n, orderId: 3n },
  ])
  expect(isNewest(node, 'jobs', 1n)).toBe(false)
  node.restart()
  expect(node.kernel.statistics()).toMatchObject({ owners: 2, waiters: 0 })
})

test('a waiter that an operator takes out of the queue is refused, and those behind it move up', () => {
  const node = nodeWith(3)
  node.create('jobs', 2n)
  node.acquire(1n, 'jobs')
  node.acquire(2n, 'jobs', { count: 2n })
  node.acquire(3n, 'jobs')
  expect(operate(node, { kind: 'force-release', name: 'jobs', session: 2n })).toMatchObject([
    { kind: 'refused', stream: 2, requestId: 3n, code: 'ABORTED' },
    { kind: 'revoked', stream: 2, session: 2n, name: 'jobs', orderId: 2n },
    { kind: 'done', ...OPERATOR },
    { kind: 'acquired', stream: 3, orderId: 3n },
  ])
  expect(node.kernel.nextDeadlineMs()).toBe(Infinity)
  expect(kinds(node.acquire(2n, 'jobs'))).toEqual(['pending'])
})

test('a session that is away is not told what was taken from it, and finds it gone', () => {
  const node = nodeWith(1)
  node.acquire(1n, 'mine', { ephemeral: true })
  node.detach(1n)
  expect(operate(node, { kind: 'force-release', name: 'mine', session: 1n })).toEqual([
    { kind: 'done', ...OPERATOR },
  ])
  expect(node.kernel.statistics()).toMatchObject({ semaphores: 0, owners: 0 })
  node.attach(1n)
  expect(node.release(1n, 'mine').events).toMatchObject([{ kind: 'released', released: false }])
})

test('only what is held or waited for can be taken', () => {
  const node = nodeWith(2)
  node.create('jobs', 1n)
  node.acquire(1n, 'jobs')
  const refused = [{ kind: 'refused', code: 'NOT_FOUND' }]
  for (const [name, session] of [
    ['jobs', 2n],
    ['jobs', 9n],
    ['absent', 1n],
  ] as const) {
    const events = operate(node, { kind: 'force-release', name, session })
    expect(events).toMatchObject(refused)
  }
  expect(node.kernel.statistics()).toMatchObject({ owners: 1 })
})

test('a semaphore is explained by its owners, its waiters and what these hold besides', () => {
  const node = nodeWith(4)
  node.create('jobs', 2n)
  for (const session of [3n, 1n, 4n, 2n]) {
    node.acquire(session, 'jobs')
    node.advance(1)
  }
  node.acquire(3n, 'other', { ephemeral: true, count: MAX_U64 })
  node.acquire(1n, 'other', { ephemeral: true })
  const { description, sessions } = explain(node, 'jobs')
  expect(description).toMatchObject({ name: 'jobs', limit: 2n, held: 2n, data: NOTHING })
  expect(description.owners.map(({ session }) => session)).toEqual([3n, 1n])
  expect(description.waiters.map(({ session }) => session)).toEqual([4n, 2n])
  expect(sessions.map(({ id }) => id)).toEqual([3n, 1n, 4n, 2n])
  expect(sessions.map(spans)).toEqual([
    ['jobs owns 4', 'other owns 0'],
    ['jobs owns 3', 'other waits 0'],
    ['jobs waits 2'],
    ['jobs waits 1'],
  ])
  expect(operate(node, { kind: 'explain-semaphore', name: 'absent' })).toMatchObject([
    { kind: 'refused', code: 'NOT_FOUND' },
  ])
})

test('no more sessions explain a semaphore than the limit says, owners first', () => {
  const node = nodeWith(4, { explainedSessionsMax: 3 })
  node.create('jobs', 2n)
  for (const session of [4n, 3n, 2n, 1n]) node.acquire(session, 'jobs')
  const { description, sessions } = explain(node, 'jobs')
  expect(sessions.map(({ id }) => id)).toEqual([4n, 3n, 2n])
  expect(description.waiters).toHaveLength(2)
})

test('on a node that does not exist an operator finds nothing', () => {
  const kernel = new Kernel()
  kernel.start(0)
  const commands: readonly Unasked<OperatorCommand>[] = [
    { kind: 'check-token', name: 'a', token: 1n },
    { kind: 'list-sessions', after: 0n, limit: 0 },
    { kind: 'end-session', session: 1n },
    { kind: 'force-release', name: 'a', session: 1n },
    { kind: 'explain-semaphore', name: 'a' },
  ]
  for (const command of commands) {
    expect(kernel.apply({ ...command, ...OPERATOR }, 0)).toMatchObject({
      events: [{ kind: 'refused', code: 'NOT_FOUND' }],
      writes: [],
    })
  }
})
