/**
 * The judges of the storm: each finds what it is there for, and nothing in a history that is right.
 *
 * guards: X1, X2, X3, X4, X5, S1, S2, S3, S4, S6, S7, W1, W2, L1, L2
 */
import { expect, test } from 'vitest'
import { excerptOf } from '../full/storm/excerpt.ts'
import { judge } from '../full/storm/judges/judge.ts'
import { ABORTED, BAD_REQUEST } from '../full/storm/status.ts'
import { MadeHistory } from './made-history.ts'

const REGISTERS = ['register']

const found = ({ history }: MadeHistory): string[] =>
  [...new Set(judge(history, REGISTERS).map(({ id }) => id))].sort()

type Tell = (told: MadeHistory) => void

const HARMLESS: ReadonlyArray<readonly [what: string, tell: Tell]> = [
  [
    'one after the other',
    (told) => {
      const [one, two] = [told.session(), told.session()]
      told.acquire(one, 10, { count: 5n })
      told.release(one, 20)
      told.acquire(two, 20, { count: 5n, seenOrder: 1n })
    },
  ],
  [
    'a lock of one who may have died',
    (told) => {
      told.acquire(told.session({ contactAt: 10 }), 10, { count: 5n })
      told.acquire(told.session(), 2_010, { count: 5n })
    },
  ],
  [
    'a waiter that gives up in time',
    (told) => {
      told.acquire(told.session(), 10, { count: 5n })
      const vain = {
        timeoutMs: 100,
        pendingAt: 21,
        returnedAt: 125,
        acquired: false,
        orderId: null,
      }
      told.acquire(told.session(), 20, vain)
    },
  ],
  [
    'a late answer while the server is paused',
    (told) => {
      told.acquire(told.session(), 10, { count: 5n })
      told.fault('pause', 50, 3_000)
      const vain = {
        timeoutMs: 100,
        pendingAt: 21,
        returnedAt: 3_010,
        acquired: false,
        orderId: null,
      }
      told.acquire(told.session(), 20, vain)
    },
  ],
  [
    'a write without an answer that is seen, and one that is not',
    (told) => {
      const [one, two] = [told.session(), told.session()]
      told.write(one, 10, { kind: 'create', value: 'a' })
      told.write(one, 20, { value: 'b', returnedAt: Infinity, status: 0 })
      told.describe(two, 30, { semaphore: 'register', data: 'a', limit: 1n })
      told.describe(two, 40, { semaphore: 'register', data: 'b', limit: 1n })
      told.write(two, 50, { value: 'c', returnedAt: Infinity, status: 0 })
      told.describe(two, 60, { semaphore: 'register', data: 'b', limit: 1n })
    },
  ],
]

test.for(HARMLESS)('nothing is wrong with %s', ([, tell]) => {
  const told = new MadeHistory()
  tell(told)
  expect(found(told)).toEqual([])
})

const owner = { sessionId: 1n, count: 5n, orderId: 7n }
const watching = { semaphore: 'register', watchAdded: true, limit: 1n, data: 'a' } as const
const watches = { data: true, owners: false }

const WRONG: ReadonlyArray<readonly [what: string, ids: readonly string[], tell: Tell]> = [
  [
    'more is held than there is',
    ['X1'],
    (told) => {
      told.acquire(told.session(), 10, { count: 3n })
      told.acquire(told.session(), 20, { count: 3n, seenOrder: 1n })
    },
  ],
  [
    'a lock is granted before its holder can have died',
    ['X1'],
    (told) => {
      told.acquire(told.session({ contactAt: 10 }), 10, { count: 5n })
      told.acquire(told.session(), 2_000, { count: 5n })
    },
  ],
  [
    'a lock is granted within the grace period behind a kill',
    ['X1'],
    (told) => {
      told.acquire(told.session({ contactAt: 10 }), 10, { count: 5n })
      told.fault('kill', 1_000, 1_500)
      told.acquire(told.session(), 4_000, { count: 5n })
    },
  ],
  [
    'a pause of the server is held against one who was there',
    ['X1'],
    (told) => {
      told.acquire(told.session({ contactAt: 950 }), 10, { count: 5n })
      told.fault('pause', 1_000, 4_000)
      told.acquire(told.session(), 4_500, { count: 5n })
    },
  ],
  [
    'a description shows more held than there is',
    ['X1'],
    (told) => {
      told.describe(told.session(), 10, { limit: 5n, owners: [{ ...owner, count: 6n }] })
    },
  ],
  [
    'a session stands in two places',
    ['X4'],
    (told) => {
      told.describe(told.session(), 10, { owners: [owner], waiters: [{ ...owner, orderId: 8n }] })
    },
  ],
  [
    'the first waiter would fit',
    ['X3'],
    (told) => {
      told.describe(told.session(), 10, { waiters: [{ ...owner, count: 5n }] })
    },
  ],
  [
    'an owner came later than a waiter',
    ['X3'],
    (told) => {
      const waiter = { sessionId: 2n, count: 1n, orderId: 6n }
      told.describe(told.session(), 10, { owners: [owner], waiters: [waiter] })
    },
  ],
  [
    'somebody is granted past one who waited all the time',
    ['X3'],
    (told) => {
      const vain = {
        pendingAt: 11,
        returnedAt: 500,
        status: ABORTED,
        acquired: false,
        orderId: null,
      }
      const waiter = told.session()
      told.acquire(waiter, 10, { count: 5n, ...vain })
      told.acquire(told.session(), 100)
      told.release(waiter, 499)
    },
  ],
  [
    'a token is given twice',
    ['X2'],
    (told) => {
      told.acquire(told.session(), 10, { orderId: 9n })
      told.acquire(told.session(), 20, { orderId: 9n })
    },
  ],
  [
    'a token is smaller than one that was seen before',
    ['X2'],
    (told) => {
      told.acquire(told.session(), 10, { orderId: 3n, seenOrder: 8n })
    },
  ],
  [
    'an owner that takes less gets another token',
    ['X4'],
    (told) => {
      const session = told.session()
      told.acquire(session, 10, { count: 3n, orderId: 1n })
      told.acquire(session, 20, { count: 2n, orderId: 2n })
    },
  ],
  [
    'an owner may take more',
    ['X4'],
    (told) => {
      const session = told.session()
      told.acquire(session, 10, { count: 2n, orderId: 1n })
      told.acquire(session, 20, { count: 3n, orderId: 1n })
    },
  ],
  [
    'an owner is not described',
    ['L1'],
    (told) => {
      told.acquire(told.session(), 10)
      told.describe(told.session(), 20, {})
    },
  ],
  [
    'one that asked in passing is found in the line',
    ['X5'],
    (told) => {
      const session = told.session()
      told.acquire(session, 10, { timeoutMs: 0, acquired: false, orderId: null })
      told.describe(told.session(), 20, { owners: [{ ...owner, sessionId: session.id }] })
    },
  ],
  [
    'a waiter gives up too early',
    ['X5'],
    (told) => {
      const vain = {
        timeoutMs: 100,
        pendingAt: 11,
        returnedAt: 109,
        acquired: false,
        orderId: null,
      }
      told.acquire(told.session(), 10, vain)
    },
  ],
  [
    'a waiter is left waiting',
    ['X5'],
    (told) => {
      const vain = {
        timeoutMs: 100,
        pendingAt: 11,
        returnedAt: 1_200,
        acquired: false,
        orderId: null,
      }
      told.acquire(told.session(), 10, vain)
    },
  ],
  [
    'a session is gone before its time',
    ['S1'],
    (told) => {
      told.session({ contactAt: 1_000, expiredAt: 2_900 })
    },
  ],
  [
    'a stream is failed in a way that ends its session',
    ['S7'],
    (told) => {
      const { attachments } = told.session()
      for (const one of attachments) Object.assign(one, { failure: 400_150, failedAt: 50 })
    },
  ],
  [
    'a stream is told that its session was taken, and nobody took it',
    ['S7'],
    (told) => {
      const { attachments } = told.session()
      for (const one of attachments) Object.assign(one, { failure: 400_100, failedAt: 50 })
    },
  ],
  [
    'a session id is given again',
    ['S6'],
    (told) => {
      told.history.sessions.push({ ...told.session(), actor: 'another' })
    },
  ],
  [
    'a dead client keeps its lock',
    ['S2'],
    (told) => {
      const ghost = told.session({ contactAt: 90, silentAt: 100 })
      const heir = told.acquire(told.session(), 200, { pendingAt: 201, returnedAt: 6_000 })
      told.history.inheritances.push({ ghost, heir, seenUntil: 7_000 })
    },
  ],
  [
    'a dead client keeps its lock for ever',
    ['S2'],
    (told) => {
      const ghost = told.session({ contactAt: 90, silentAt: 100 })
      const never = { pendingAt: 201, returnedAt: Infinity, status: 0, acquired: false }
      const heir = told.acquire(told.session(), 200, {
        ...never,
        timeoutMs: Infinity,
        orderId: null,
      })
      told.history.inheritances.push({ ghost, heir, seenUntil: 7_000 })
    },
  ],
  [
    'a change is not told',
    ['W1'],
    (told) => {
      const session = told.session()
      told.write(session, 10, { kind: 'create', value: 'a' })
      told.describe(session, 20, { ...watching, watches })
      told.write(told.session(), 30)
    },
  ],
  [
    'a change is passed over by what was answered behind it, though there was a fault',
    ['W1'],
    (told) => {
      const session = told.session()
      told.write(session, 10, { kind: 'create', value: 'a' })
      told.describe(session, 20, { ...watching, watches, silentUntil: 40 })
      told.write(told.session(), 30)
      told.fault('pause', 35, 5_000)
    },
  ],
  [
    'a change is told that nobody made',
    ['W1'],
    (told) => {
      const session = told.session()
      told.write(session, 10, { kind: 'create', value: 'a' })
      const changed = { data: true, owners: false }
      told.describe(session, 20, { ...watching, watches, changedAt: 30, changed })
    },
  ],
  [
    'a register shows a value that was overwritten',
    ['L1'],
    (told) => {
      const session = told.session()
      told.write(session, 10, { kind: 'create', value: 'a' })
      told.write(session, 20, { value: 'b' })
      told.describe(session, 30, { semaphore: 'register', data: 'a', limit: 1n })
    },
  ],
  [
    'a write without an answer takes effect behind a later one of its session',
    ['L1'],
    (told) => {
      const [session, reader] = [told.session(), told.session()]
      told.write(session, 10, { kind: 'create', value: 'a' })
      told.write(session, 20, { value: 'b', returnedAt: Infinity, status: 0 })
      told.write(session, 30, { value: 'c' })
      told.describe(reader, 40, { semaphore: 'register', data: 'c', limit: 1n })
      told.describe(reader, 50, { semaphore: 'register', data: 'b', limit: 1n })
    },
  ],
]

test.for(WRONG)('it is found when %s', ([, ids, tell]) => {
  const told = new MadeHistory()
  tell(told)
  expect(found(told)).toEqual(ids)
})

test('data that were said to have changed must not be seen again', () => {
  const told = new MadeHistory()
  const session = told.session()
  const changed = { data: true, owners: false }
  told.write(session, 10, { kind: 'create', value: 'a' })
  told.describe(session, 20, { ...watching, watches, changedAt: 40, changed })
  told.write(told.session(), 30, { value: 'b', returnedAt: 60 })
  told.describe(session, 50, { semaphore: 'register', data: 'a', limit: 1n })
  expect(found(told)).toContain('W2')
})

test('a refusal of more does not end what is held', () => {
  const told = new MadeHistory()
  const session = told.session()
  told.acquire(session, 10, { count: 3n })
  told.acquire(session, 20, { count: 4n, status: BAD_REQUEST, acquired: false, orderId: null })
  told.acquire(told.session(), 30, { count: 3n, seenOrder: 1n })
  expect(found(told)).toEqual(['X1'])
})

test('an excerpt tells what led to a violation, in the order of time', () => {
  const told = new MadeHistory()
  told.acquire(told.session(), 10, { count: 3n })
  told.acquire(told.session(), 20, { count: 3n, seenOrder: 1n })
  const [violation] = judge(told.history, REGISTERS)
  const lines = violation === undefined ? [] : excerptOf(told.history, violation).split('\n')
  expect(lines[0]).toBe('X1: 6 of 5 of pool were held for certain')
  expect(lines.filter((line) => line.includes('acquires 3 of pool'))).toHaveLength(2)
})
