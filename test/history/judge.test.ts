/**
 * The judge of histories bites: each history here is wrong in one way, and is found out.
 *
 * guards: L1, L3, D2, X1, X2, X3, S3, S6, W3
 */
import { expect, test } from 'vitest'
import type {
  Answer,
  Call,
  History,
  Holding,
  Life,
  Observation,
  Seen,
  Sighting,
} from './history.ts'
import { judge } from './judge.ts'

const DONE: Answer = { kind: 'done' }
const NOTHING: History = { observations: [], holdings: [], lives: [], sightings: [] }

/** One call of semaphore "it", from its first to its last moment. */
function seen(
  session: bigint,
  [from, to]: [number, number],
  what: [Call, Answer | null],
): Observation {
  const [input, output] = what
  const actor = `client ${session}`
  const object = 'it'
  return { actor, session, object, input, output, calledAt: from, returnedAt: to }
}

function reads(
  session: bigint,
  during: [number, number],
  state: Partial<Seen> | null,
): Observation {
  const blank = { limit: 1n, count: 0n, data: '', owners: [], waiters: [] }
  const answer = {
    kind: 'described',
    seen: state === null ? null : { ...blank, ...state },
  } as const
  return seen(session, during, [{ kind: 'describe' }, answer])
}

function takes(session: bigint, during: [number, number], token: bigint, count = 1n): Observation {
  const call = { kind: 'acquire', count, ephemeral: false } as const
  return seen(session, during, [call, { kind: 'granted', token }])
}

function holds(session: bigint, [from, to]: [number, number], token: bigint, count = 1n): Holding {
  return { actor: `client ${session}`, object: 'it', session, token, count, from, to }
}

function lives(session: bigint, [calledAt, openedAt]: [number, number]): Life {
  return { actor: `client ${session}`, session, calledAt, openedAt, lost: null }
}

function shows(...data: string[]): Sighting[] {
  return data.map((shown, at) => ({ actor: 'watcher', object: 'it', data: shown, at }))
}

function breachesOf(history: Partial<History>): string {
  return judge({ ...NOTHING, ...history }).join('\n')
}

const MADE = seen(1n, [0, 1], [{ kind: 'create', limit: 1n, data: 'a' }, DONE])
const write = (data: string): Call => ({ kind: 'update', data })

test('a history in which all went well has no breaches', () => {
  const observations = [
    MADE,
    seen(1n, [2, 3], [write('b'), DONE]),
    reads(2n, [4, 5], { data: 'b' }),
    takes(1n, [6, 7], 5n),
    reads(2n, [8, 9], { data: 'b', owners: [{ session: 1n, token: 5n, count: 1n }] }),
    seen(1n, [10, 11], [{ kind: 'release', token: 5n }, DONE]),
    takes(2n, [6, 12], 6n),
  ]
  const holdings = [holds(1n, [7, 10], 5n), holds(2n, [12, Infinity], 6n)]
  const sightings = shows('a', 'b')
  const opened = [lives(1n, [-4, -3]), lives(2n, [-2, -1])]
  expect(breachesOf({ observations, holdings, sightings, lives: opened })).toBe('')
})

test('an acknowledged write that is gone is found', () => {
  const observations = [
    MADE,
    seen(1n, [2, 3], [write('b'), DONE]),
    reads(2n, [4, 5], { data: 'a' }),
  ]
  expect(breachesOf({ observations })).toContain('the data of "it": not linearizable')
})

test('an acknowledged creation that is gone is found', () => {
  expect(breachesOf({ observations: [MADE, reads(2n, [2, 3], null)] })).toContain(
    'the data of "it"',
  )
})

test('a write without an answer may be seen or not, but not be seen and be gone', () => {
  const open = seen(1n, [2, Infinity], [write('b'), null])
  const [sees, misses] = [reads(2n, [4, 5], { data: 'b' }), reads(2n, [4, 5], { data: 'a' })]
  expect(breachesOf({ observations: [MADE, open, sees] })).toBe('')
  expect(breachesOf({ observations: [MADE, open, misses] })).toBe('')
  const undone = [MADE, open, sees, reads(2n, [6, 7], { data: 'a' })]
  expect(breachesOf({ observations: undone })).toContain('the data of "it"')
})

test('a token that is given twice is found', () => {
  const observations = [takes(1n, [0, 4], 5n), { ...takes(2n, [1, 3], 5n), object: 'other' }]
  expect(breachesOf({ observations })).toContain('token 5 of "other" was given twice')
})

test('a token below one that was given before is found, whatever the semaphore', () => {
  const observations = [takes(1n, [0, 1], 9n), { ...takes(2n, [2, 3], 4n), object: 'other' }]
  expect(breachesOf({ observations })).toContain(
    'token 4 of "other" was asked for after token 9 was given',
  )
})

test('holders that hold more than the limit together are found', () => {
  const holdings = [holds(1n, [2, 6], 1n), holds(2n, [5, 8], 2n)]
  expect(breachesOf({ observations: [MADE], holdings })).toContain('2 units of 1 were held')
})

test('exclusive holders in another order than that of their tokens are found', () => {
  const holdings = [holds(1n, [2, 4], 2n), holds(2n, [5, 8], 1n)]
  expect(breachesOf({ observations: [MADE], holdings })).toContain(
    'token 1 was granted after token 2',
  )
})

test('a holder that a description does not show is found', () => {
  const observations = [MADE, takes(1n, [2, 3], 1n), reads(2n, [4, 5], { data: 'a' })]
  expect(breachesOf({ observations })).toContain('the places of "it"')
})

test('a waiter beside free units is found', () => {
  const waiters = [{ session: 1n, token: 1n, count: 1n }]
  const observations = [MADE, takes(1n, [2, 9], 1n), reads(2n, [4, 5], { data: 'a', waiters })]
  expect(breachesOf({ observations })).toContain('the places of "it"')
})

test('a session that is lost, given again or out of order is found', () => {
  const lost = { ...lives(1n, [0, 1]), lost: 'gone' }
  expect(breachesOf({ lives: [lost] })).toContain('session 1 was lost: gone')
  expect(breachesOf({ lives: [lives(1n, [0, 1]), lives(1n, [2, 3])] })).toContain('given twice')
  expect(breachesOf({ lives: [lives(2n, [0, 1]), lives(1n, [2, 3])] })).toContain(
    'session 1 came after session 2',
  )
})

test('a watch that goes back, or shows what nobody wrote, is found', () => {
  const observations = [MADE, seen(1n, [2, 3], [write('b'), DONE])]
  expect(breachesOf({ observations, sightings: shows('b', 'a') })).toContain('after a newer value')
  expect(breachesOf({ observations, sightings: shows('c') })).toContain('which nobody wrote')
})
