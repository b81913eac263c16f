/**
 * Values that are not in memory: read back from where they are stored, and never told wrong.
 *
 * guards: K2
 */
import { expect, test } from 'vitest'
import {
  Desk,
  bytes,
  cas,
  create,
  get,
  getting,
  put,
  range,
  remove,
  transact,
  waitFor,
} from './desk.ts'

const LONG = 101

/** Values of 101 equal letters, `a*101` in words: two of them are in memory at most, once they are durable. */
function desk(): Desk {
  return new Desk({ valueMemoryBytesMax: 2 * LONG })
}

function long(letter: string): string {
  return letter.repeat(LONG)
}

function settle({ node }: Desk): number {
  node.kernel.durableThrough(node.kernel.commitNumber)
  return node.kernel.statistics().valueMemoryBytes
}

/** The value of the first record of an answer, and whether it had to be read. */
function told(from: Desk, question: Parameters<Desk['tell']>[0]): unknown {
  const { kernel, nowMs } = from.node
  const { events, cold } = kernel.apply(
    { ...question, stream: 1, session: 1n, requestId: 1n },
    nowMs,
  )
  for (const view of cold) view.value = from.stored(view.key)
  const [event] = events
  const view = event !== undefined && 'record' in event ? event.record : null
  return [Buffer.from(view?.value ?? []).toString()[0], cold.length]
}

test('the least recently used values leave when they are durable, and not before', () => {
  const full = desk()
  for (const key of ['a', 'b', 'c']) full.ask(create(key, long(key)))
  full.node.kernel.durableThrough(0n)
  expect(full.node.kernel.statistics().valueMemoryBytes).toBe(3 * LONG)
  expect(told(full, get('a'))).toEqual(['a', 0])
  expect(settle(full)).toBe(2 * LONG)
  expect(told(full, get('a'))).toEqual(['a', 0])
  expect(told(full, get('b'))).toEqual(['b', 1])
  expect(told(full, get('c'))).toEqual(['c', 0])
  expect(full.node.kernel.statistics().recordBytes).toBe(3 * LONG + 3)
})

test('short values always stay', () => {
  const full = desk()
  for (let index = 0; index < 10; index++) full.ask(create(String(index), 'x'.repeat(64)))
  full.ask(create('long', 'x'.repeat(65)))
  expect(settle(full)).toBe(640)
  expect(told(full, get('0'))).toEqual(['x', 0])
  expect(told(full, get('long'))).toEqual(['x', 1])
})

test('every answer with a record names the value that has to be read', () => {
  const full = desk()
  for (const key of ['a', 'b', 'c', 'd']) full.ask(create(key, long(key)))
  settle(full)
  expect(told(full, create('a', ''))).toEqual(['a', 1])
  expect(told(full, cas('b', '', 9n))).toEqual(['b', 1])
  expect(told(full, remove('a', 9n))).toEqual(['a', 1])
  expect(told(full, waitFor('b', 9n))).toEqual(['b', 1])
  expect(full.ask(range(''))).toEqual([
    [
      'listed',
      ['a=a*101 v1 c1 l0', 'b=b*101 v2 c2 l0', 'c=c*101 v3 c3 l0', 'd=d*101 v4 c4 l0'],
      4n,
    ],
  ])
  const read = transact([], { held: [getting('a')] })
  expect(full.ask(read)).toEqual([['transacted', true, 4n, 'a=a*101 v1 c1 l0']])
})

test('a value that is written anew is in memory, and what was told of it stays told', () => {
  const full = desk()
  for (const key of ['a', 'b', 'c']) full.ask(create(key, long(key)))
  const [event] = full.tell(get('c'))
  settle(full)
  full.ask(put('a', long('A')))
  expect(told(full, get('a'))).toEqual(['A', 0])
  for (const key of ['d', 'e', 'f']) full.ask(create(key, long(key)))
  settle(full)
  expect(told(full, get('c'))).toEqual(['c', 1])
  expect(event && full.inWords(event)).toEqual(['read', 'c=c*101 v3 c3 l0'])
  const watched = { kind: 'watch-records', start: bytes('a'), end: null, fromVersion: 2n } as const
  expect(full.ask(watched)).toEqual([
    [
      'changed',
      [
        'c=c*101 v3 c3 l0',
        'a=A*101 v4 c1 l0',
        'd=d*101 v5 c5 l0',
        'e=e*101 v6 c6 l0',
        'f=f*101 v7 c7 l0',
      ],
      7n,
    ],
  ])
})

test('a deleted or replaced value takes no place, in memory or not', () => {
  const full = desk()
  for (const key of ['a', 'b', 'c']) full.ask(create(key, long(key)))
  settle(full)
  for (const key of ['a', 'b']) full.ask(remove(key))
  full.ask(put('c', 'short'))
  expect(full.node.kernel.statistics()).toMatchObject({ valueMemoryBytes: 5, recordBytes: 6 })
})

test('a restart takes in as many values as there is room for', () => {
  const full = desk()
  for (const key of ['a', 'b', 'c']) full.ask(create(key, long(key)))
  full.ask(create('d', 'short'))
  full.node.restart()
  full.node.attach(1n)
  expect(full.node.kernel.statistics()).toMatchObject({
    records: 4,
    valueMemoryBytes: 2 * LONG + 5,
    recordBytes: 3 * LONG + 5 + 4,
  })
  expect(told(full, get('a'))).toEqual(['a', 0])
  expect(told(full, get('c'))).toEqual(['c', 1])
  expect(told(full, get('d'))).toEqual(['s', 0])
})

test('a value that is not in memory is compared by its length only, and else the transaction is refused', () => {
  const full = desk()
  for (const key of ['a', 'b', 'c']) full.ask(create(key, long(key)))
  settle(full)
  const compared = (key: string, is: '==' | '!=', value: string): unknown => {
    const compare = { target: 'value', key: bytes(key), is, value: bytes(value) } as const
    return full.ask(transact([compare]))
  }
  expect(compared('a', '==', long('a'))).toEqual([['PRECONDITION_FAILED']])
  expect(compared('a', '!=', long('b'))).toEqual([['PRECONDITION_FAILED']])
  expect(compared('a', '==', 'short')).toEqual([['transacted', false, 3n]])
  expect(compared('a', '!=', 'short')).toEqual([['transacted', true, 3n]])
  expect(compared('c', '==', long('c'))).toEqual([['transacted', true, 3n]])
})

test('a held moment whose value has left the memory and was replaced is gone', () => {
  const full = desk()
  for (const key of ['a', 'b', 'c', 'd']) full.ask(create(key, long(key)))
  const first = range('', null, { limit: 1, hold: true })
  const rest = range('', null, { after: 'a', atVersion: 4n })
  full.ask(first)
  settle(full)
  expect(full.ask(rest)).toEqual([
    ['listed', ['b=b*101 v2 c2 l0', 'c=c*101 v3 c3 l0', 'd=d*101 v4 c4 l0'], 4n],
  ])
  full.ask(first)
  full.ask(put('b', 'new'))
  expect(full.ask(rest)).toEqual([['ABORTED']])
  expect(full.ask(rest)).toEqual([['ABORTED']])
  full.ask(first)
  full.ask(remove('c'))
  expect(full.ask(range('', null, { after: 'a', atVersion: 5n }))).toEqual([['ABORTED']])
})

test('a superseded value of a held moment is told from memory, and leaves it with the moment', () => {
  const full = desk()
  for (const key of ['a', 'b']) full.ask(create(key, long(key)))
  full.ask(range('', null, { limit: 1, hold: true }))
  full.ask(put('b', long('B')))
  expect(full.node.kernel.statistics().valueMemoryBytes).toBe(3 * LONG)
  const rest = range('', null, { after: 'a', atVersion: 2n })
  expect(full.ask(rest)).toEqual([['listed', ['b=b*101 v2 c2 l0'], 2n]])
  expect(full.node.kernel.statistics().valueMemoryBytes).toBe(2 * LONG)
})
