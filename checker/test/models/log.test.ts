/**
 * What a task of the log can have gone through, and what not.
 *
 * guards: J1, J2, J3, J5
 */
import { type LogInput, logModel, type LogOutput, type Operation } from '@tenure/checker'
import { expect, test } from 'vitest'
import { opOf, verdictOf } from '../named.ts'

type Step = Operation<LogInput, LogOutput>

const op = opOf<LogInput, LogOutput>()

const done: LogOutput = { kind: 'done' }
const append = (record: string, attempt = 0): LogInput => ({ kind: 'append', attempt, record })
const handedOut = (attempt: number, ...records: string[]): LogOutput => ({
  kind: 'handed-out',
  attempt,
  records,
})
const opened = op('a', { kind: 'open', record: 'x' }, done, [1, 2])
const stored = op('a', { kind: 'store', attempt: 0 }, done, [5, 6])
const handOut = (output: LogOutput, at = 7): Step =>
  op('h', { kind: 'hand-out' }, output, [at, at + 1])

const late = (answer: LogOutput): Step => op('a', append('y'), answer, [9, 10])
const look = (records: readonly string[] | null, at: number): Step =>
  op('b', { kind: 'read' }, { kind: 'read', records }, [at, at + 1])

function verdict(...history: Step[]): string {
  return verdictOf(logModel, [opened, ...history])
}

test('records come back complete and in order', () => {
  const appended = op('a', append('y'), done, [3, 4])
  expect(verdict(appended, stored, handOut(handedOut(1, 'x', 'y')))).toBe('linearizable')
  expect(verdict(appended, stored, handOut(handedOut(1, 'y', 'x')))).toBe('violation')
  expect(verdict(appended, stored, handOut(handedOut(1, 'x')))).toBe('violation')
})

test('an append without an answer is there once or not at all', () => {
  const lost = op('a', append('y'), null, [3])
  expect(verdict(lost, stored, handOut(handedOut(1, 'x')))).toBe('linearizable')
  expect(verdict(lost, stored, handOut(handedOut(1, 'x', 'y')))).toBe('linearizable')
  expect(verdict(lost, stored, handOut(handedOut(1, 'x', 'y', 'y')))).toBe('violation')
})

test('a replacement is seen whole', () => {
  const replaced = op('a', { kind: 'replace', attempt: 0, record: 'z' }, done, [3, 9])
  expect(verdict(replaced, look(['x'], 4))).toBe('linearizable')
  expect(verdict(replaced, look(['z'], 4))).toBe('linearizable')
  expect(verdict(replaced, look([], 4))).toBe('violation')
  expect(verdict(replaced, look(['x', 'z'], 4))).toBe('violation')
})

test('nobody is handed a task that has a live operator', () => {
  expect(verdict(handOut(handedOut(1, 'x')))).toBe('violation')
  const lost = op('a', { kind: 'lose', attempt: 0 }, null, [3])
  expect(verdict(lost, handOut(handedOut(1, 'x')))).toBe('linearizable')
  expect(verdict(lost, handOut(handedOut(1, 'x')), handOut(handedOut(2, 'x'), 9))).toBe('violation')
})

test('each hand-out has a greater attempt', () => {
  const again = op('h', { kind: 'store', attempt: 1 }, done, [9, 10])
  const first = handOut(handedOut(1, 'x'))
  expect(verdict(stored, first, again, handOut(handedOut(2, 'x'), 11))).toBe('linearizable')
  expect(verdict(stored, first, again, handOut(handedOut(4, 'x'), 11))).toBe('linearizable')
  expect(verdict(stored, first, again, handOut(handedOut(1, 'x'), 11))).toBe('violation')
})

test('an operation of an older attempt is refused', () => {
  expect(verdict(stored, handOut(handedOut(1, 'x')), late({ kind: 'stale' }))).toBe('linearizable')
  expect(verdict(stored, handOut(handedOut(1, 'x')), late(done))).toBe('violation')
  expect(verdict(late({ kind: 'stale' }))).toBe('violation')
})

test('after a store nothing more is written by the same operator', () => {
  expect(verdict(stored, late({ kind: 'closed' }))).toBe('linearizable')
  expect(verdict(stored, late(done))).toBe('violation')
})

test('a task ends only by deletion, and then for good', () => {
  expect(verdict(stored, look(null, 9))).toBe('violation')
  const deleted = op('a', { kind: 'delete', attempt: 0 }, done, [5, 6])
  expect(verdict(deleted, look(null, 9))).toBe('linearizable')
  expect(verdict(deleted, look(['x'], 9))).toBe('violation')
  expect(verdict(deleted, handOut(handedOut(1, 'x')))).toBe('violation')
})

test('a task is dropped only while nobody drives it', () => {
  const dropped = op('b', { kind: 'drop' }, done, [7, 8])
  expect(verdict(stored, dropped, look(null, 9))).toBe('linearizable')
  expect(verdict(stored, dropped, handOut(handedOut(1, 'x'), 9))).toBe('violation')
  expect(verdict(dropped)).toBe('violation')
})
