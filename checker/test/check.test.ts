/**
 * The search by itself, on a register of numbers.
 *
 * guards: L1, L2
 */
import { check, closeAtNextAnswer, explain, type Model, PLACED_SHOWN_MAX } from '@tenure/checker'
import { expect, test } from 'vitest'
import { opOf, verdictOf } from './named.ts'

type Input = number | 'read'
type Output = number | 'written'

const register: Model<number, Input, Output> = {
  initial: 0,
  step: (state, input, output) => {
    if (input !== 'read') return [input]
    return output === null || output === state ? [state] : []
  },
  isSight: (input) => input === 'read',
  keyOf: (state) => `${state}`,
  describe: (input, output) =>
    input === 'read' ? `read -> ${output ?? 'no answer'}` : `write ${input}`,
}
const op = opOf<Input, Output>()

/** Writes 1, 2, 3, … one after the other. */
const writes = (count: number) =>
  Array.from({ length: count }, (_, at) => op('a', at + 1, 'written', [2 * at, 2 * at + 1]))

test('nothing is linearizable', () => {
  expect(check(register, [])).toEqual({ kind: 'linearizable' })
})

test('only unanswered operations are linearizable, since none must have been', () => {
  expect(verdictOf(register, [op('a', 1, null, [1]), op('b', 'read', null, [1])])).toBe(
    'linearizable',
  )
})

test('a read may see a write that was open at the same time, or not', () => {
  const write = op('a', 1, 'written', [1, 4])
  for (const seen of [0, 1]) {
    expect(verdictOf(register, [write, op('b', 'read', seen, [2, 3])])).toBe('linearizable')
  }
})

test('a read that was called after a write returned sees it', () => {
  const write = op('a', 1, 'written', [1, 2])
  expect(verdictOf(register, [write, op('b', 'read', 1, [3, 4])])).toBe('linearizable')
  expect(verdictOf(register, [write, op('b', 'read', 0, [3, 4])])).toBe('violation')
})

test('a call at the time of a return is concurrent with it', () => {
  const write = op('a', 1, 'written', [1, 2])
  expect(verdictOf(register, [write, op('b', 'read', 0, [2, 3])])).toBe('linearizable')
})

test('an unanswered operation happened before its end, or never', () => {
  const lost = op('a', 1, null, [1, 4])
  expect(verdictOf(register, [lost, op('b', 'read', 1, [5, 6])])).toBe('linearizable')
  expect(verdictOf(register, [lost, op('b', 'read', 0, [5, 6]), op('b', 'read', 1, [7, 8])])).toBe(
    'violation',
  )
})

test('a sight does not shut out what had to come before it', () => {
  expect(
    verdictOf(register, [
      op('a', 1, null, [1, 4]),
      op('b', 'read', 0, [5, 9]),
      op('c', 'read', 1, [2, 9]),
      op('d', 0, 'written', [2, 9]),
    ]),
  ).toBe('linearizable')
})

test('the order in which operations are given does not matter', () => {
  expect(verdictOf(register, writes(20).toReversed())).toBe('linearizable')
})

test('an operation that returned before it was called is refused', () => {
  expect(() => check(register, [op('a', 1, 'written', [2, 1])])).toThrow(RangeError)
  expect(() => check(register, [op('a', 1, 'written', [Number.NaN, 1])])).toThrow(RangeError)
})

test('a search beyond its budget is unknown', () => {
  const verdict = check(register, writes(20), { stepsMax: 5 })
  expect(verdict).toEqual({ kind: 'unknown', steps: 5 })
  expect(explain(verdict)).toBe('unknown: given up after 5 steps')
})

test('a search needs one step for each operation that can come in one place only', () => {
  expect(check(register, writes(20), { stepsMax: 20 }).kind).toBe('linearizable')
})

test('many writes at once and a read of none of them do not take all orders', () => {
  const together = Array.from({ length: 10 }, (_, at) => op(`a${at}`, at + 1, 'written', [1, 2]))
  const verdict = check(register, [...together, op('b', 'read', 99, [3, 4])], { stepsMax: 100_000 })
  expect(verdict.kind).toBe('violation')
})

test('an impasse names the longest order, the state and who could not follow, the most urgent first', () => {
  const verdict = check(register, [
    op('a', 1, 'written', [1, 2]),
    op('b', 'read', 7, [3, 9]),
    op('c', 'read', 8, [3, 5]),
  ])
  expect(verdict).toEqual({
    kind: 'violation',
    impasse: {
      placed: ['a: write 1 @ 1..2'],
      state: '1',
      stuckAt: ['c: read -> 8 @ 3..5', 'b: read -> 7 @ 3..9'],
    },
  })
})

test('an explanation shows the end of a long order', () => {
  const stuck = op('b', 'read', 0, [98, 99])
  const said = explain(check(register, [...writes(PLACED_SHOWN_MAX + 5), stuck]))
  expect(said).toContain('  … 5 before\n  6. a: write 6 @ 10..11\n')
  expect(said).toContain('\nthen the object is: 25\n')
  expect(explain(check(register, []))).toBe('linearizable')
})

test('an unanswered operation of an actor ends at the next answer that the actor got', () => {
  const lost = op('a', 1, null, [1])
  const other = op('b', 2, 'written', [2, 3])
  const next = op('a', 3, 'written', [4, 5])
  const last = op('a', 4, null, [6])
  expect(closeAtNextAnswer([lost, other, next, last])).toEqual([
    { ...lost, returnedAt: 5 },
    other,
    next,
    last,
  ])
})
