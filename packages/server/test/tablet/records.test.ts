/** Records whose values are not in memory, and sessions that share a stream. */
import type { Event } from '@tenure/kernel'
import { expect, test } from 'vitest'
import { settle } from './manual-clock.ts'
import { createNode, stage } from './stage.ts'
import { visit, Visitor } from './visitor.ts'

const KEY = Buffer.from('key')
/** Longer than what always stays in memory. */
const LONG = 200

function put(visitor: Visitor, letter: string, key: Uint8Array = KEY): bigint {
  return visitor.ask({
    kind: 'put-record',
    requestId: visitor.nextId(),
    session: visitor.session,
    key,
    value: Buffer.from(letter.repeat(LONG)),
    lease: null,
  })
}

function get(visitor: Visitor, key: Uint8Array = KEY): bigint {
  const { session } = visitor
  return visitor.ask({ kind: 'get-record', requestId: visitor.nextId(), session, key })
}

/** The first letters of the values that were read. */
function lettersOf(events: readonly Event[]): string[] {
  return events.flatMap((event) => {
    if (event.kind !== 'record-read') return []
    const value = event.record?.value
    return [
      value === undefined ? 'none' : `${Buffer.from(value).toString().slice(0, 1)}${value.length}`,
    ]
  })
}

/** A node that keeps no long value in memory. */
async function coldNode() {
  const set = stage({ kernel: { valueMemoryBytesMax: 0 } })
  return { ...set, node: await createNode(set.host) }
}

// guards: K2
test('a value that is not in memory is read back before anybody is told', async () => {
  const { node, host } = await coldNode()
  const visitor = await visit(node)
  put(visitor, 'a')
  await settle()
  expect(host.statistics()).toMatchObject({ records: 1, valueMemoryBytes: 0 })
  get(visitor)
  await settle()
  expect(lettersOf(visitor.events)).toEqual([`a${LONG}`])
})

// guards: K2, L1
test('a value is read as it was before the writes of its own commit', async () => {
  const { node } = await coldNode()
  const visitor = await visit(node)
  put(visitor, 'a')
  await settle()
  get(visitor)
  put(visitor, 'b')
  get(visitor)
  await settle()
  get(visitor)
  await settle()
  expect(lettersOf(visitor.events)).toEqual([`a${LONG}`, `b${LONG}`, `b${LONG}`])
})

// guards: K2, L1
test('a value is read behind the commits before its own', async () => {
  const { node, engine } = await coldNode()
  const visitor = await visit(node)
  put(visitor, 'a')
  await settle()
  engine.holding = true
  put(visitor, 'b')
  await settle()
  get(visitor)
  put(visitor, 'c')
  await settle()
  expect(lettersOf(visitor.events)).toEqual([])
  engine.letAll()
  await settle()
  get(visitor)
  await settle()
  expect(lettersOf(visitor.events)).toEqual([`b${LONG}`, `c${LONG}`])
})

test('a page of values that are not in memory is filled in', async () => {
  const { node } = await coldNode()
  const visitor = await visit(node)
  for (let at = 0; at < 150; at += 1) put(visitor, 'abc'.charAt(at % 3), Buffer.from([at]))
  await settle()
  visitor.deliveries.length = 0
  visitor.ask({
    kind: 'range-records',
    requestId: visitor.nextId(),
    session: visitor.session,
    start: new Uint8Array(0),
    end: null,
    limit: 0,
    after: null,
    hold: false,
    atVersion: 0n,
  })
  await settle()
  const [listed] = visitor.events
  if (listed?.kind !== 'records-listed') throw new Error('no page has come')
  const letters = listed.records.map(({ value }) => Buffer.from(value).toString())
  expect(letters).toEqual(Array.from({ length: 150 }, (_, at) => 'abc'.charAt(at % 3).repeat(LONG)))
})

test('values that have to be read count as bytes that wait', async () => {
  const { node, engine, host } = await coldNode()
  const visitor = await visit(node)
  put(visitor, 'a')
  await settle()
  expect(host.statistics().waitingBytes).toBe(0)
  engine.holding = true
  get(visitor)
  get(visitor)
  expect(host.statistics().waitingBytes).toBe(2 * LONG)
  engine.letAll()
  await settle()
  expect(host.statistics().waitingBytes).toBe(0)
})

// guards: D5
test('a node whose record is not stored ends', async () => {
  const { node, engine } = await coldNode()
  const visitor = await visit(node)
  put(visitor, 'a')
  await settle()
  engine.forgets = true
  get(visitor)
  await settle()
  expect(lettersOf(visitor.events)).toEqual([])
  expect(visitor.end).toBe('failed')
})

// guards: S6
test('streams that take sessions from each other in one commit hear of each loss before the other hears of its gain', async () => {
  const { host } = stage()
  const node = await createNode(host)
  const heard: string[] = []
  const watched = (name: string): Visitor => {
    const visitor = new Visitor(node)
    const deliver = visitor.deliver.bind(visitor)
    visitor.deliver = (events) => {
      deliver(events)
      for (const event of events) {
        if (event.kind === 'attached' || event.kind === 'ended') {
          heard.push(`${name} ${event.kind} ${event.session}`)
        }
      }
    }
    return visitor
  }
  const [first, second] = [watched('first'), watched('second')]
  first.attach()
  second.attach()
  first.attach()
  await settle()
  expect(heard).toEqual(['first attached 1', 'first attached 3', 'second attached 2'])
  heard.length = 0
  second.attach({ session: 1n })
  first.attach({ session: 2n })
  second.attach({ session: 3n })
  await settle()
  expect([...heard].toSorted()).toEqual([
    'first attached 2',
    'first ended 1',
    'first ended 3',
    'second attached 1',
    'second attached 3',
    'second ended 2',
  ])
  for (const session of [1, 2, 3]) {
    const at = (word: string): number =>
      heard.findIndex((one) => one.endsWith(`${word} ${session}`))
    expect(at('ended')).toBeLessThan(at('attached'))
  }
})

test('a session that is detached alone leaves its stream, and the others stay', async () => {
  const { node, host } = await coldNode()
  const visitor = await visit(node)
  const first = visitor.session
  visitor.attach()
  await settle()
  visitor.stream.detach(first)
  await settle()
  expect(host.statistics()).toMatchObject({ sessions: 2, attachedSessions: 1, streams: 1 })
  visitor.deliveries.length = 0
  const { session } = visitor
  visitor.ask({ kind: 'release', requestId: 90n, session: first, name: 'a' })
  visitor.ask({ kind: 'release', requestId: 91n, session, name: 'a' })
  await settle()
  expect(visitor.said).toEqual(['refused', 'released'])
})

// guards: S2
test('a session whose birth was not told is stopped when it is detached', async () => {
  const { node, host, engine } = await coldNode()
  const visitor = await visit(node)
  engine.holding = true
  visitor.attach()
  visitor.stream.detach(visitor.session + 1n)
  engine.letAll()
  await settle()
  expect(host.statistics()).toMatchObject({ sessions: 1, attachedSessions: 1 })
})

test('a stream says how many of its commands have not been settled; those that wait in the node have', async () => {
  const { node, engine } = await coldNode()
  const visitor = await visit(node)
  expect(visitor.stream.unsettled).toBe(0)
  engine.holding = true
  const { session } = visitor
  const range = { start: new Uint8Array(0), end: null }
  visitor.ask({
    kind: 'watch-records',
    requestId: visitor.nextId(),
    session,
    ...range,
    fromVersion: 0n,
  })
  visitor.acquire('a')
  expect(visitor.stream.unsettled).toBe(2)
  engine.letAll()
  await settle()
  expect(visitor.stream.unsettled).toBe(0)
  expect(visitor.said).toEqual(['acquired'])
})
