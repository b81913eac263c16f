/**
 * Transactions, fences and numbered changes of records.
 *
 * guards: K1, L2, X2
 */
import { expect, test } from 'vitest'
import type { Compare } from '@tenure/kernel'
import {
  Desk,
  bytes,
  cas,
  comparing,
  create,
  deleting,
  get,
  getting,
  grant,
  put,
  putting,
  range,
  release,
  remove,
  transact,
} from './desk.ts'
import type { Question, Said } from './desk.ts'

function value(key: string, is: '==' | '!=', than: string): Compare {
  return { target: 'value', key: bytes(key), is, value: bytes(than) }
}

test('a transaction does one of its lists as one, under one version', () => {
  const desk = new Desk()
  desk.ask(create('a', 'one'))
  desk.ask(create('b', 'two'))
  const lists = { held: [putting('a', 'x'), deleting('b'), putting('c', 'z')], failed: [] }
  expect(desk.ask(transact([comparing('a', '==', 1n)], lists))).toEqual([['transacted', true, 3n]])
  expect(desk.ask(range(''))).toEqual([['listed', ['a=x v3 c1 l0', 'c=z v3 c3 l0'], 3n]])
  expect(desk.ask(transact([comparing('a', '==', 1n)], lists))).toEqual([['transacted', false, 3n]])
  const other = { failed: [putting('d', 'w')] }
  expect(desk.ask(transact([comparing('a', '==', 1n)], other))).toEqual([['transacted', false, 4n]])
  expect(desk.ask(transact([], { held: [deleting('gone')] }))).toEqual([['transacted', true, 4n]])
})

test('a list of reads gives what is there, in its order', () => {
  const desk = new Desk()
  desk.ask(create('a', 'one'))
  const lists = { held: [getting('b'), getting('a')] }
  expect(desk.ask(transact([], lists))).toEqual([['transacted', true, 1n, null, 'a=one v1 c1 l0']])
})

test('a list of reads has room for so many bytes, and one record more', () => {
  const desk = new Desk({ rangeBytesMax: 4 })
  for (const key of ['a', 'b', 'c']) desk.ask(create(key, 'x'))
  const reads = (keys: string): Said => desk.ask(transact([], { held: Array.from(keys, getting) }))
  expect(reads('ab')).toMatchObject([['transacted', true, 3n, 'a=x v1 c1 l0', 'b=x v2 c2 l0']])
  expect(reads('abc')).toEqual([['PRECONDITION_FAILED']])
  desk.ask(put('b', 'xxxxx'))
  desk.ask(put('a', ''))
  expect(reads('ab')).toMatchObject([['transacted', true, 5n, 'a= v5 c1 l0', 'b=xxxxx v4 c2 l0']])
})

test('compares see absent records as of version 0, with a value that equals none', () => {
  const desk = new Desk()
  desk.ask(create('a', 'one'))
  desk.ask(put('a', 'two'))
  const holds = (compare: Compare): unknown => desk.tell(transact([compare]))[0]
  const cases: readonly (readonly [Compare, boolean])[] = [
    [comparing('a', '==', 2n), true],
    [comparing('a', '==', 1n), false],
    [comparing('a', '!=', 1n), true],
    [comparing('a', '!=', 2n), false],
    [comparing('a', '<', 3n), true],
    [comparing('a', '<', 2n), false],
    [comparing('a', '>', 1n), true],
    [comparing('a', '>', 2n), false],
    [comparing('b', '==', 0n), true],
    [comparing('b', '<', 1n), true],
    [comparing('b', '>', 0n), false],
    [value('a', '==', 'two'), true],
    [value('a', '==', 'one'), false],
    [value('a', '!=', 'one'), true],
    [value('a', '!=', 'two'), false],
    [value('b', '==', ''), false],
    [value('b', '!=', ''), true],
  ]
  for (const [compare, succeeded] of cases) expect(holds(compare)).toMatchObject({ succeeded })
})

test('a transaction that is not in order is refused, and does nothing', () => {
  const desk = new Desk({ transactOperationsMax: 2, recordsMax: 2, recordKeyBytesMax: 3 })
  desk.ask(create('a', 'one'))
  const refused = (question: Question, code: string): void => {
    expect(desk.ask(question)).toEqual([[code]])
    expect(desk.keys()).toEqual(['a'])
  }
  const twice = [putting('b', 'x'), deleting('b')]
  refused(transact([], { held: twice }), 'INVALID_ARGUMENT')
  refused(transact([], { failed: twice }), 'INVALID_ARGUMENT')
  refused(transact([], { held: [getting('a'), putting('b', 'x')] }), 'INVALID_ARGUMENT')
  refused(transact([], { held: [putting('abcd', 'x')] }), 'INVALID_ARGUMENT')
  refused(transact([], { held: [getting('')] }), 'INVALID_ARGUMENT')
  refused(transact([comparing('', '==', 0n)]), 'INVALID_ARGUMENT')
  const three = ['b', 'c', 'd'].map((key) => getting(key))
  refused(transact([], { held: three }), 'INVALID_ARGUMENT')
  refused(transact(['a', 'b', 'c'].map((key) => comparing(key, '==', 0n))), 'INVALID_ARGUMENT')
  refused(transact([], { held: [putting('b', 'x', 9n)] }), 'WRONG_LEASE')
  refused(transact([], { held: [putting('b', 'x'), putting('c', 'x')] }), 'PRECONDITION_FAILED')
  expect(desk.node.kernel.commitNumber).toBe(1n)
  const roomy = { held: [putting('a', 'y'), putting('b', 'x')] }
  expect(desk.ask(transact([], roomy))).toEqual([['transacted', true, 2n]])
})

test('one transaction changes the leases of its records', () => {
  const desk = new Desk()
  desk.ask(grant(100n))
  desk.ask(create('a', 'x', { lease: 1n }))
  desk.ask(transact([], { held: [putting('a', 'y', 0n), putting('b', 'y', 1n)] }))
  desk.wait(100)
  expect(desk.keys()).toEqual(['a'])
})

test('a fenced write is done only under the newest grant of its name', () => {
  const desk = new Desk({}, 3)
  const { node } = desk
  node.create('lock', 1n)
  const fence = { name: 'lock', token: 1n }
  const questions = [
    create('a', 'x', { fence }),
    put('a', 'x', { fence }),
    transact([], { held: [putting('a', 'x')] }, { fence }),
  ]
  for (const question of questions) expect(desk.ask(question)).toEqual([['FENCED']])
  node.acquire(1n, 'lock')
  expect(desk.ask(create('a', 'x', { fence }), 2n)).toEqual([['written', 1n]])
  node.acquire(2n, 'lock')
  expect(desk.ask(cas('a', 'y', 1n, { fence }))).toEqual([['written', 2n]])
  expect(desk.ask(put('a', 'z', { fence: { name: 'lock', token: 2n } }))).toEqual([['FENCED']])
  node.release(1n, 'lock')
  expect(desk.ask(put('a', 'z', { fence }))).toEqual([['FENCED']])
  expect(desk.ask(remove('a', null, { fence }))).toEqual([['FENCED']])
  expect(desk.ask(remove('a', null, { fence: { name: 'lock', token: 2n } }))).toEqual([
    ['deleted', 3n],
  ])
})

test('of several owners the one who came last has the newest grant', () => {
  const desk = new Desk()
  desk.node.create('jobs', 2n)
  desk.node.acquire(1n, 'jobs')
  desk.node.acquire(2n, 'jobs')
  expect(desk.tell(put('a', 'x', { fence: { name: 'jobs', token: 1n } }))).toMatchObject([
    { message: expect.stringMatching(/"jobs" was granted since then with token 2/) },
  ])
  // One that nobody was ever given.
  expect(desk.tell(put('a', 'x', { fence: { name: 'jobs', token: 3n } }))).toMatchObject([
    {
      code: 'FENCED',
      message: expect.stringMatching(/the newest of semaphore "jobs" has token 2/),
    },
  ])
  expect(desk.ask(put('a', 'x', { fence: { name: 'jobs', token: 2n } }))).toEqual([['written', 1n]])
  desk.node.release(2n, 'jobs')
  expect(desk.ask(put('a', 'x', { fence: { name: 'jobs', token: 2n } }))).toEqual([['FENCED']])
  expect(desk.ask(put('a', 'x', { fence: { name: 'jobs', token: 1n } }))).toEqual([['written', 2n]])
})

function numbered(serial: bigint, settledBelow = 1n): object {
  return { change: { serial, settledBelow } }
}

test('a numbered change is done once, and answered alike for ever after', () => {
  const desk = new Desk()
  const lists = { held: [putting('t', 'x')], failed: [deleting('t')] }
  const questions = [
    create('a', 'one', numbered(1n)),
    put('a', 'two', numbered(2n)),
    cas('a', 'three', 2n, numbered(3n)),
    remove('a', 3n, numbered(4n)),
    transact([comparing('t', '==', 0n)], lists, numbered(5n)),
    transact([comparing('t', '==', 0n)], lists, numbered(6n)),
    grant(1_000n, false, numbered(7n)),
    release(7n, numbered(8n)),
  ]
  const answers = questions.map((question) => desk.ask(question))
  expect(answers).toEqual([
    [['written', 1n]],
    [['written', 2n]],
    [['written', 3n]],
    [['deleted', 4n]],
    [['transacted', true, 5n]],
    [['transacted', false, 6n]],
    [['granted', 7n, 1_000n]],
    [['done']],
  ])
  expect(questions.map((question) => desk.ask(question))).toEqual(answers)
  desk.node.restart()
  desk.node.attach(1n)
  expect(questions.map((question) => desk.ask(question))).toEqual(answers)
  expect(desk.node.kernel.commitNumber).toBe(8n)
  expect(desk.keys()).toEqual([])
})

test('a refused change is tried again, and another session has numbers of its own', () => {
  const desk = new Desk()
  desk.ask(create('a', 'one'))
  const second = create('a', 'two', numbered(1n))
  expect(desk.ask(second)).toMatchObject([['ALREADY_EXISTS', 'a=one v1 c1 l0']])
  desk.ask(remove('a'))
  expect(desk.ask(second)).toEqual([['written', 3n]])
  expect(desk.ask(second)).toEqual([['written', 3n]])
  expect(desk.ask(put('a', 'three', numbered(1n)), 2n)).toEqual([['written', 4n]])
})

test('changes are forgotten when their client knows their outcome, and all of them with their session', () => {
  const desk = new Desk()
  const rows = (): number => desk.node.store.entries().filter(([key]) => key[0] === 0x12).length
  for (let serial = 1n; serial <= 200n; serial++) {
    desk.ask(put('a', 'x', numbered(serial, serial)))
    desk.ask(put('b', 'x', numbered(serial)), 2n)
  }
  expect(rows()).toBeGreaterThan(200)
  expect(rows()).toBeLessThan(200 + 65)
  desk.node.restart()
  for (const session of [1n, 2n]) desk.node.attach(session)
  expect(desk.ask(put('b', 'x', numbered(1n)), 2n)).toEqual([['written', 2n]])
  expect(desk.ask(put('a', 'x', numbered(200n, 200n)))).toEqual([['written', 399n]])
  for (const session of [1n, 2n]) {
    const stopped = { kind: 'stop', stream: Number(session), session, requestId: 1n } as const
    desk.node.keep(desk.node.kernel.apply(stopped, 0))
  }
  expect(rows()).toBe(0)
})

/** A write of a client that knows the outcome of all but its latest ten. */
function tenOpen(serial: bigint): Question {
  return put('a', 'x', numbered(serial, serial > 10n ? serial - 9n : 1n))
}

test('what a client has yet to hear of is never forgotten with what it knows', () => {
  const desk = new Desk()
  for (let serial = 1n; serial <= 200n; serial++) {
    desk.ask(tenOpen(serial))
    if (serial % 64n !== 0n && serial !== 200n) continue
    desk.node.restart()
    desk.node.attach(1n)
    for (let open = serial - 9n; open <= serial; open++) {
      expect(desk.ask(tenOpen(open))).toEqual([['written', open]])
    }
  }
  expect(desk.node.kernel.commitNumber).toBe(200n)
})

test('a session can leave only so many changes open', () => {
  const desk = new Desk()
  desk.node.keeps = false
  for (let serial = 1n; serial <= 65_536n; serial++) desk.tell(put('a', 'x', numbered(serial)))
  expect(desk.ask(put('a', 'x', numbered(65_537n)))).toEqual([['PRECONDITION_FAILED']])
  expect(desk.ask(put('a', 'x', numbered(1n)))).toEqual([['written', 1n]])
  expect(desk.ask(put('a', 'x'))).toEqual([['written', 65_537n]])
  expect(desk.ask(get('a'))).toEqual([['read', 'a=x v65537 c1 l0']])
})
