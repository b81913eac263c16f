/**
 * What a connection may ask at a time, and what it hears beyond.
 *
 * guards: O1, O2, O5
 */
import { expect, test } from 'vitest'
import { settle } from '../tablet/manual-clock.ts'
import { acquireOf, connectionStage, NOTHING } from './connection-stage.ts'

const UNANSWERED_MAX = 8_192
/** Of one connection at one node. */
const TAKEN_MAX = 16_384
const OPERATIONS = 100_000

test('of a frame with too many operations those that find no room are refused one by one, the others are done', async () => {
  const { connect, host, engine } = await connectionStage()
  const caller = connect()
  const channel = await caller.open()
  const ids = Array.from({ length: OPERATIONS }, () => caller.nextId())
  engine.holding = true
  caller.say(
    ...ids.map((id) => ({ kind: 'ask' as const, channel, id, operation: acquireOf(`lock-${id}`) })),
  )
  const refused = caller.all('answer')
  expect(refused).toHaveLength(OPERATIONS - TAKEN_MAX)
  expect(new Set(refused.map(({ reply }) => reply.kind === 'refused' && reply.code))).toEqual(
    new Set(['OVERLOADED']),
  )
  expect(caller.frames.length).toBe(3)
  engine.letAll()
  await settle()
  expect(caller.all('answer')).toHaveLength(OPERATIONS)
  expect(new Set(caller.all('answer').map(({ id }) => id)).size).toBe(OPERATIONS)
  expect(host.statistics().owners).toBe(TAKEN_MAX)
})

test('reading pauses while too much is unanswered, of all nodes together', async () => {
  const { connect, engine, host } = await connectionStage()
  const caller = connect()
  const created = caller.askNode(
    {
      kind: 'create-node',
      config: {
        selfCheckPeriodMs: 0,
        sessionGracePeriodMs: 0,
        readConsistency: 'unset',
        attachConsistency: 'unset',
        rateLimiterCounters: 'unset',
      },
    },
    '/local/other',
  )
  await settle()
  expect(caller.repliesTo(created)).toEqual([{ kind: 'done' }])
  const channels = [await caller.open(), await caller.open({ path: '/local/other' })]
  expect(host.statistics()).toMatchObject({ streams: 2, tablets: 2 })
  engine.holding = true
  const asks = (channel: number, count: number) =>
    Array.from({ length: count }, () => ({
      kind: 'ask' as const,
      channel,
      id: caller.nextId(),
      operation: { kind: 'release', name: 'a' } as const,
    }))
  const [first = 0, second = 0] = channels
  caller.say(...asks(first, UNANSWERED_MAX / 2), ...asks(second, UNANSWERED_MAX / 2))
  expect(caller.stream.ready).toBe(true)
  caller.say(...asks(second, 1))
  expect(caller.stream.ready).toBe(false)
  engine.letAll()
  await settle()
  expect(caller.stream.ready).toBe(true)
  expect(caller.resumes).toBe(1)
})

test('what is asked before a session has begun counts', async () => {
  const { connect } = await connectionStage()
  const caller = connect()
  const [first, second] = [caller.attach(), caller.attach({ path: '/local/absent' })]
  const ask = (channel: number) => ({
    kind: 'ask' as const,
    channel,
    id: caller.nextId(),
    operation: { kind: 'release', name: 'a' } as const,
  })
  caller.say(
    ...Array.from({ length: UNANSWERED_MAX - 2 }, (_, at) => ask(at % 2 === 0 ? first : second)),
  )
  expect(caller.stream.ready).toBe(true)
  caller.say(ask(second))
  expect(caller.stream.ready).toBe(false)
  await settle()
  expect(caller.endOf(second)).toBe('NOT_FOUND')
  expect(caller.all('answer')).toHaveLength(UNANSWERED_MAX / 2 - 1)
  expect(caller.stream.ready).toBe(true)
})

test('what was asked before a session that cannot begin counts no more', async () => {
  const { connect } = await connectionStage()
  const caller = connect()
  await caller.open()
  const channel = caller.attach({ sessionId: 99n })
  caller.say(
    ...Array.from({ length: UNANSWERED_MAX + 1 }, () => ({
      kind: 'ask' as const,
      channel,
      id: caller.nextId(),
      operation: acquireOf('a'),
    })),
  )
  expect(caller.stream.ready).toBe(false)
  await settle()
  expect(caller.endOf(channel)).toBe('SESSION_EXPIRED')
  expect(caller.stream.ready).toBe(true)
})

test('what waits in the node counts as answered', async () => {
  const { connect, host } = await connectionStage()
  const [holder, caller] = [connect(), connect()]
  holder.acquire(await holder.open(), 'a')
  const channels: number[] = []
  for (let at = 0; at < 3; at += 1) channels.push(await caller.open())
  for (const channel of channels) {
    caller.acquire(channel, 'a')
    const range = { start: NOTHING, end: null }
    const many = Array.from({ length: UNANSWERED_MAX / 2 }, () => ({
      kind: 'ask' as const,
      channel,
      id: caller.nextId(),
      operation: { kind: 'watch-records', ...range, fromVersion: 0n } as const,
    }))
    caller.say(...many)
    await settle()
  }
  expect(host.statistics()).toMatchObject({ waiters: 3, recordWatches: (3 * UNANSWERED_MAX) / 2 })
  expect(caller.stream.ready).toBe(true)
  expect(caller.all('answer').map(({ reply }) => reply.kind)).toEqual([
    'pending',
    'pending',
    'pending',
  ])
})

test('reading goes on when all that was asked has begun to wait, and nothing is said of it', async () => {
  const { connect } = await connectionStage({ tablet: { streamCommandsMax: 2 * UNANSWERED_MAX } })
  const caller = connect()
  const channel = await caller.open()
  const range = { start: NOTHING, end: null }
  caller.say(
    ...Array.from({ length: UNANSWERED_MAX + 1 }, () => ({
      kind: 'ask' as const,
      channel,
      id: caller.nextId(),
      operation: { kind: 'watch-records', ...range, fromVersion: 0n } as const,
    })),
  )
  expect(caller.stream.ready).toBe(false)
  await settle()
  expect(caller.all('answer')).toEqual([])
  expect(caller.stream.ready).toBe(true)
  expect(caller.resumes).toBe(1)
})

test('requests of a node that has failed count no more', async () => {
  const { connect, engine } = await connectionStage()
  const caller = connect()
  const channel = await caller.open()
  engine.moods.push('fails-before')
  caller.say(
    ...Array.from({ length: UNANSWERED_MAX + 1 }, () => ({
      kind: 'ask' as const,
      channel,
      id: caller.nextId(),
      operation: {
        kind: 'acquire',
        name: 'a',
        count: 1n,
        timeoutMs: 0n,
        data: NOTHING,
        ephemeral: false,
      } as const,
    })),
    { kind: 'ask', channel, id: caller.nextId(), operation: acquireOf('b') },
  )
  caller.ask(channel, acquireOf('b'))
  await settle()
  expect(caller.stream.ready).toBe(true)
})

test('an attach that finds no room ends its channel, a stop finds room always', async () => {
  const { connect, engine } = await connectionStage({ tablet: { commandsMax: 1 } })
  const caller = connect()
  const channel = await caller.open()
  engine.holding = true
  caller.acquire(channel, 'a')
  const late = caller.attach()
  const refused = caller.acquire(channel, 'b')
  expect(caller.endOf(late)).toBe('OVERLOADED')
  expect(caller.repliesTo(refused)).toMatchObject([{ code: 'OVERLOADED' }])
  caller.say({ kind: 'stop', channel })
  engine.letAll()
  await settle()
  expect(caller.endOf(channel)).toBe('STOPPED')
})

test('questions beyond the bound are refused', async () => {
  const { connect, engine } = await connectionStage()
  const caller = connect()
  engine.holding = true
  const ids = Array.from({ length: 300 }, () => caller.askNode({ kind: 'describe-node' }))
  expect(caller.all('answer')).toHaveLength(300 - 256)
  engine.letAll()
  await settle()
  expect(caller.all('answer')).toHaveLength(300)
  expect(caller.repliesTo(ids[0] ?? 0)).toMatchObject([{ kind: 'node-described' }])
  expect(caller.repliesTo(ids[299] ?? 0)).toMatchObject([{ code: 'OVERLOADED' }])
})

test('a client that does not read what it is sent is given up', async () => {
  const { connect, host } = await connectionStage()
  const caller = connect()
  await caller.open()
  caller.stream.overflow()
  await settle()
  expect(caller.failure?.error).toBe('RESOURCE_EXHAUSTED')
  expect(host.statistics()).toMatchObject({ attachedSessions: 0 })
})

test('a connection has so many sessions and no more', async () => {
  const { connect, host } = await connectionStage()
  const caller = connect()
  const attaches = Array.from({ length: 100_001 }, () => ({
    kind: 'attach' as const,
    id: caller.nextId(),
    path: '/local/absent',
    sessionId: 0n,
    timeoutMs: 1_000n,
    description: '',
    sequenceNumber: 0n,
    protectionKey: NOTHING,
    unreached: '',
  }))
  caller.say(...attaches)
  expect(caller.all('ended')).toMatchObject([{ channel: attaches.at(-1)?.id, code: 'OVERLOADED' }])
  await settle()
  expect(caller.all('ended')).toHaveLength(100_001)
  expect(host.statistics()).toMatchObject({ streams: 0 })
})
