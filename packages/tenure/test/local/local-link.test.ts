/** The link to a server in this process, without a client above it. */
import { once } from 'node:events'
import type { News, Request } from '@tenure/client'
import { systemClock } from '@tenure/client'
import { openMemoryEngine } from '@tenure/engine/memory'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { Host } from '@tenure/server'
import { MoodyEngine } from '../../../server/test/tablet/moody-engine.ts'
import { WorldClock } from '../properties/world-clock.ts'
import { LocalHost } from '../../src/local/local-host.ts'
import { LocalLink } from '../../src/local/local-link.ts'
import { Worlds } from '../../src/local/world.ts'
import { Listener, PATH } from './listener.ts'

const BYTES = { data: new Uint8Array() }

type Shown = Extract<News, { kind: 'shown' }>

let link: LocalLink

beforeEach(async () => {
  const use = new Worlds().use('test', {
    openEngine: openMemoryEngine,
    openHost: (engine) => LocalHost.open(engine),
  })
  link = new LocalLink('memory:test', use, systemClock)
  await link.createNode(PATH, {})
})

afterEach(() => link.close())

const acquire = (name: string): Request => ({
  kind: 'acquire',
  name,
  count: 1n,
  timeoutMs: 0n,
  ephemeral: true,
  ...BYTES,
})
const describe = (name: string): Request => ({
  kind: 'describe',
  name,
  owners: true,
  waiters: true,
  watchData: true,
  watchOwners: true,
  watchAbsent: true,
  watchStands: false,
})

test('a session starts, with tokens and watches on absent names', async () => {
  const one = new Listener(link)
  expect(await one.started).toEqual({
    sessionId: 1n,
    watchAbsent: true,
    numbersChanges: true,
    createsOnAcquire: true,
    hasRecords: true,
    hasLog: true,
  })
})

test('nothing is called before attach has returned', () => {
  const one = new Listener(link)
  expect(one.contacts).toEqual([])
})

test('an absent node is refused', async () => {
  const one = new Listener(link, { path: '/local/nowhere' })
  expect(await one.ended).toMatchObject({ kind: 'refused', refusal: { code: 'NOT_FOUND' } })
})

test('a session that does not exist is refused', async () => {
  const one = new Listener(link, { sessionId: 99n })
  expect(await one.ended).toMatchObject({ kind: 'refused', refusal: { code: 'SESSION_EXPIRED' } })
})

// guards: S6
test('a newer attachment takes the session over, and the older one hears of it', async () => {
  const one = new Listener(link)
  const { sessionId } = await one.started
  const two = new Listener(link, { sessionId, sequenceNumber: 2n })
  await two.started
  expect(await one.ended).toMatchObject({ kind: 'refused', refusal: { code: 'BAD_SESSION' } })
})

test('a grant carries its token', async () => {
  const one = new Listener(link)
  await one.started
  expect(await one.ask(acquire('lock'))).toEqual({ kind: 'acquired', token: 1n })
})

test('an answer is contact as of its question', async () => {
  const one = new Listener(link)
  await one.started
  const askedAtMs = systemClock.monotonicMs()
  await one.ask(acquire('lock'))
  const contact = one.contacts.at(-1) ?? 0
  expect(contact).toBeGreaterThanOrEqual(askedAtMs)
  expect(contact).toBeLessThanOrEqual(systemClock.monotonicMs())
})

test('contact is made at every heartbeat, though nobody asks for anything', async () => {
  const one = new Listener(link, { heartbeatMs: 5 })
  await one.started
  const before = one.contacts.length
  await one.nextContact()
  await one.nextContact()
  expect(one.contacts.length).toBeGreaterThanOrEqual(before + 2)
  expect(one.contacts.toSorted((a, b) => a - b)).toEqual(one.contacts)
})

test('a watch on an absent name fires when the name appears', async () => {
  const one = new Listener(link)
  await one.started
  const changed = new AbortController()
  const fired = once(changed.signal, 'abort')
  expect(await one.ask(describe('lock'), () => changed.abort())).toEqual({
    kind: 'described',
    description: null,
    watchAdded: true,
  })
  const two = new Listener(link)
  await two.started
  await two.ask(acquire('lock'))
  await fired
})

test('a watch that a newer one replaces is told of it', async () => {
  const one = new Listener(link)
  await one.started
  await one.ask(acquire('lock'))
  let changes = 0
  await one.ask(describe('lock'), () => {
    changes += 1
  })
  await one.ask(describe('lock'))
  expect(changes).toBe(1)
})

test('a watch that stands is shown each new state, as bytes of its own, until it is forgotten', async () => {
  const [one, two] = [new Listener(link), new Listener(link)]
  await Promise.all([one.started, two.started])
  const seen: Shown[][] = [[], []]
  const sent = [one, two].map(({ attachment }, at) => {
    const watch = { ...describe('pool'), watchStands: true }
    return attachment.send(
      watch,
      () => {},
      (news) => void (news.kind === 'shown' && seen[at]?.push(news)),
    )
  })
  await one.ask({ kind: 'create', name: 'pool', limit: 2n, data: new Uint8Array([1]) })
  const [mine, other] = seen.map(([first]) => first)
  expect([mine, other]).toMatchObject([{ description: { limit: 2n } }, { description: {} }])
  mine?.description?.data.fill(9)
  expect(other?.description?.data).toEqual(new Uint8Array([1]))
  one.attachment.forget(sent[0] ?? 0)
  await two.ask({ kind: 'delete', name: 'pool', force: false })
  await one.ask(acquire('pool'))
  expect(seen.map((states) => states.length)).toEqual([1, 3])
  expect(seen[1]?.slice(1)).toMatchObject([{ description: null }, { description: { held: 1n } }])
})

test('bytes are copied on both ways', async () => {
  const one = new Listener(link)
  await one.started
  const sent = new Uint8Array([1])
  await one.ask({ kind: 'create', name: 'pool', limit: 2n, data: sent })
  sent[0] = 9
  const first = await one.ask(describe('pool'))
  if (first.kind !== 'described' || first.description === null) throw new Error('not described')
  expect(first.description.data).toEqual(new Uint8Array([1]))
  first.description.data[0] = 8
  const second = await one.ask(describe('pool'))
  expect(second).toMatchObject({ description: { data: new Uint8Array([1]) } })
})

test('stop ends the session, and frees what it held', async () => {
  const one = new Listener(link)
  await one.started
  await one.ask(acquire('lock'))
  one.attachment.stop()
  expect(await one.ended).toEqual({ kind: 'stopped' })
  const two = new Listener(link)
  await two.started
  expect(await two.ask(describe('lock'))).toMatchObject({ description: null })
})

test('after leave nothing is called, and the session can be taken up again', async () => {
  const one = new Listener(link)
  const { sessionId } = await one.started
  await one.ask(acquire('lock'))
  one.attachment.leave()
  const two = new Listener(link, { sessionId })
  expect(await two.started).toMatchObject({ sessionId })
  const described = await two.ask(describe('lock'))
  expect(described).toMatchObject({ description: { owners: [{ sessionId, orderId: 1n }] } })
})

// Found by system.property.test.ts: close while the engine has no room.
test('a stop that is refused ends the attachment, so that it can be tried again', async () => {
  const engine = new MoodyEngine()
  const clock = new WorldClock()
  const use = { host: Promise.resolve(new Host({ engine, clock })), release: async () => {} }
  link = new LocalLink('memory:full', use, clock)
  await Promise.all([link.createNode(PATH, {}), clock.settle()])
  const one = new Listener(link)
  await clock.settle()
  const { sessionId } = await one.started
  engine.full = true
  one.attachment.stop()
  await clock.settle()
  expect(await one.ended).toMatchObject({ kind: 'broken' })
  const two = new Listener(link, { sessionId, sequenceNumber: 2n })
  void two.started.then(() => two.attachment.stop())
  await clock.settle()
  expect(await two.ended).toMatchObject({ kind: 'refused', refusal: { code: 'OVERLOADED' } })
})

// Found by the same: who is told of the start as of a contact takes the way for a good one, and tries ever faster.
test('a start is no contact', async () => {
  const one = new Listener(link)
  await one.started
  expect(one.contacts).toEqual([])
})

test('who leaves when he hears of the start sets no heartbeat', async () => {
  const clock = new WorldClock()
  const use = {
    host: Promise.resolve(new Host({ engine: openMemoryEngine(), clock })),
    release: async () => {},
  }
  link = new LocalLink('memory:left', use, clock)
  await Promise.all([link.createNode(PATH, {}), clock.settle()])
  const timers = clock.timers
  const request = { path: PATH, sessionId: 0n, timeoutMs: 0, description: '' }
  const attachment = link.attach(
    { ...request, sequenceNumber: 1n, heartbeatMs: 10, protectionKey: new Uint8Array() },
    { started: () => attachment.leave(), contact: () => {}, noticed: () => {}, ended: () => {} },
  )
  await clock.settle()
  // The session's own time to live is all that is left.
  await clock.advance(0)
  expect(clock.timers).toBe(timers)
})

test('a dropped node ends its attachments', async () => {
  const one = new Listener(link)
  await one.started
  await link.dropNode(PATH)
  expect(await one.ended).toMatchObject({ kind: 'refused', refusal: { code: 'UNAVAILABLE' } })
  const two = new Listener(link)
  expect(await two.ended).toMatchObject({ kind: 'refused', refusal: { code: 'NOT_FOUND' } })
})

test('the end of the host breaks its attachments', async () => {
  const one = new Listener(link)
  await one.started
  await link.close()
  expect(await one.ended).toMatchObject({ kind: 'broken' })
})

test('nodes are created, altered, described, listed and dropped', async () => {
  await link.createNode('/local/b', { selfCheckPeriodMs: 2_000 })
  await link.alterNode('/local/b', { readConsistency: 'strict' })
  expect(await link.describeNode('/local/b')).toEqual({
    path: '/local/b',
    config: { selfCheckPeriodMs: 2_000, readConsistency: 'strict' },
  })
  expect((await link.listNodes('/local')).map(({ path }) => path)).toEqual([PATH, '/local/b'])
  await link.dropNode('/local/b')
  await expect(link.describeNode('/local/b')).rejects.toMatchObject({ code: 'NOT_FOUND' })
})

test('a node cannot be below a node', async () => {
  await expect(link.createNode(`${PATH}/below`, {})).rejects.toMatchObject({
    code: 'INVALID_ARGUMENT',
  })
})

test('an aborted call rejects with the reason of its signal', async () => {
  const reason = new Error('enough')
  await expect(link.describeNode(PATH, AbortSignal.abort(reason))).rejects.toBe(reason)
})

test('two spellings of one path are one node', async () => {
  await link.createNode('/local//b/', {})
  expect(await link.describeNode('/local/b')).toEqual({ path: '/local/b', config: {} })
  expect(await link.describeNode('b')).toEqual({ path: '/local/b', config: {} })
  const one = new Listener(link, { path: '//local/b' })
  expect(await one.started).toMatchObject({ sessionId: 1n })
})

test.for(['', '/', '/local/../b', '/local/./b', '/a\0b'])('%j can be no path', async (path) => {
  await expect(link.createNode(path, {})).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
  const one = new Listener(link, { path })
  expect(await one.ended).toMatchObject({ kind: 'refused', refusal: { code: 'INVALID_ARGUMENT' } })
})
