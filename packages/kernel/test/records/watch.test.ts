/**
 * Waits and watches of records: who hears of a change, when and how often.
 *
 * guards: K4, W1
 */
import { expect, test } from 'vitest'
import { Counters } from '../../src/counters.ts'
import { Deadlines } from '../../src/deadlines.ts'
import { Outside } from '../../src/outside.ts'
import type { RecordChange } from '../../src/records/event.ts'
import { RecordWatches } from '../../src/records/watch.ts'
import { Session } from '../../src/session.ts'
import { Turn } from '../../src/step.ts'
import { DEFAULT_LIMITS } from '@tenure/kernel'
import { Desk, bytes, create, grant, put, release, remove, waitFor } from './desk.ts'
import { commit, forget, heard, heardOf, watch } from './watching.ts'

function deskWith(...keys: string[]): Desk {
  const desk = new Desk({}, 4)
  for (const key of keys) desk.ask(create(key, 'x'))
  return desk
}

// S3-18, S3-22
test('all who wait for a key hear the record that replaces theirs, once', () => {
  const desk = deskWith('a', 'b')
  expect(heard(desk, waitFor('a', 1n), 2n)).toEqual([])
  expect(heard(desk, waitFor('a', 1n), 3n)).toEqual([])
  expect(heard(desk, put('b', 'y'))).toEqual([])
  expect(heard(desk, put('a', 'y'))).toEqual([
    [2, 'read', 4],
    [3, 'read', 4],
  ])
  expect(heard(desk, put('a', 'z'))).toEqual([])
})

// S3-16, S3-17, S3-19, S3-21
test('a wait ends with a deletion, and does not sleep on when the key comes back', () => {
  const desk = deskWith('a')
  desk.ask(waitFor('a', 1n), 2n)
  expect(heard(desk, remove('a'))).toEqual([[2, 'read', null]])
  expect(heard(desk, waitFor('a', 1n), 2n)).toEqual([[2, 'NOT_FOUND']])
  desk.ask(create('a', 'x'))
  expect(heard(desk, waitFor('a', 1n), 2n)).toEqual([[2, 'read', 3]])
})

test('of a key that one commit changes twice, the last change is heard by those who wait', () => {
  const turn = new Turn()
  const counters = new Counters()
  const watches = new RecordWatches({
    limits: DEFAULT_LIMITS,
    turn,
    counters,
    outside: new Outside(),
    deadlines: new Deadlines(),
  })
  const session = new Session(1n, { timeoutMs: 1, description: '', protectionKey: bytes('') })
  session.stream = 1
  const key = bytes('a')
  const last = { key, value: key, version: 2n, createdVersion: 2n, lease: 0n }
  const told: readonly RecordChange[] = [
    { kind: 'deleted', key, version: 2n },
    { kind: 'put', record: last },
  ]
  for (const changes of [told, told.toReversed()]) {
    const asked = { stream: 1, session: 1n, requestId: 1n }
    watches.wait(session, { kind: 'wait-record', ...asked, key, version: 1n })
    watches.tell(counters.takeCommit(), changes)
    const record = changes === told ? last : null
    expect(turn.end().events).toEqual([{ kind: 'record-read', stream: 1, requestId: 1n, record }])
  }
})

test('a watch is answered once, with all that the next commit changes in its range', () => {
  const desk = deskWith('a', 'b', 'c')
  expect(heard(desk, watch('b', 'd', 3n), 2n)).toEqual([])
  expect(heard(desk, commit(['a', 'd']))).toEqual([])
  expect(heard(desk, commit(['a', 'b', '-c', 'c2', 'd']))).toEqual([
    [2, 'changed', ['b=5', '-c=5', 'c2=5'], 5],
  ])
  expect(heard(desk, commit(['b']))).toEqual([])
})

test('the start of a range belongs to it, the end does not, and null is the end of all keys', () => {
  const desk = deskWith()
  desk.ask(watch('b', 'c', 0n), 2n)
  desk.ask(watch('b', null, 0n), 3n)
  desk.ask(watch('', 'b\0', 0n), 4n)
  expect(heard(desk, put('b', 'x'))).toEqual([
    [4, 'changed', ['b=1'], 1],
    [2, 'changed', ['b=1'], 1],
    [3, 'changed', ['b=1'], 1],
  ])
  desk.ask(watch('b', 'c', 1n), 2n)
  desk.ask(watch('b', null, 1n), 3n)
  expect(heard(desk, put('c', 'x'))).toEqual([[3, 'changed', ['c=2'], 2]])
  desk.ask(watch('', 'b\0', 1n), 4n)
  expect(heard(desk, put('b\0', 'x'))).toEqual([[2, 'changed', ['b\0=3'], 3]])
  expect(heard(desk, put('\u00ff\u00ff', 'x'))).toEqual([])
})

test('a watch of no keys, or from a version that is to come, is refused', () => {
  const desk = deskWith('a')
  const long = 'k'.repeat(1026)
  for (const question of [
    watch('b', 'a', 1n),
    watch('b', 'b', 1n),
    watch('', '', 1n),
    watch('a', 'b', 2n),
    watch(long, null, 1n),
    watch('', long, 1n),
  ]) {
    expect(heard(desk, question)).toEqual([[1, 'INVALID_ARGUMENT']])
  }
  expect(heard(desk, watch(long.slice(1), null, 1n))).toEqual([])
  expect(desk.node.kernel.statistics().recordWatches).toBe(1)
})

test('a version of a lease is a version to watch from', () => {
  const desk = deskWith('a')
  desk.ask(grant(1000n))
  expect(heard(desk, watch('a', null, 2n), 2n)).toEqual([])
  expect(heard(desk, put('a', 'y'))).toEqual([[2, 'changed', ['a=3'], 3]])
})

// S3-26, S3-28
test('the records of a lease that ends leave in one answer', () => {
  const desk = deskWith()
  desk.ask(grant(1000n))
  for (const key of ['a', 'b', 'c']) desk.ask(put(key, 'x', { lease: 1n }))
  desk.ask(watch('', null, 4n), 2n)
  desk.ask(waitFor('b', 3n), 3n)
  expect(heardOf(desk.node.advance(1000).events)).toEqual([
    [3, 'read', null],
    [2, 'changed', ['-a=5', '-b=5', '-c=5'], 5],
  ])
  desk.ask(grant(1000n))
  desk.ask(put('a', 'x', { lease: 6n }))
  desk.ask(watch('', null, 7n), 2n)
  expect(heard(desk, release(6n))).toEqual([[2, 'changed', ['-a=8'], 8]])
})

test('what was taken back is not answered, and nobody takes back what is not his', () => {
  const desk = deskWith('a')
  desk.tell(waitFor('a', 1n), 2n)
  const wait = desk.asked
  desk.tell(watch('a', null, 1n), 2n)
  const watching = desk.asked
  expect(desk.tell(forget(wait), 3n)).toEqual([])
  expect(desk.node.kernel.statistics().recordWatches).toBe(2)
  expect(desk.tell(forget(wait), 2n)).toEqual([])
  expect(desk.tell(forget(wait), 2n)).toEqual([])
  expect(heard(desk, put('a', 'y'))).toEqual([[2, 'changed', ['a=2'], 2]])
  expect(desk.tell(forget(watching), 2n)).toEqual([])
  expect(desk.node.kernel.statistics().recordWatches).toBe(0)
})

test('waits and watches end without a word when their session leaves its stream', () => {
  const desk = deskWith('a')
  const { node } = desk
  const leave = [
    () => node.detach(2n),
    () => node.attach(2n),
    () => node.kernel.apply({ kind: 'stop', stream: 2, session: 2n, requestId: 9n }, node.nowMs),
  ]
  for (const leaves of leave) {
    node.attach(2n)
    desk.tell(waitFor('a', 1n), 2n)
    desk.tell(watch('a', null, 1n), 2n)
    desk.tell(watch('a', 'b', 1n), 2n)
    expect(node.kernel.statistics().recordWatches).toBe(3)
    expect(leaves().events.filter(({ kind }) => kind.startsWith('record'))).toEqual([])
    expect(node.kernel.statistics().recordWatches).toBe(0)
  }
  expect(heard(desk, put('a', 'y'))).toEqual([])
})

test('waits and watches have a limit together, and those that are answered at once do not count', () => {
  const desk = new Desk({ recordWatchesMax: 2 })
  desk.ask(create('a', 'x'))
  desk.ask(waitFor('a', 1n))
  desk.ask(watch('b', null, 1n))
  expect(heard(desk, waitFor('a', 1n))).toEqual([[1, 'PRECONDITION_FAILED']])
  expect(heard(desk, watch('b', 'c', 1n))).toEqual([[1, 'PRECONDITION_FAILED']])
  expect(heard(desk, watch('a', 'b', 0n))).toEqual([[1, 'changed', ['a=1'], 1]])
  expect(heard(desk, waitFor('a', 0n))).toEqual([[1, 'read', 1]])
  desk.ask(put('a', 'y'))
  expect(heard(desk, watch('b', 'c', 2n))).toEqual([])
})

test('a session does not wait twice under one number', () => {
  const desk = deskWith('a')
  const { kernel } = desk.node
  const asked = { stream: 2, session: 2n, requestId: 7n, key: bytes('a'), version: 1n }
  expect(kernel.apply({ kind: 'wait-record', ...asked }, 0).events).toEqual([])
  expect(heardOf(kernel.apply({ kind: 'wait-record', ...asked }, 0).events)).toEqual([
    [2, 'INVALID_ARGUMENT'],
  ])
  expect(heard(desk, put('a', 'y'))).toEqual([[2, 'read', 2]])
})

test('1,000 watches of one range and 10,000 of small ones do not slow what they do not watch', () => {
  const desk = new Desk()
  for (let number = 0; number < 10_000; number++) {
    desk.tell(watch(`small/${number}/`, `small/${number}0`, 0n), 2n)
  }
  for (let number = 0; number < 1_000; number++) desk.tell(watch('one/', 'one0', 0n), 2n)
  const { kernel } = desk.node
  const asked = { stream: 1, session: 1n, requestId: 1n }
  let told = 0
  for (let number = 0; number < 20_000; number++) {
    const key = bytes(`other/${number}`)
    const put = { kind: 'put-record', ...asked, key, value: key, lease: null } as const
    told += kernel.apply(put, 0).events.length
  }
  expect(told).toBe(20_000)
  expect(heard(desk, put('one/of', 'x'))).toHaveLength(1_000)
  expect(heard(desk, put('small/77/x', 'x'))).toHaveLength(1)
  expect(kernel.statistics().recordWatches).toBe(9_999)
})
