/**
 * Record leases: granted, kept, released and expired, and what becomes of their records.
 *
 * guards: K1, K3
 */
import { expect, test } from 'vitest'
import {
  Desk,
  cas,
  create,
  describe,
  get,
  grant,
  keep,
  put,
  release,
  remove,
  waitFor,
} from './desk.ts'

// S3-01, S3-23
test('a lease has the number of its commit as its id, and a time to live within limits', () => {
  const desk = new Desk({ recordLeaseTtlMaxMs: 1_000, recordLeasesMax: 2 })
  desk.ask(create('a', 'x'))
  expect(desk.ask(grant(0n))).toEqual([['INVALID_ARGUMENT']])
  expect(desk.ask(grant(1_001n))).toEqual([['INVALID_ARGUMENT']])
  expect(desk.ask(grant(1_000n))).toEqual([['granted', 2n, 1_000n]])
  expect(desk.ask(grant(1n, true))).toEqual([['granted', 3n, 1n]])
  expect(desk.ask(grant(1n))).toEqual([['PRECONDITION_FAILED']])
  expect(desk.node.kernel.statistics()).toMatchObject({ recordLeases: 2 })
})

// S3-06, S3-26, S3-27
test('a lease that is not there is refused, and not found when it is looked for', () => {
  const desk = new Desk()
  for (const lease of [1n, -1n, 7n]) {
    expect(desk.ask(create('a', 'x', { lease }))).toEqual([['WRONG_LEASE']])
    expect(desk.ask(put('a', 'x', { lease }))).toEqual([['WRONG_LEASE']])
    expect(desk.ask(release(lease))).toEqual([['WRONG_LEASE']])
    expect(desk.ask(keep(lease))).toEqual([['WRONG_LEASE']])
    expect(desk.ask(describe(lease))).toEqual([['NOT_FOUND']])
  }
  expect(desk.keys()).toEqual([])
})

// S3-28
test('when its time is over a lease ends, and all its records with it under one version', () => {
  const desk = new Desk()
  desk.ask(grant(100n))
  desk.ask(create('a', 'x', { lease: 1n }))
  desk.ask(create('b', 'x', { lease: 1n }))
  desk.ask(create('c', 'x'))
  desk.ask(waitFor('a', 2n))
  desk.ask({ kind: 'watch-records', start: Buffer.from('a'), end: null, fromVersion: 4n }, 2n)
  expect(desk.wait(99)).toEqual([])
  expect(desk.wait(1)).toEqual([
    ['read', null],
    ['changed', ['-a v5', '-b v5'], 5n],
  ])
  expect(desk.keys()).toEqual(['c'])
  expect(desk.ask(describe(1n))).toEqual([['NOT_FOUND']])
  expect(desk.ask(put('c', 'y'))).toEqual([['written', 6n]])
  desk.node.restart()
  desk.node.attach(1n)
  expect(desk.keys()).toEqual(['c'])
})

// S3-26
test('a lease that is released ends at once, whoever has it', () => {
  const desk = new Desk()
  desk.ask(grant(100n, true))
  desk.ask(create('a', 'x', { lease: 1n }), 2n)
  expect(desk.ask(release(1n), 2n)).toEqual([['done'], ['lease ended', 1n, 1n]])
  expect(desk.keys()).toEqual([])
  expect(desk.ask(release(1n))).toEqual([['WRONG_LEASE']])
  desk.ask(grant(100n, true))
  expect(desk.ask(release(4n))).toEqual([['done']])
  expect(desk.wait(1_000)).toEqual([])
})

// S3-14, S3-29
test('a put keeps, takes or gives the lease as it says, and a compare-and-set never changes it', () => {
  const desk = new Desk()
  desk.ask(grant(100n))
  desk.ask(grant(200n))
  desk.ask(create('a', 'x', { lease: 1n }))
  expect(desk.ask(cas('a', 'y', 3n))).toEqual([['written', 4n]])
  expect(desk.ask(get('a'))).toEqual([['read', 'a=y v4 c3 l1']])
  desk.ask(put('a', 'z'))
  expect(desk.ask(get('a'))).toEqual([['read', 'a=z v5 c3 l1']])
  desk.ask(put('a', 'z', { lease: 2n }))
  expect(desk.ask(get('a'))).toEqual([['read', 'a=z v6 c3 l2']])
  desk.ask(put('b', 'z', { lease: 2n }))
  desk.ask(put('b', 'z', { lease: 0n }))
  desk.ask(put('c', 'z', { lease: 2n }))
  desk.ask(remove('c'))
  desk.wait(100)
  expect(desk.ask(describe(2n))).toMatchObject([['lease', 2n, { records: 1 }]])
  expect(desk.keys()).toEqual(['a', 'b'])
  desk.wait(100)
  expect(desk.keys()).toEqual(['b'])
  expect(desk.ask(get('b'))).toEqual([['read', 'b=z v8 c7 l0']])
})

// S3-24, S3-25
test('the time of a lease stands still while a session keeps it, and runs while that is detached', () => {
  const desk = new Desk()
  desk.ask(grant(100n, true))
  const kept = { ttlMs: 100n, remainingMs: 100n, isKept: true, records: 0 }
  desk.wait(5_000)
  expect(desk.ask(describe(1n), 2n)).toEqual([['lease', 1n, kept]])
  desk.node.detach(1n)
  desk.wait(60)
  const left = { ttlMs: 100n, remainingMs: 40n, isKept: false, records: 0 }
  expect(desk.ask(describe(1n), 2n)).toEqual([['lease', 1n, left]])
  desk.node.attach(1n)
  desk.wait(5_000)
  expect(desk.ask(describe(1n), 2n)).toEqual([['lease', 1n, kept]])
  desk.node.detach(1n)
  expect(desk.wait(100)).toEqual([])
  expect(desk.ask(describe(1n), 2n)).toEqual([['NOT_FOUND']])
})

test('the leases of a session that is stopped end at once, those of one that expires when their time is over', () => {
  const desk = new Desk({}, 3)
  desk.ask(grant(20_000n, true))
  desk.ask(grant(20_000n, true), 2n)
  desk.ask(create('a', 'x', { lease: 1n }), 3n)
  desk.ask(create('b', 'x', { lease: 2n }), 3n)
  const { node } = desk
  const stopped = { kind: 'stop', stream: 1, session: 1n, requestId: 9n } as const
  expect(node.keep(node.kernel.apply(stopped, node.nowMs)).events).toHaveLength(1)
  node.detach(2n)
  expect(desk.tell(get('a'), 3n)).toMatchObject([{ code: 'NOT_FOUND' }])
  desk.wait(10_000)
  expect(node.kernel.statistics()).toMatchObject({ sessions: 1, recordLeases: 1, records: 1 })
  expect(desk.ask(describe(2n), 3n)).toMatchObject([['lease', 2n, { remainingMs: 10_000n }]])
  desk.wait(10_000)
  expect(node.kernel.statistics()).toMatchObject({ recordLeases: 0, records: 0 })
})

test('the leases of an attached session that an operator ends run from then on', () => {
  const desk = new Desk()
  desk.ask(grant(100n, true))
  const { node } = desk
  const ended = { kind: 'end-session', stream: 9, requestId: 1n, session: 1n } as const
  node.keep(node.kernel.apply(ended, node.nowMs))
  desk.wait(99)
  expect(desk.ask(describe(1n), 2n)).toMatchObject([['lease', 1n, { remainingMs: 1n }]])
  desk.wait(1)
  expect(desk.ask(describe(1n), 2n)).toEqual([['NOT_FOUND']])
})

test('a session that keeps a lease takes it from the one that kept it before', () => {
  const desk = new Desk({}, 3)
  desk.ask(grant(100n, true))
  expect(desk.ask(keep(1n))).toEqual([['done']])
  expect(desk.ask(keep(1n), 2n)).toEqual([['done']])
  desk.node.detach(1n)
  desk.wait(1_000)
  expect(desk.ask(describe(1n), 2n)).toMatchObject([['lease', 1n, { isKept: true }]])
  desk.node.detach(2n)
  desk.node.attach(1n)
  desk.wait(50)
  expect(desk.ask(keep(1n), 3n)).toEqual([['done']])
  desk.wait(1_000)
  expect(desk.node.kernel.statistics()).toMatchObject({ recordLeases: 1 })
  expect(desk.ask(release(1n))).toEqual([['done'], ['lease ended', 3n, 1n]])
})

test('after a restart a lease has its whole time and the grace, and its keeper keeps it when he comes back', () => {
  const desk = new Desk({}, 3)
  desk.ask(grant(1_000n, true))
  desk.ask(grant(1_000n))
  desk.ask(create('a', 'x', { lease: 1n }))
  desk.ask(create('b', 'x', { lease: 2n }))
  desk.wait(900)
  desk.node.restart()
  desk.node.attach(1n)
  expect(desk.ask(describe(2n))).toMatchObject([['lease', 2n, { remainingMs: 11_000n }]])
  expect(desk.ask(describe(1n))).toMatchObject([['lease', 1n, { isKept: true, records: 1 }]])
  desk.wait(11_000)
  expect(desk.keys()).toEqual(['a'])
})

test('a lease whose keeper has expired is nobody’s after a restart', () => {
  const desk = new Desk()
  desk.ask(grant(50_000n, true))
  desk.node.detach(1n)
  desk.wait(10_000)
  desk.node.restart()
  desk.node.attach(2n)
  expect(desk.ask(describe(1n), 2n)).toMatchObject([['lease', 1n, { isKept: false }]])
})

test('of a lease whose end was kept in part nothing is left', () => {
  const desk = new Desk()
  desk.ask(grant(100n))
  for (const key of ['a', 'b', 'c']) desk.ask(create(key, 'x', { lease: 1n }))
  desk.ask(create('d', 'x'))
  const { node } = desk
  node.keeps = false
  const { writes } = node.advance(100)
  expect(writes).toHaveLength(4)
  for (let kept = 1; kept < writes.length; kept++) {
    node.store.apply([...node.kernel.seal(), ...writes.slice(0, kept)])
    node.restart()
    expect(node.kernel.statistics()).toMatchObject({ records: 1, recordLeases: 0 })
  }
  node.keeps = true
  node.attach(1n)
  expect(node.store.entries().filter(([key]) => key[0] === 0x30)).toHaveLength(1)
  expect(desk.ask(create('c', 'y'))).toEqual([['written', 7n]])
  node.restart()
  node.attach(1n)
  expect(desk.keys()).toEqual(['c', 'd'])
})
