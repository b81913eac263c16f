/**
 * A connection of Tenure's own protocol: its greeting, its ids, its paths and its requests.
 *
 * guards: X1, X2, L3
 */
import { expect, test } from 'vitest'
import { settle } from '../tablet/manual-clock.ts'
import { Caller, connectionStage, NOTHING } from './connection-stage.ts'

test('a hello is answered with one, and a ping at once', async () => {
  const { connect } = await connectionStage()
  const caller = connect()
  const id = caller.ping()
  expect(caller.messages).toEqual([
    { kind: 'hello', version: 1, capabilities: ['records', 'log'], agent: 'tenure', server: '' },
    { kind: 'pong', id },
  ])
})

test('the first message must be a hello, and there is one only', async () => {
  const { context, connect } = await connectionStage()
  const rude = new Caller(context)
  rude.ping()
  expect(rude.failure?.error).toBe('INVALID_ARGUMENT')
  expect(rude.stream.ready).toBe(false)
  const eager = connect()
  eager.say({ kind: 'hello', version: 1, capabilities: [], agent: 'test' })
  expect(eager.failure?.error).toBe('INVALID_ARGUMENT')
})

test('a connection that says nothing ends in time, one that has said hello does not', async () => {
  const { context, connect, clock } = await connectionStage()
  const [mute, polite] = [new Caller(context), connect()]
  await clock.advance(9_999)
  expect(mute.failure).toBeNull()
  polite.ping(10_000)
  await clock.advance(1)
  expect(mute.failure?.error).toBe('DEADLINE_EXCEEDED')
  expect(polite.failure).toBeNull()
})

test('a client of a later version goes on in ours; of an earlier one it hears ours, and the end names both', async () => {
  const { context } = await connectionStage()
  const hello = { kind: 'hello', capabilities: [], agent: 'test' } as const
  const later = new Caller(context)
  later.say({ ...hello, version: 7 }, { kind: 'ping', id: 1, periodMs: 10 })
  expect(later.messages).toMatchObject([{ kind: 'hello', version: 1 }, { kind: 'pong' }])
  const earlier = new Caller(context)
  earlier.say({ ...hello, version: 0 }, { kind: 'ping', id: 1, periodMs: 10 })
  expect(earlier.messages).toMatchObject([{ kind: 'hello', version: 1 }])
  expect(earlier.failure).toEqual({
    error: 'UNIMPLEMENTED',
    message: 'the client speaks version 0, this server version 1',
  })
})

test('sessions of one connection share one stream of their node, and acquire, release and stop', async () => {
  const { connect, host } = await connectionStage()
  const caller = connect()
  const [first, second] = [await caller.open(), await caller.open()]
  const held = caller.acquire(first, 'a')
  const waits = caller.acquire(second, 'a')
  await settle()
  expect(caller.repliesTo(held)).toEqual([{ kind: 'acquired', token: 1n }])
  expect(caller.repliesTo(waits)).toEqual([{ kind: 'pending', orderId: 2n }])
  const released = caller.ask(first, { kind: 'release', name: 'a' })
  await settle()
  expect(caller.repliesTo(released)).toEqual([{ kind: 'released', released: true }])
  expect(caller.repliesTo(waits)).toEqual([
    { kind: 'pending', orderId: 2n },
    { kind: 'acquired', token: 2n },
  ])
  caller.say({ kind: 'stop', channel: first })
  await settle()
  expect(caller.endOf(first)).toBe('STOPPED')
  expect(host.statistics()).toMatchObject({ sessions: 1, streams: 1 })
})

test('what one commit says leaves as one frame', async () => {
  const { connect } = await connectionStage()
  const caller = connect()
  const [first, second] = [await caller.open(), await caller.open()]
  caller.frames.length = 0
  caller.acquire(first, 'a')
  caller.acquire(second, 'b')
  caller.acquire(second, 'a')
  expect(caller.frames).toEqual([])
  await settle()
  expect(caller.frames.map((frame) => frame.length)).toEqual([3])
})

test('a path that is wrong, absent or elsewhere ends the channel', async () => {
  const { connect } = await connectionStage()
  const caller = connect()
  const channels = ['', '/local/../x', '/elsewhere/x', '/local', '/local/absent'].map((path) =>
    caller.attach({ path }),
  )
  await settle()
  expect(channels.map((channel) => caller.endOf(channel))).toEqual([
    'INVALID_ARGUMENT',
    'INVALID_ARGUMENT',
    'NOT_FOUND',
    'NOT_FOUND',
    'NOT_FOUND',
  ])
  expect(caller.failure).toBeNull()
})

// guards: A1
test('without a valid token no session and no question is served', async () => {
  const { connect, context } = await connectionStage({ users: { ann: 'secret' } })
  const stranger = connect()
  const channel = stranger.attach()
  const questions = [
    stranger.askNode({ kind: 'describe-node' }),
    stranger.askNode({ kind: 'list-nodes' }),
  ]
  const guest = connect(context.accounts.login('ann', 'secret') ?? '')
  await guest.open()
  await settle()
  expect(stranger.endOf(channel)).toBe('UNAUTHORIZED')
  for (const id of questions) {
    expect(stranger.repliesTo(id)).toMatchObject([{ kind: 'refused', code: 'UNAUTHORIZED' }])
  }
})

test('an engine that cannot be reached makes the channel UNAVAILABLE', async () => {
  const { context } = await connectionStage()
  const host = { ...context.host, node: async () => Promise.reject(new Error('no engine')) }
  const caller = new Caller({ ...context, host: Object.assign(Object.create(context.host), host) })
  caller.say({ kind: 'hello', version: 1, capabilities: [], agent: 'test' })
  const channel = caller.attach()
  await settle()
  expect(caller.endOf(channel)).toBe('UNAVAILABLE')
})

test('an id that is not greater than all before is refused, and nothing is done', async () => {
  const { connect, host } = await connectionStage()
  const caller = connect()
  const channel = await caller.open()
  const id = caller.acquire(channel, 'a')
  await settle()
  caller.say({ kind: 'ask', channel, id, operation: { kind: 'release', name: 'a' } })
  caller.say({ kind: 'ping', id: 0, periodMs: 1_000 })
  caller.say({ kind: 'ask-node', id: 1, path: '/local/locks', question: { kind: 'drop-node' } })
  await settle()
  expect(caller.repliesTo(id)).toMatchObject([
    { kind: 'acquired' },
    { kind: 'refused', code: 'INVALID_ARGUMENT' },
  ])
  for (const old of [0, 1]) {
    expect(caller.repliesTo(old)).toMatchObject([{ code: 'INVALID_ARGUMENT' }])
  }
  expect(host.statistics()).toMatchObject({ owners: 1, sessions: 1 })
})

test('an attach with an old id ends that channel, unless there is one', async () => {
  const { connect, host } = await connectionStage()
  const caller = connect()
  const channel = await caller.open()
  caller.ping()
  const attach = {
    kind: 'attach',
    path: '/local/locks',
    sessionId: 0n,
    timeoutMs: 1_000n,
    description: '',
    sequenceNumber: 0n,
    protectionKey: NOTHING,
    unreached: '',
  } as const
  caller.say({ ...attach, id: channel }, { ...attach, id: channel + 1 })
  await settle()
  expect(caller.repliesTo(channel)).toMatchObject([{ kind: 'refused', code: 'INVALID_ARGUMENT' }])
  expect(caller.endOf(channel)).toBeNull()
  expect(caller.endOf(channel + 1)).toBe('INVALID_ARGUMENT')
  expect(host.statistics()).toMatchObject({ sessions: 1 })
})

test('a request on a channel that is none, or was stopped or left, is refused', async () => {
  const { connect } = await connectionStage()
  const caller = connect()
  const [stopped, left] = [await caller.open(), await caller.open()]
  const early = caller.attach()
  caller.say({ kind: 'stop', channel: stopped }, { kind: 'leave', channel: left })
  caller.say({ kind: 'stop', channel: early })
  for (const channel of [77, stopped, left, early]) {
    const id = caller.acquire(channel, 'a')
    expect(caller.repliesTo(id)).toMatchObject([{ kind: 'refused', code: 'BAD_SESSION' }])
  }
})

test('what is asked before a session has begun is done then, in its order', async () => {
  const { connect, host } = await connectionStage()
  const caller = connect()
  const channel = caller.attach()
  const range = { start: NOTHING, end: null }
  const acquired = caller.acquire(channel, 'a')
  const watched = caller.ask(channel, { kind: 'watch-records', ...range, fromVersion: 0n })
  caller.say({ kind: 'forget', channel, target: watched })
  const released = caller.ask(channel, { kind: 'release', name: 'a' })
  await settle()
  expect(caller.messages.slice(1).map((message) => message.kind)).toEqual([
    'attached',
    'answer',
    'answer',
  ])
  expect(caller.repliesTo(acquired)).toMatchObject([{ kind: 'acquired' }])
  expect(caller.repliesTo(released)).toMatchObject([{ kind: 'released', released: true }])
  expect(host.statistics()).toMatchObject({ recordWatches: 0, owners: 0 })
})

test('what is asked before a session that cannot begin is not done', async () => {
  const { connect, host } = await connectionStage()
  const caller = connect()
  const channel = caller.attach({ sessionId: 99n })
  const asked = caller.acquire(channel, 'a')
  await settle()
  expect(caller.endOf(channel)).toBe('SESSION_EXPIRED')
  expect(caller.repliesTo(asked)).toEqual([])
  expect(host.statistics()).toMatchObject({ owners: 0, streams: 0 })
})

test('a message of a later version is refused when it has an id, and passed over otherwise', async () => {
  const { connect } = await connectionStage()
  const caller = connect()
  caller.say({ kind: 'unknown', id: 0 })
  const id = caller.nextId()
  caller.say({ kind: 'unknown', id })
  expect(caller.messages).toHaveLength(2)
  expect(caller.repliesTo(id)).toMatchObject([{ kind: 'refused', code: 'UNSUPPORTED' }])
})
