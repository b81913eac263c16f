/**
 * How sessions leave a connection, are taken from it, and come back.
 *
 * guards: L2, S1, S2, S3, S6, S7
 */
import { MAX_U64 } from '@tenure/kernel'
import { expect, test } from 'vitest'
import { settle } from '../tablet/manual-clock.ts'
import { nodeAt } from '../tablet/stage.ts'
import { visit } from '../tablet/visitor.ts'
import { acquireOf, connectionStage } from './connection-stage.ts'

test('a session that is left is detached, and nothing is said of it any more', async () => {
  const { connect, host, clock } = await connectionStage()
  const caller = connect()
  caller.ping(10_000)
  const channel = await caller.open({ timeoutMs: 1_000n })
  await caller.open({ timeoutMs: 1_000n })
  caller.acquire(channel, 'a')
  await settle()
  caller.frames.length = 0
  caller.say({ kind: 'leave', channel })
  await settle()
  expect(host.statistics()).toMatchObject({ sessions: 2, attachedSessions: 1, owners: 1 })
  await clock.advance(1_001)
  expect(host.statistics()).toMatchObject({ sessions: 1, owners: 0 })
  expect(caller.messages).toEqual([])
})

test('a way that nobody uses any more is closed', async () => {
  const { connect, host } = await connectionStage()
  const caller = connect()
  const [first, second] = [await caller.open(), await caller.open()]
  caller.say({ kind: 'leave', channel: first })
  expect(host.statistics()).toMatchObject({ streams: 1 })
  caller.say({ kind: 'stop', channel: second })
  await settle()
  expect(host.statistics()).toMatchObject({ streams: 0, sessions: 1 })
  await caller.open()
  expect(host.statistics()).toMatchObject({ streams: 1, sessions: 2 })
})

// guards: S2
test('a new session that is left or stopped before it has begun does not stay', async () => {
  const { connect, host } = await connectionStage()
  const caller = connect()
  const [left, stopped] = [caller.attach(), caller.attach()]
  caller.say({ kind: 'leave', channel: left }, { kind: 'stop', channel: stopped })
  await settle()
  expect(host.statistics()).toMatchObject({ sessions: 0, streams: 0 })
  expect(caller.endOf(stopped)).toBe('STOPPED')
  expect(
    caller.messages.slice(1).map((message) => 'channel' in message && message.channel),
  ).toEqual([stopped, stopped])
})

// guards: S2
test('a new session that is left while the node is busy does not stay', async () => {
  const { connect, host, engine } = await connectionStage()
  const caller = connect()
  await caller.open()
  engine.holding = true
  const [left, stopped] = [caller.attach(), caller.attach()]
  await settle()
  caller.say({ kind: 'leave', channel: left }, { kind: 'stop', channel: stopped })
  engine.letAll()
  await settle()
  expect(host.statistics()).toMatchObject({ sessions: 1, attachedSessions: 1 })
})

// guards: S1
test('an old session that is left before the node has answered stays, detached', async () => {
  const { connect, host } = await connectionStage()
  const [first, second] = [connect(), connect()]
  const sessionId = first.sessionOf(await first.open())
  const channel = second.attach({ sessionId })
  second.say({ kind: 'leave', channel })
  await settle()
  expect(host.statistics()).toMatchObject({ sessions: 1 })
  expect(second.all('attached')).toEqual([])
})

// guards: S2, S7
test('a connection that goes leaves its sessions to their timeouts', async () => {
  const { connect, host, clock } = await connectionStage()
  const caller = connect()
  const [first] = [await caller.open(), await caller.open()]
  caller.acquire(first, 'a')
  await settle()
  caller.stream.left()
  await settle()
  expect(host.statistics()).toMatchObject({
    sessions: 2,
    attachedSessions: 0,
    streams: 0,
    owners: 1,
  })
  await clock.advance(5_001)
  expect(host.statistics()).toMatchObject({ sessions: 0, owners: 0 })
})

// guards: S2
test('a new session that could not be told of is stopped, an old one is detached', async () => {
  const { connect, host } = await connectionStage()
  const [first, second] = [connect(), connect()]
  const sessionId = first.sessionOf(await first.open())
  second.attach()
  second.attach({ sessionId })
  second.isDeaf = true
  await settle()
  expect(host.statistics()).toMatchObject({ sessions: 1, attachedSessions: 0 })
})

// guards: S2
test('new sessions of a connection that goes before they have begun are stopped', async () => {
  const { connect, host, engine } = await connectionStage()
  const caller = connect()
  await caller.open()
  engine.holding = true
  caller.attach()
  await settle()
  caller.stream.left()
  engine.letAll()
  await settle()
  expect(host.statistics()).toMatchObject({ sessions: 1 })
  const hasty = connect()
  hasty.attach()
  hasty.stream.left()
  await settle()
  expect(host.statistics()).toMatchObject({ sessions: 1, streams: 0 })
})

test('a session that another connection takes is lost here first', async () => {
  const { connect } = await connectionStage()
  const [first, second] = [connect(), connect()]
  const channel = await first.open()
  const heard: string[] = []
  for (const [name, caller] of [
    ['first', first],
    ['second', second],
  ] as const) {
    const send = caller.send.bind(caller)
    caller.send = (messages) => {
      heard.push(...messages.map((message) => `${name} ${message.kind}`))
      return send(messages)
    }
  }
  second.attach({ sessionId: first.sessionOf(channel) })
  await settle()
  expect(first.endOf(channel)).toBe('BAD_SESSION')
  expect(heard).toEqual(['first ended', 'second attached'])
})

test('connections of both protocols contend for one lock and take sessions from each other', async () => {
  const { connect, host } = await connectionStage()
  const caller = connect()
  const channel = await caller.open()
  const visitor = await visit(await nodeAt(host))
  caller.acquire(channel, 'a')
  visitor.acquire('a')
  await settle()
  expect(visitor.said).toEqual(['pending'])
  caller.ask(channel, { kind: 'release', name: 'a' })
  await settle()
  expect(visitor.said).toEqual(['pending', 'acquired'])
  const taking = await caller.open({ sessionId: visitor.session })
  expect(visitor.said).toEqual(['pending', 'acquired', 'ended'])
  caller.ask(taking, { kind: 'release', name: 'a' })
  await settle()
  expect(host.statistics()).toMatchObject({ owners: 0 })
})

test('a session that comes again on its own connection leaves its old channel first', async () => {
  const { connect, host } = await connectionStage()
  const caller = connect()
  const old = await caller.open()
  const sessionId = caller.sessionOf(old)
  const held = caller.acquire(old, 'a')
  await settle()
  caller.frames.length = 0
  const again = caller.attach({ sessionId })
  await settle()
  expect(caller.messages).toMatchObject([
    { kind: 'ended', channel: old, code: 'BAD_SESSION' },
    { kind: 'attached', channel: again, sessionId },
  ])
  caller.say({ kind: 'leave', channel: old }, { kind: 'stop', channel: old })
  const late = caller.ask(old, { kind: 'release', name: 'a' })
  await settle()
  expect(caller.repliesTo(late)).toMatchObject([{ code: 'BAD_SESSION' }])
  expect(caller.repliesTo(held)).toEqual([])
  expect(host.statistics()).toMatchObject({
    sessions: 1,
    attachedSessions: 1,
    owners: 1,
    streams: 1,
  })
})

test('a connection that goes leaves all its sessions, also those that share a node with one that came again', async () => {
  const { connect, host } = await connectionStage()
  const caller = connect()
  const [old] = [await caller.open(), await caller.open()]
  await caller.open({ sessionId: caller.sessionOf(old) })
  expect(host.statistics()).toMatchObject({ attachedSessions: 2, streams: 2 })
  caller.stream.left()
  await settle()
  expect(host.statistics()).toMatchObject({ sessions: 2, attachedSessions: 0, streams: 0 })
})

test('an attach that is refused ends its channel alone', async () => {
  const { connect, host } = await connectionStage()
  const caller = connect()
  const channel = await caller.open()
  const refused = [
    caller.attach({ sessionId: 999n }),
    caller.attach({ timeoutMs: MAX_U64 }),
    caller.attach({ key: 'longer than sixteen bytes' }),
  ]
  await settle()
  expect(refused.map((one) => caller.endOf(one))).toEqual([
    'SESSION_EXPIRED',
    'INVALID_ARGUMENT',
    'INVALID_ARGUMENT',
  ])
  expect(caller.endOf(channel)).toBeNull()
  expect(host.statistics()).toMatchObject({ sessions: 1 })
})

test('a dropped node ends its channels, and the connection stays', async () => {
  const { connect } = await connectionStage()
  const caller = connect()
  const channel = await caller.open()
  const dropped = caller.askNode({ kind: 'drop-node' })
  await settle()
  expect(caller.endOf(channel)).toBe('UNAVAILABLE')
  expect(caller.repliesTo(dropped)).toEqual([{ kind: 'done' }])
  expect(caller.failure).toBeNull()
  const again = caller.attach()
  await settle()
  expect(caller.endOf(again)).toBe('NOT_FOUND')
})

// guards: L2, S3
test('a node that fails ends its channels, the connection stays, and sessions come back', async () => {
  const { connect, engine } = await connectionStage()
  const caller = connect()
  const channels = [await caller.open(), await caller.open()]
  const [sessionId] = channels.map((channel) => caller.sessionOf(channel))
  engine.moods.push('fails-before')
  const lost = caller.acquire(channels[0] ?? 0, 'a')
  await settle()
  expect(channels.map((channel) => caller.endOf(channel))).toEqual(['UNAVAILABLE', 'UNAVAILABLE'])
  expect(caller.repliesTo(lost)).toEqual([])
  expect(caller.failure).toBeNull()
  await caller.open(sessionId === undefined ? {} : { sessionId })
})

// guards: S7
test('a host that closes answers what was asked and makes the channels UNAVAILABLE', async () => {
  const { connect, host, engine } = await connectionStage()
  const caller = connect()
  const channel = await caller.open()
  engine.holding = true
  const asked = caller.acquire(channel, 'a')
  await settle()
  const closed = host.close()
  engine.letAll()
  await closed
  expect(caller.repliesTo(asked)).toMatchObject([{ kind: 'acquired' }])
  expect(caller.endOf(channel)).toBe('UNAVAILABLE')
  caller.stream.stop()
  expect(caller.failure?.error).toBe('UNAVAILABLE')
})

test('operations of one frame are done in their order', async () => {
  const { connect } = await connectionStage()
  const caller = connect()
  const channel = await caller.open()
  const ids = Array.from({ length: 6 }, () => caller.nextId())
  caller.say(
    ...ids.map((id, at) => ({
      kind: 'ask' as const,
      channel,
      id,
      operation: at % 2 === 0 ? acquireOf('a') : ({ kind: 'release', name: 'a' } as const),
    })),
  )
  await settle()
  expect(caller.all('answer').map(({ id }) => id)).toEqual(ids)
  expect(caller.all('answer').map(({ reply }) => reply.kind)).toEqual([
    'acquired',
    'released',
    'acquired',
    'released',
    'acquired',
    'released',
  ])
})
