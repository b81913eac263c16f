/**
 * What a key of the leased store can have been, and what not.
 *
 * The rules are those of K1, K2, K3.
 */
import {
  closeAtFirstRead,
  type Operation,
  type RecordInput,
  recordModel,
  type RecordOutput,
  recordWriting,
} from '@tenure/checker'
import { expect, test } from 'vitest'
import { opOf, verdictOf } from '../named.ts'

type Step = Operation<RecordInput, RecordOutput>

const op = opOf<RecordInput, RecordOutput>()

const create = (value: string, lease: bigint | null = null): RecordInput => ({
  kind: 'create',
  value,
  lease,
})
const put = (value: string): RecordInput => ({ kind: 'put', value, lease: null })
const cas = (version: bigint, value: string): RecordInput => ({ kind: 'cas', version, value })
const remove = (version: bigint | null = null): RecordInput => ({ kind: 'delete', version })
const written = (version: bigint): RecordOutput => ({ kind: 'written', version })
const found = (value: string, version: bigint): RecordOutput => ({
  kind: 'found',
  record: { value, version },
})
const missing: RecordOutput = { kind: 'not-found' }
const done: RecordOutput = { kind: 'done' }
const created = op('a', create('x'), written(3n), [1, 2])

const exists = (version: bigint): RecordOutput => ({
  kind: 'exists',
  record: { value: 'x', version },
})
const get = (answer: RecordOutput, at: number): Step =>
  op('c', { kind: 'get' }, answer, [at, at + 1])
const mayExpire = (at: number): Step => op('a', { kind: 'expire', lease: 9n }, null, [at])

function verdict(...history: Step[]): string {
  return verdictOf(recordModel, [created, ...history])
}

test('a compare-and-set needs the version that is there', () => {
  expect(verdict(op('b', cas(3n, 'y'), written(5n), [3, 4]))).toBe('linearizable')
  expect(verdict(op('b', cas(2n, 'y'), written(5n), [3, 4]))).toBe('violation')
})

test('of two who compare with one version only one writes', () => {
  const first = op('b', cas(3n, 'y'), written(5n), [3, 9])
  const inTheWay = { value: 'y', version: 5n }
  const second = (answer: RecordOutput): Step => op('c', cas(3n, 'z'), answer, [3, 9])
  expect(verdict(first, second({ kind: 'wrong-version', record: inTheWay }))).toBe('linearizable')
  expect(verdict(first, second(written(6n)))).toBe('violation')
})

test('a wrong version was really wrong', () => {
  const answer: RecordOutput = { kind: 'wrong-version', record: null }
  expect(verdict(op('b', cas(2n, 'y'), answer, [3, 4]))).toBe('linearizable')
  expect(verdict(op('b', cas(3n, 'y'), answer, [3, 4]))).toBe('violation')
})

test('versions grow, and are not used again after a deletion', () => {
  const gone = op('a', remove(), done, [3, 4])
  expect(verdict(gone, op('b', create('y'), written(7n), [5, 6]))).toBe('linearizable')
  expect(verdict(gone, op('b', create('y'), written(3n), [5, 6]))).toBe('violation')
  expect(verdict(op('b', put('y'), written(2n), [3, 4]))).toBe('violation')
})

test('a stale read, a lost write and a key that comes back are violations', () => {
  const wrote = op('b', put('y'), written(5n), [3, 4])
  expect(verdict(wrote, get(found('y', 5n), 5))).toBe('linearizable')
  expect(verdict(wrote, get(found('x', 3n), 5))).toBe('violation')
  expect(verdict(wrote, get(missing, 5))).toBe('violation')
  const gone = op('b', remove(3n), done, [3, 4])
  expect(verdict(gone, get(found('x', 3n), 5))).toBe('violation')
})

test('a second creation shows what stands in its way', () => {
  expect(verdict(op('b', create('y'), exists(3n), [3, 4]))).toBe('linearizable')
  expect(verdict(op('b', create('y'), exists(4n), [3, 4]))).toBe('violation')
})

test('the version of a write without an answer is learned from its first reader', () => {
  const lost = op('b', put('y'), null, [3])
  expect(verdict(lost, get(found('y', 8n), 5), get(found('y', 8n), 7))).toBe('linearizable')
  expect(verdict(lost, get(found('y', 8n), 5), get(found('y', 9n), 7))).toBe('violation')
  expect(verdict(lost, get(found('y', 2n), 5))).toBe('violation')
  expect(verdict(lost, get(found('y', 8n), 5), op('d', cas(8n, 'z'), written(8n), [7, 8]))).toBe(
    'violation',
  )
})

test('a compare-and-set can meet the unknown version of a write without an answer', () => {
  const lost = op('b', put('y'), null, [3])
  expect(verdict(lost, op('c', cas(4n, 'z'), written(6n), [5, 6]))).toBe('linearizable')
})

test('a record goes with the lease that made it, whoever wrote it later', () => {
  const leased = op('a', create('x', 9n), written(3n), [1, 2])
  const rewritten = op('b', cas(3n, 'y'), written(4n), [3, 4])
  const over = op('a', { kind: 'expire', lease: 9n }, done, [5, 6])
  expect(verdictOf(recordModel, [leased, rewritten, over, get(missing, 7)])).toBe('linearizable')
  expect(verdictOf(recordModel, [leased, rewritten, over, get(found('y', 4n), 7)])).toBe(
    'violation',
  )
  expect(verdict(over, get(found('x', 3n), 7))).toBe('linearizable')
})

test('a key is not gone before its lease can have ended', () => {
  const leased = op('a', create('x', 9n), written(3n), [1, 2])
  const gone = get(missing, 7)
  expect(verdictOf(recordModel, [leased, mayExpire(5), gone])).toBe('linearizable')
  expect(verdictOf(recordModel, [leased, mayExpire(9), gone])).toBe('violation')
})

test('an unanswered write that was seen ends there, one that nobody saw stays', () => {
  const seen = op('b', put('y'), null, [3])
  const unseen = op('b', put('z'), null, [3])
  const read = get(found('y', 8n), 5)
  expect(closeAtFirstRead([created, seen, unseen, read], recordWriting)).toEqual([
    created,
    { ...seen, returnedAt: 6 },
    unseen,
    read,
  ])
})
