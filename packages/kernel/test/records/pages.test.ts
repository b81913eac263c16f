/**
 * Pages of a range, and the moments that they hold.
 *
 * guards: K2
 */
import { expect, test } from 'vitest'
import { Desk, create, put, range, remove } from './desk.ts'
import type { Question, Said } from './desk.ts'

function filled(keys: string, limits: object = {}): Desk {
  const desk = new Desk(limits)
  for (const key of keys) desk.ask(create(key, 'x'))
  return desk
}

/** Only the keys and values of a page. */
function page([listed]: Said): unknown {
  if (!Array.isArray(listed) || listed[0] !== 'listed') return listed
  const [, records, , more] = listed
  const short = records.map((record: string) => record.split(' ')[0])
  return more === undefined ? short : [...short, more]
}

/** The last page of a moment. */
function after(key: string, version: bigint): Question {
  return range('', null, { after: key, atVersion: version })
}

// S3-11
test('a range is read in pages, each going on after the key that the one before has ended with', () => {
  const desk = filled('abcde')
  expect(page(desk.ask(range('a', 'e', { limit: 3 })))).toEqual(['a=x', 'b=x', 'c=x', 'more'])
  expect(page(desk.ask(range('a', 'e', { limit: 3, after: 'c' })))).toEqual(['d=x'])
  expect(page(desk.ask(range('a', 'e', { limit: 4 })))).toEqual(['a=x', 'b=x', 'c=x', 'd=x'])
  expect(page(desk.ask(range('a', null, { after: 'e' })))).toEqual([])
  expect(page(desk.ask(range('c', null, { after: 'a' })))).toEqual(['c=x', 'd=x', 'e=x'])
})

test('a page has at most so many records, and at most one record more than so many bytes', () => {
  const desk = filled('abcdef', { rangeRecordsMax: 4, rangeBytesMax: 6 })
  expect(page(desk.ask(range('')))).toEqual(['a=x', 'b=x', 'c=x', 'more'])
  desk.ask(put('a', ''))
  expect(page(desk.ask(range('')))).toEqual(['a=', 'b=x', 'c=x', 'd=x', 'more'])
  expect(page(desk.ask(range('', null, { limit: 9 })))).toEqual(['a=', 'b=x', 'c=x', 'd=x', 'more'])
  desk.ask(put('a', 'yyyyyyyyy'))
  expect(page(desk.ask(range('')))).toEqual(['a=yyyyyyyyy', 'more'])
})

test('pages that hold their moment see nothing of what happens meanwhile', () => {
  const desk = filled('bdf')
  const first = desk.ask(range('', null, { limit: 1, hold: true }))
  expect(first).toEqual([['listed', ['b=x v1 c1 l0'], 3n, 'more']])
  desk.ask(put('d', 'y'))
  desk.ask(put('d', 'z'))
  desk.ask(create('c', 'new'))
  desk.ask(remove('f'))
  desk.ask(create('f', 'again'))
  const second = desk.ask(range('', null, { limit: 1, hold: true, after: 'b', atVersion: 3n }))
  expect(second).toEqual([['listed', ['d=x v2 c2 l0'], 3n, 'more']])
  const third = desk.ask(range('', null, { limit: 1, hold: true, after: 'd', atVersion: 3n }))
  expect(third).toEqual([['listed', ['f=x v3 c3 l0'], 3n]])
  const gone = desk.ask(range('', null, { limit: 1, hold: true, after: 'd', atVersion: 3n }))
  expect(gone).toEqual([['ABORTED']])
  expect(page(desk.ask(range('')))).toEqual(['b=x', 'c=new', 'd=z', 'f=again'])
})

test('several moments are held at once, each as it was', () => {
  const desk = filled('ab')
  const held: bigint[] = []
  for (let round = 0; round < 4; round++) {
    desk.ask(range('', null, { limit: 1, hold: true }))
    held.push(desk.node.kernel.commitNumber)
    desk.ask(put('b', `y${round}`))
  }
  const rest = (version: bigint): unknown => page(desk.ask(after('a', version)))
  const [first = 0n, second = 0n, third = 0n, fourth = 0n] = held
  expect(rest(second)).toEqual(['b=y0'])
  expect(rest(fourth)).toEqual(['b=y2'])
  expect(rest(first)).toEqual(['b=x'])
  expect(rest(third)).toEqual(['b=y1'])
  expect(rest(third)).toEqual(['ABORTED'])
  expect(desk.node.kernel.statistics().valueMemoryBytes).toBe(3)
})

test('what a later moment has kept for an earlier one stays when the later one is let go', () => {
  const desk = filled('ab')
  desk.ask(range('', null, { limit: 1, hold: true }))
  desk.ask(create('c', 'x'))
  desk.ask(range('', null, { limit: 1, hold: true }))
  desk.ask(put('b', 'y'))
  desk.ask(remove('c'))
  expect(page(desk.ask(after('a', 3n)))).toEqual(['b=x', 'c=x'])
  expect(page(desk.ask(after('a', 2n)))).toEqual(['b=x'])
  expect(desk.node.kernel.statistics().valueMemoryBytes).toBe(2)
})

test('readers of one session that began at the same version hold the moment each for himself', () => {
  const desk = filled('ab')
  desk.ask(range('', null, { limit: 1, hold: true }))
  desk.ask(range('', null, { limit: 1, hold: true }))
  desk.ask(remove('b'))
  const rest = range('', null, { after: 'a', atVersion: 2n })
  expect(page(desk.ask(rest))).toEqual(['b=x'])
  expect(page(desk.ask(rest))).toEqual(['b=x'])
  expect(page(desk.ask(rest))).toEqual(['ABORTED'])
})

test('a moment belongs to its session, as long as that is on its stream', () => {
  const desk = filled('ab')
  const rest = range('', null, { after: 'a', atVersion: 2n })
  desk.ask(range('', null, { limit: 1, hold: true }))
  expect(desk.ask(rest, 2n)).toEqual([['ABORTED']])
  desk.node.detach(1n)
  desk.node.attach(1n)
  expect(desk.ask(rest)).toEqual([['ABORTED']])
  desk.ask(range('', null, { limit: 1, hold: true }))
  expect(page(desk.ask({ ...rest, hold: false }))).toEqual(['b=x'])
})

test('when too many moments are held the oldest is let go', () => {
  const desk = filled('ab', { heldMomentsMax: 2 })
  for (const session of [1n, 2n, 1n]) {
    desk.ask(range('', null, { limit: 1, hold: true }), session)
    desk.ask(put('b', String(session)))
  }
  expect(desk.ask(after('a', 2n))).toEqual([['ABORTED']])
  expect(page(desk.ask(after('a', 3n), 2n))).toEqual(['b=1'])
  expect(page(desk.ask(after('a', 4n)))).toEqual(['b=2'])
})

test('a page that ends its range, or does not hold, holds nothing', () => {
  const desk = filled('ab')
  desk.ask(range('', null, { limit: 2, hold: true }))
  desk.ask(range('', null, { limit: 1 }))
  expect(desk.ask(range('', null, { after: 'a', atVersion: 2n }))).toEqual([['ABORTED']])
})

test('many records come and go in order', () => {
  const desk = new Desk({ rangeRecordsMax: 100_000 })
  desk.node.keeps = false
  const keys: string[] = []
  for (let index = 0; index < 20_000; index++) keys.push(String((index * 7919) % 20_000))
  for (const key of keys) desk.tell(create(key, ''))
  const sorted = [...keys].sort()
  expect(desk.keys()).toEqual(sorted)
  expect(desk.tell(range('', null, { limit: 1, hold: true }))).toMatchObject([{ more: true }])
  const version = desk.node.kernel.commitNumber
  for (const key of keys) if (Number(key) % 3 !== 0) desk.tell(remove(key))
  expect(desk.keys()).toEqual(sorted.filter((key) => Number(key) % 3 === 0))
  for (const key of keys) if (Number(key) % 3 === 1) desk.tell(create(key, ''))
  expect(desk.keys()).toEqual(sorted.filter((key) => Number(key) % 3 !== 2))
  for (const key of keys) if (Number(key) % 3 !== 2) desk.tell(remove(key))
  expect(desk.keys()).toEqual([])
  const [then] = desk.tell(after('0', version))
  expect(then?.kind === 'records-listed' && then.records.length).toBe(19_999)
  desk.tell(create('a', ''))
  expect(desk.keys()).toEqual(['a'])
})
