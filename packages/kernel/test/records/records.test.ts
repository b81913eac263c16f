/**
 * Records: made, read, replaced and deleted, each write under a version that never comes back.
 *
 * guards: K1, K2, K4
 */
import { expect, test } from 'vitest'
import { Desk, bytes, cas, create, get, put, range, remove, waitFor } from './desk.ts'

// S3-02, S3-08, S3-29
test('a record is made with the number of its commit as its version, and read as it was made', () => {
  const desk = new Desk()
  expect(desk.ask(create('a', 'one'))).toEqual([['written', 1n]])
  expect(desk.ask(get('a'))).toEqual([['read', 'a=one v1 c1 l0']])
  expect(desk.node.kernel.commitNumber).toBe(1n)
  expect(desk.ask(create('b', ''), 2n)).toEqual([['written', 2n]])
  expect(desk.ask(get('b'))).toEqual([['read', 'b= v2 c2 l0']])
  expect(desk.ask(get('c'))).toEqual([['NOT_FOUND']])
})

// S3-03, S3-13, S3-15
test('a write that meets another version is refused with the record that is there', () => {
  const desk = new Desk()
  desk.ask(create('a', 'one'))
  expect(desk.ask(create('a', 'two'))).toEqual([['ALREADY_EXISTS', 'a=one v1 c1 l0']])
  expect(desk.ask(cas('a', 'two', 2n))).toEqual([['WRONG_VERSION', 'a=one v1 c1 l0']])
  expect(desk.ask(remove('a', 2n))).toEqual([['WRONG_VERSION', 'a=one v1 c1 l0']])
  expect(desk.ask(cas('b', 'two', 0n))).toEqual([['NOT_FOUND']])
  expect(desk.ask(remove('b'))).toEqual([['NOT_FOUND']])
  expect(desk.node.kernel.commitNumber).toBe(1n)
  desk.ask(put('a', 'two'))
  expect(desk.ask(cas('a', 'three', 1n))).toEqual([['WRONG_VERSION', 'a=two v2 c1 l0']])
  expect(desk.ask(remove('a', 1n))).toEqual([['WRONG_VERSION', 'a=two v2 c1 l0']])
})

// S3-12, S3-15
test('compare-and-set and put replace the value, and a deletion takes the record away', () => {
  const desk = new Desk()
  desk.ask(create('a', 'one'))
  expect(desk.ask(cas('a', 'two', 1n))).toEqual([['written', 2n]])
  expect(desk.ask(put('a', 'three'))).toEqual([['written', 3n]])
  expect(desk.ask(put('b', 'new'))).toEqual([['written', 4n]])
  expect(desk.ask(get('a'))).toEqual([['read', 'a=three v3 c1 l0']])
  expect(desk.ask(remove('a', 3n))).toEqual([['deleted', 5n]])
  expect(desk.ask(remove('b'))).toEqual([['deleted', 6n]])
  expect(desk.keys()).toEqual([])
})

// S3-21
test('no version comes back: not with its key, not after a restart, not with a new node', () => {
  const desk = new Desk()
  desk.ask(create('a', 'one'))
  desk.ask(remove('a'))
  expect(desk.ask(create('a', 'one'))).toEqual([['written', 3n]])
  desk.ask(remove('a'))
  desk.node.restart()
  desk.node.attach(1n)
  expect(desk.ask(create('a', 'one'))).toEqual([['written', 5n]])
  const { node } = desk
  node.keep(node.kernel.apply({ kind: 'drop-node', stream: 9, requestId: 1n }, node.nowMs))
  const config = {
    selfCheckPeriodMs: 0,
    sessionGracePeriodMs: 0,
    readConsistency: 'unset',
    attachConsistency: 'unset',
    rateLimiterCounters: 'unset',
  } as const
  node.keep(node.kernel.apply({ kind: 'create-node', stream: 9, requestId: 2n, config }, 0))
  node.restart()
  node.keep(
    node.kernel.apply(
      {
        kind: 'attach',
        stream: 3,
        requestId: 3n,
        session: 0n,
        timeoutMs: 1000n,
        description: '',
        sequenceNumber: 0n,
        protectionKey: bytes(''),
      },
      node.nowMs,
    ),
  )
  expect(node.kernel.statistics()).toMatchObject({ records: 0, recordBytes: 0 })
  const [written] = desk.ask(create('a', 'one'), 3n)
  expect(written).toEqual(['written', 7n])
})

// S3-04
test('keys and values have their limits', () => {
  const desk = new Desk({ recordKeyBytesMax: 3, recordValueBytesMax: 2, recordsMax: 2 })
  for (const question of [create, put]) {
    expect(desk.ask(question('', 'x'))).toEqual([['INVALID_ARGUMENT']])
    expect(desk.ask(question('abcd', 'x'))).toEqual([['INVALID_ARGUMENT']])
    expect(desk.ask(question('a', 'xyz'))).toEqual([['INVALID_ARGUMENT']])
  }
  expect(desk.ask(get(''))).toEqual([['INVALID_ARGUMENT']])
  expect(desk.ask(remove('abcd'))).toEqual([['INVALID_ARGUMENT']])
  expect(desk.ask(waitFor('', 1n))).toEqual([['INVALID_ARGUMENT']])
  expect(desk.ask(create('abc', 'xy'))).toEqual([['written', 1n]])
  expect(desk.ask(cas('abc', 'xyz', 1n))).toEqual([['INVALID_ARGUMENT']])
  expect(desk.ask(put('b', ''))).toEqual([['written', 2n]])
  expect(desk.ask(put('c', ''))).toEqual([['PRECONDITION_FAILED']])
  expect(desk.ask(create('c', ''))).toEqual([['PRECONDITION_FAILED']])
  expect(desk.ask(put('b', 'z'))).toEqual([['written', 3n]])
})

test('records belong to the sessions that are attached', () => {
  const desk = new Desk()
  expect(desk.ask(get('a'), 9n)).toEqual([['SESSION_EXPIRED']])
  desk.node.detach(2n)
  expect(desk.ask(get('a'), 2n)).toEqual([['BAD_SESSION']])
  desk.ask(create('a', 'one'))
  expect(desk.ask(create('b', 'two'), 2n)).toEqual([['BAD_SESSION']])
  expect(desk.keys()).toEqual(['a'])
})

// S3-16, S3-17, S3-18, S3-19, S3-22
test('who waits for a version hears at once of another, and else of the next', () => {
  const desk = new Desk()
  expect(desk.ask(waitFor('a', 0n))).toEqual([['NOT_FOUND']])
  desk.ask(create('a', 'one'))
  expect(desk.ask(waitFor('a', 0n))).toEqual([['read', 'a=one v1 c1 l0']])
  expect(desk.ask(waitFor('a', 1n))).toEqual([])
  expect(desk.ask(waitFor('a', 1n), 2n)).toEqual([])
  expect(desk.node.kernel.statistics().recordWatches).toBe(2)
  const two = ['read', 'a=two v2 c1 l0']
  expect(desk.ask(put('a', 'two'))).toEqual([['written', 2n], two, two])
  expect(desk.ask(waitFor('a', 2n))).toEqual([])
  expect(desk.ask(remove('a'))).toEqual([
    ['deleted', 3n],
    ['read', null],
  ])
  expect(desk.node.kernel.statistics().recordWatches).toBe(0)
})

test('a wait ends with the stream of its session, and can be taken back', () => {
  const desk = new Desk()
  desk.ask(create('a', 'one'))
  desk.ask(waitFor('a', 1n))
  expect(desk.ask({ kind: 'forget', target: desk.asked })).toEqual([])
  desk.ask(waitFor('a', 1n), 2n)
  desk.node.detach(2n)
  expect(desk.node.kernel.statistics().recordWatches).toBe(0)
  expect(desk.ask(put('a', 'two'))).toEqual([['written', 2n]])
})

// S3-10, S3-11
test('a range lists its records by the bytes of their keys, a prefix before its extensions', () => {
  const desk = new Desk()
  for (const key of ['b', 'a', '\xff', 'ab', 'a\0', '\x7f']) desk.ask(create(key, 'x'))
  expect(desk.keys()).toEqual(['a', 'a\0', 'ab', 'b', '\x7f', '\xff'])
  expect(desk.ask(range('a\0', 'b'))).toEqual([['listed', ['a\0=x v5 c5 l0', 'ab=x v4 c4 l0'], 6n]])
  expect(desk.ask(range('b', 'a'))).toEqual([['listed', [], 6n]])
  expect(desk.ask(range('c', 'd'))).toEqual([['listed', [], 6n]])
  expect(desk.ask(range('b', 'b'))).toEqual([['listed', [], 6n]])
})

test('what was written is there after a restart, and takes the place that it is told to take', () => {
  const desk = new Desk()
  desk.ask(create('a', 'one'))
  desk.ask(put('a', 'two'))
  desk.ask(create('b', 'x'.repeat(100)))
  desk.ask(remove('b'))
  const before = desk.ask(range(''))
  const { records, recordBytes, valueMemoryBytes } = desk.node.kernel.statistics()
  expect({ records, recordBytes, valueMemoryBytes }).toEqual({
    records: 1,
    recordBytes: 4,
    valueMemoryBytes: 3,
  })
  desk.node.restart()
  desk.node.attach(1n)
  expect(desk.ask(range(''))).toEqual(before)
  expect(desk.node.kernel.statistics()).toMatchObject({ records, recordBytes, valueMemoryBytes })
})
