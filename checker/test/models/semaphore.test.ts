/**
 * What a semaphore's clients can have seen, and what not.
 *
 * guards: L1, L2, X1, X2, X3, X4
 */
import {
  check,
  explain,
  type Holding,
  type Operation,
  type SemaphoreAnswer,
  type SemaphoreCall,
  semaphoreModel,
  semaphoreOperations,
} from '@tenure/checker'
import { expect, test } from 'vitest'
import { opOf, verdictOf } from '../named.ts'

type Seen = Operation<SemaphoreCall, SemaphoreAnswer>

const op = opOf<SemaphoreCall, SemaphoreAnswer>()

const acquire = (session: bigint, count = 1n, timeoutMs = Infinity): SemaphoreCall => ({
  kind: 'acquire',
  session,
  count,
  timeoutMs,
})
const acquired = (token: bigint | null): SemaphoreAnswer => ({ kind: 'acquired', token })
const release = (session: bigint): SemaphoreCall => ({ kind: 'release', session })
const released: SemaphoreAnswer = { kind: 'released', released: true }
const missed: SemaphoreAnswer = { kind: 'not-acquired' }
const describe: SemaphoreCall = { kind: 'describe' }
const end = (session: bigint): SemaphoreCall => ({ kind: 'end', session })

type Shown = readonly (readonly [session: bigint, token: bigint, count?: bigint])[]
function described(owners: Shown, waiters: Shown): SemaphoreAnswer {
  return { kind: 'described', owners: owners.map(holding), waiters: waiters.map(holding) }
}
function holding([session, token, count = 1n]: Shown[number]): Holding {
  return { session, token, count }
}
const sight = (owners: Shown, waiters: Shown, at: number): Seen =>
  op('c', describe, described(owners, waiters), [at, at + 1])
/** The first session owns all. */
const held = (waiters: Shown, at: number): Seen => sight([[1n, 1n, 2n]], waiters, at)
const grant = (token: bigint): Seen => op('b', acquire(2n), acquired(token), [5, 6])
const lower = (token: bigint): Seen => op('a', acquire(1n, 1n), acquired(token), [3, 4])
const raise = (answer: SemaphoreAnswer): Seen => op('a', acquire(1n, 2n), answer, [3, 4])

/** Of a semaphore with limit 2. */
function verdict(...history: Seen[]): string {
  return verdictOf(semaphoreModel(2n), semaphoreOperations(history))
}

const bothUnits = op('a', acquire(1n, 2n), acquired(1n), [1, 2])
const oneUnit = op('a', acquire(1n), acquired(1n), [1, 2])

test('units come free by a release', () => {
  expect(
    verdict(
      bothUnits,
      op('a', release(1n), released, [3, 4]),
      op('b', acquire(2n), acquired(2n), [5, 6]),
    ),
  ).toBe('linearizable')
})

test('a grant beyond the limit is a violation', () => {
  expect(verdict(bothUnits, op('b', acquire(2n), acquired(2n), [3, 4]))).toBe('violation')
})

test('a grant that came while the release was open is possible', () => {
  expect(
    verdict(
      bothUnits,
      op('a', release(1n), released, [3, 9]),
      op('b', acquire(2n), acquired(2n), [4, 5]),
    ),
  ).toBe('linearizable')
})

test('a release without an answer may free the units, or not', () => {
  const lost = op('a', release(1n), null, [3])
  expect(verdict(bothUnits, lost, op('b', acquire(2n), acquired(2n), [5, 6]))).toBe('linearizable')
  expect(verdict(bothUnits, lost, op('b', acquire(2n, 1n, 0), missed, [5, 6]))).toBe('linearizable')
})

test('the units of a lost session are free only after it can have ended', () => {
  const next = op('b', acquire(2n), acquired(2n), [5, 6])
  expect(verdict(bothUnits, op('a', end(1n), null, [3]), next)).toBe('linearizable')
  expect(verdict(bothUnits, op('a', end(1n), null, [7]), next)).toBe('violation')
})

test('what a session held and waited for does not outlive it', () => {
  const over = op('a', end(1n), { kind: 'ended' }, [3, 4])
  expect(verdict(oneUnit, over, op('b', describe, described([], []), [5, 6]))).toBe('linearizable')
  expect(verdict(oneUnit, over, op('b', describe, described([[1n, 1n]], []), [5, 6]))).toBe(
    'violation',
  )
  expect(verdict(oneUnit, over, op('a', release(1n), released, [5, 6]))).toBe('violation')
})

test('a lost acquire of an ended session grants nothing any more', () => {
  const lost = op('a', acquire(1n), null, [1])
  const over = op('a', end(1n), { kind: 'ended' }, [3, 4])
  expect(verdict(lost, over, op('b', describe, described([[1n, 1n]], []), [5, 6]))).toBe(
    'violation',
  )
})

test('a small request does not overtake a big one', () => {
  const big = op('b', acquire(2n, 2n), acquired(2n), [3, 20])
  const seen = op('d', describe, described([[1n, 1n]], [[2n, 2n, 2n]]), [4, 5])
  const freed = op('a', release(1n), released, [10, 11])
  const behind = op('c', acquire(3n), acquired(3n), [6, 30])
  const gone = op('b', release(2n), released, [21, 22])
  expect(verdict(oneUnit, big, seen, freed, behind, gone)).toBe('linearizable')
  const overtaking = op('c', acquire(3n), acquired(3n), [6, 7])
  expect(verdict(oneUnit, big, seen, freed, overtaking, gone)).toBe('violation')
  expect(verdict(oneUnit, big, seen, op('c', acquire(3n, 1n, 0), acquired(3n), [6, 7]))).toBe(
    'violation',
  )
})

test('nobody sees free units that the first waiter could use', () => {
  const waits = op('b', acquire(2n), acquired(2n), [3, 20])
  const freed = op('a', release(1n), released, [4, 5])
  expect(verdict(bothUnits, waits, freed, sight([[2n, 2n]], [], 6))).toBe('linearizable')
  expect(verdict(bothUnits, waits, freed, sight([], [[2n, 2n]], 6))).toBe('violation')
})

test('a token is never given twice, and grows in the order of entering', () => {
  const freed = op('a', release(1n), released, [3, 4])
  expect(verdict(oneUnit, freed, grant(9n))).toBe('linearizable')
  expect(verdict(oneUnit, freed, grant(1n))).toBe('violation')
  expect(verdict(oneUnit, freed, grant(0n))).toBe('violation')
})

test('the counter skips tokens of acquires that were not answered', () => {
  const lost = op('b', acquire(2n), null, [3])
  expect(
    verdict(
      oneUnit,
      lost,
      op(
        'c',
        describe,
        described(
          [
            [1n, 1n],
            [2n, 4n],
          ],
          [],
        ),
        [5, 6],
      ),
      op('d', acquire(3n, 1n, 0), missed, [7, 8]),
    ),
  ).toBe('linearizable')
})

test('an acquire that was not answered and was seen keeps its place', () => {
  const lost = op('b', acquire(2n), null, [3])
  const seen = op(
    'c',
    describe,
    described(
      [
        [1n, 1n],
        [2n, 4n],
      ],
      [],
    ),
    [5, 6],
  )
  expect(verdict(oneUnit, lost, seen, op('d', acquire(3n, 1n, 0), acquired(5n), [7, 8]))).toBe(
    'violation',
  )
  expect(verdict(oneUnit, lost, seen, op('c', describe, described([[1n, 1n]], []), [7, 8]))).toBe(
    'violation',
  )
})

test('a lower re-acquire keeps place and token', () => {
  const sight = op('b', describe, described([[1n, 1n]], []), [5, 6])
  expect(verdict(bothUnits, lower(1n), sight)).toBe('linearizable')
  expect(verdict(bothUnits, lower(2n))).toBe('violation')
})

test('raising the count is refused', () => {
  expect(verdict(oneUnit, raise({ kind: 'refused' }))).toBe('linearizable')
  expect(verdict(oneUnit, raise(acquired(1n)))).toBe('violation')
  expect(verdict(raise({ kind: 'refused' }))).toBe('violation')
})

test('asking once leaves no trace', () => {
  const once = op('b', acquire(2n, 1n, 0), missed, [3, 4])
  expect(verdict(bothUnits, once, held([], 5))).toBe('linearizable')
  expect(verdict(bothUnits, once, held([[2n, 2n]], 5))).toBe('violation')
  expect(verdict(oneUnit, once)).toBe('violation')
})

test('a waiter whose time is over is gone, and was there before', () => {
  const timedOut = op('b', acquire(2n, 1n, 5), missed, [3, 9])
  expect(verdict(bothUnits, timedOut, held([[2n, 2n]], 5), held([], 12))).toBe('linearizable')
  expect(verdict(bothUnits, timedOut, held([[2n, 2n]], 12))).toBe('violation')
  expect(verdict(oneUnit, timedOut)).toBe('violation')
})

test('an acquire that another request of its session ended was in the queue', () => {
  const aborted = op('b', acquire(2n), { kind: 'aborted' }, [3, 9])
  const freed = op('b', release(2n), released, [7, 8])
  const sight = op('c', describe, described([[1n, 1n, 2n]], []), [10, 11])
  expect(verdict(bothUnits, aborted, freed, sight)).toBe('linearizable')
  expect(verdict(oneUnit, aborted)).toBe('violation')
})

test('an acquire that was given up may have been granted, and is given back', () => {
  const abandoned = op('b', acquire(2n), { kind: 'abandoned' }, [3, 4])
  expect(verdict(abandoned, sight([[2n, 1n]], [], 5), sight([], [], 7))).toBe('linearizable')
  expect(verdict(abandoned, sight([], [], 5))).toBe('linearizable')
})

test('a description without waiters says nothing of them', () => {
  const ownersOnly: SemaphoreAnswer = {
    kind: 'described',
    owners: [{ session: 1n, count: 2n, token: 1n }],
    waiters: null,
  }
  const waits = op('b', acquire(2n, 1n, 5), missed, [3, 9])
  expect(verdict(bothUnits, waits, op('c', describe, ownersOnly, [5, 6]))).toBe('linearizable')
})

test('an answer to another question is a mistake of the recorder', () => {
  expect(() => verdict(op('a', acquire(1n), released, [1, 2]))).toThrow(TypeError)
  expect(() => verdict(op('a', release(1n), missed, [1, 2]))).toThrow(TypeError)
})

test('a double grant is explained by who held the units', () => {
  const history: Seen[] = [
    bothUnits,
    op('b', acquire(2n), acquired(2n), [3, 9]),
    op('c', acquire(3n, 1n, 0), missed, [5, 6]),
  ]
  const said = explain(check(semaphoreModel(2n), semaphoreOperations(history)))
  expect(`\n${said}\n`).toMatchInlineSnapshot(`
    "
    not linearizable: of the operations that were answered, the longest possible order ends after 4
      1. a: enqueue 1 count 2 -> entered #1 @ 1..2
      2. a: granted 1 -> done #1 @ 1..2
      3. c: enqueue 3 count 1 once -> missed @ 5..6
      4. b: enqueue 2 count 1 -> entered #2 @ 3..9
    then the object is: owners [1x2#1] waiters [2x1#2] last 2 ended []
    and none of these can come next, the first of which had to:
      - b: granted 2 -> done #2 @ 3..9
    "
  `)
})

test('who asks again for what it holds says nothing about the time at which others entered', () => {
  // The second session waits behind the first from 3 on, so the third is not served at 5.
  expect(
    verdict(
      op('a', acquire(1n), acquired(1n), [1, 2]),
      op('b', acquire(2n, 2n), acquired(2n), [3, 12]),
      op('c', acquire(3n, 1n, 0), missed, [5, 6]),
      op('a', acquire(1n), acquired(1n), [7, 8]),
      op('a', release(1n), released, [9, 10]),
    ),
  ).toBe('linearizable')
})
