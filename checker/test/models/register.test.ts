/**
 * What a semaphore's data can have been, and what not.
 *
 * guards: L1, L2
 */
import {
  closeAtFirstRead,
  explain,
  check,
  type Operation,
  type RegisterInput,
  registerModel,
  type RegisterOutput,
  registerWriting,
} from '@tenure/checker'
import { expect, test } from 'vitest'
import { opOf, verdictOf } from '../named.ts'

type Step = Operation<RegisterInput, RegisterOutput>

const op = opOf<RegisterInput, RegisterOutput>()

const done = { kind: 'done' } as const
const update = (data: string): RegisterInput => ({ kind: 'update', data })
const described = (data: string): RegisterOutput => ({ kind: 'described', data, limit: 1n })
const refused = (code: 'ALREADY_EXISTS' | 'NOT_FOUND' | 'PRECONDITION_FAILED'): RegisterOutput => ({
  kind: 'refused',
  code,
})
const created = op('a', { kind: 'create', data: 'x', limit: 1n }, done, [1, 2])

const read = (data: string, at: number): Step =>
  op('c', { kind: 'describe' }, described(data), [at, at + 1])
const reads = (...seen: string[]): Step[] => seen.map((data, at) => read(data, 5 + 2 * at))

function verdict(...history: Step[]): string {
  return verdictOf(registerModel, [created, ...history])
}

test('what was written is read', () => {
  expect(
    verdict(
      op('a', update('y'), done, [3, 4]),
      op('b', { kind: 'describe' }, described('y'), [5, 6]),
    ),
  ).toBe('linearizable')
})

test('a stale read is a violation', () => {
  expect(
    verdict(
      op('a', update('y'), done, [3, 4]),
      op('b', { kind: 'describe' }, described('x'), [5, 6]),
    ),
  ).toBe('violation')
})

test('two readers see two writes that were open together in one order', () => {
  const writes = [op('a', update('y'), done, [3, 20]), op('b', update('z'), done, [3, 20])]
  expect(verdict(...writes, ...reads('y', 'z'))).toBe('linearizable')
  expect(verdict(...writes, ...reads('z', 'y'))).toBe('linearizable')
  expect(verdict(...writes, ...reads('y', 'z', 'y'))).toBe('violation')
})

test('an acknowledged write that was lost is a violation', () => {
  expect(
    verdict(
      op('a', update('y'), done, [3, 4]),
      op('b', update('z'), done, [5, 6]),
      op('c', { kind: 'describe' }, described('y'), [7, 8]),
    ),
  ).toBe('violation')
})

test('a write without an answer took effect once, later or never', () => {
  const write = op('a', update('y'), null, [3])
  expect(verdict(write, read('x', 5), read('x', 7))).toBe('linearizable')
  expect(verdict(write, read('x', 5), read('y', 7))).toBe('linearizable')
  expect(verdict(write, read('y', 5), read('x', 7))).toBe('violation')
  expect(verdict(write, read('y', 5), op('b', update('z'), done, [7, 8]), read('y', 9))).toBe(
    'violation',
  )
})

test('a write without an answer is not seen before it was asked for', () => {
  expect(
    verdict(op('b', { kind: 'describe' }, described('y'), [3, 4]), op('a', update('y'), null, [5])),
  ).toBe('violation')
})

test('what was deleted does not come back', () => {
  const deleted = op('a', { kind: 'delete' }, done, [3, 4])
  expect(verdict(deleted, op('b', { kind: 'describe' }, refused('NOT_FOUND'), [5, 6]))).toBe(
    'linearizable',
  )
  expect(verdict(deleted, op('b', { kind: 'describe' }, described('x'), [5, 6]))).toBe('violation')
  expect(verdict(deleted, op('b', update('y'), done, [5, 6]))).toBe('violation')
})

test('a second creation is refused, and only then', () => {
  const again: RegisterInput = { kind: 'create', data: 'y', limit: 1n }
  expect(verdict(op('b', again, refused('ALREADY_EXISTS'), [3, 4]))).toBe('linearizable')
  expect(verdict(op('b', again, done, [3, 4]))).toBe('violation')
  expect(verdictOf(registerModel, [op('b', again, refused('ALREADY_EXISTS'), [3, 4])])).toBe(
    'violation',
  )
})

test('a deletion may be refused because of owners that the register does not know', () => {
  expect(verdict(op('b', { kind: 'delete' }, refused('PRECONDITION_FAILED'), [3, 4]))).toBe(
    'linearizable',
  )
})

test('the limit never changes', () => {
  const seen: RegisterOutput = { kind: 'described', data: 'x', limit: 2n }
  expect(verdict(op('b', { kind: 'describe' }, seen, [3, 4]))).toBe('violation')
})

test('an unanswered update that nobody saw is left out, one that was seen ends there', () => {
  const unseen = op('a', update('y'), null, [3])
  const seen = op('b', update('z'), null, [3])
  const read = op('c', { kind: 'describe' }, described('z'), [8, 9])
  expect(closeAtFirstRead([created, unseen, seen, read], registerWriting)).toEqual([
    created,
    { ...seen, returnedAt: 9 },
    read,
  ])
})

test('an answered write ends at its first reader too', () => {
  const write = op('a', update('y'), done, [3, 20])
  expect(closeAtFirstRead([created, write, read('y', 5)], registerWriting)).toEqual([
    created,
    { ...write, returnedAt: 6 },
    read('y', 5),
  ])
})

test('an unanswered creation that nobody saw stays, and so does a value that two have written', () => {
  const history: Step[] = [
    op('a', { kind: 'create', data: 'y', limit: 1n }, null, [1]),
    op('b', update('z'), null, [3]),
    op('c', update('z'), null, [3]),
  ]
  expect(closeAtFirstRead(history, registerWriting)).toEqual(history)
})

test('a violation says how far the history is possible and where it is stuck', () => {
  const verdict = check(registerModel, [
    created,
    op('a', update('y'), done, [3, 4]),
    op('b', update('z'), null, [3]),
    op('c', { kind: 'describe' }, described('x'), [5, 8]),
    op('d', { kind: 'delete' }, refused('NOT_FOUND'), [6, 7]),
  ])
  expect(`\n${explain(verdict)}\n`).toMatchInlineSnapshot(`
    "
    not linearizable: of the operations that were answered, the longest possible order ends after 3
      1. a: create limit 1 data x -> done @ 1..2
      2. a: update data y -> done @ 3..4
      3. b: update data z -> no answer @ 3..
    then the object is: limit 1 data z
    and none of these can come next, the first of which had to:
      - d: delete -> NOT_FOUND @ 6..7
      - c: describe -> limit 1 data x @ 5..8
    "
  `)
})
