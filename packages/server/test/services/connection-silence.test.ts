/**
 * When a connection is given up because nothing is heard from it.
 *
 * guards: S1, S2, S4
 */
import { expect, test } from 'vitest'
import { settle } from '../tablet/manual-clock.ts'
import { connectionStage } from './connection-stage.ts'

test('a client that is silent for two declared periods is given up, and its sessions run out', async () => {
  const { connect, clock, host } = await connectionStage()
  const caller = connect()
  const channel = await caller.open({ timeoutMs: 3_000n })
  caller.acquire(channel, 'a')
  caller.ping(1_000)
  await clock.advance(1_999)
  expect(caller.failure).toBeNull()
  await clock.advance(1)
  expect(caller.failure?.error).toBe('DEADLINE_EXCEEDED')
  expect(host.statistics()).toMatchObject({ attachedSessions: 0, owners: 1, streams: 0 })
  await clock.advance(3_001)
  expect(host.statistics()).toMatchObject({ sessions: 0, owners: 0 })
})

test('whatever a client says counts as life', async () => {
  const { connect, clock } = await connectionStage()
  const caller = connect()
  const channel = await caller.open()
  caller.ping(1_000)
  const talk = [
    () => caller.ping(1_000),
    () => caller.acquire(channel, 'a'),
    () => caller.askNode({ kind: 'describe-node' }),
    () => caller.say({ kind: 'unknown', id: 0 }),
    () => caller.say({ kind: 'forget', channel, target: 1 }),
  ]
  for (const say of talk) {
    await clock.advance(1_900)
    say()
  }
  expect(caller.failure).toBeNull()
  await clock.advance(2_000)
  expect(caller.failure?.error).toBe('DEADLINE_EXCEEDED')
})

test('before the first ping a third of the smallest timeout counts, at most five seconds', async () => {
  const { connect, clock } = await connectionStage()
  const [idle, slow, quick] = [connect(), connect(), connect()]
  await slow.open({ timeoutMs: 60_000n })
  await quick.open({ timeoutMs: 60_000n })
  await quick.open({ timeoutMs: 3_000n })
  await clock.advance(1_999)
  expect(quick.failure).toBeNull()
  await clock.advance(1)
  expect(quick.failure).not.toBeNull()
  await clock.advance(7_999)
  expect([idle.failure, slow.failure]).toEqual([null, null])
  await clock.advance(1)
  expect([idle.failure, slow.failure]).not.toContain(null)
})

test('a declared period counts although a session has a smaller timeout', async () => {
  const { connect, clock } = await connectionStage()
  const caller = connect()
  caller.ping(4_000)
  await caller.open({ timeoutMs: 30n })
  await clock.advance(7_999)
  expect(caller.failure).toBeNull()
})

test.each([
  { declared: 1, silentMs: 20 },
  { declared: 10, silentMs: 20 },
  { declared: 10_000, silentMs: 20_000 },
  { declared: 0xffff_ffff, silentMs: 20_000 },
])(
  'a declared period of $declared ms ends in silence after $silentMs ms',
  async ({ declared, silentMs }) => {
    const { connect, clock } = await connectionStage()
    const caller = connect()
    caller.ping(declared)
    await clock.advance(silentMs - 1)
    expect(caller.failure).toBeNull()
    await clock.advance(1)
    expect(caller.failure).not.toBeNull()
  },
)

test('a ping without a period leaves the one that was last declared', async () => {
  const { connect, clock } = await connectionStage()
  const caller = connect()
  caller.ping(1_000)
  caller.ping(0)
  await clock.advance(1_999)
  expect(caller.failure).toBeNull()
  await clock.advance(1)
  expect(caller.failure).not.toBeNull()
})

test('a period may be declared anew, smaller or greater', async () => {
  const { connect, clock } = await connectionStage()
  const [hurried, eased] = [connect(), connect()]
  hurried.ping(5_000)
  hurried.ping(100)
  eased.ping(100)
  eased.ping(5_000)
  await clock.advance(200)
  expect(hurried.failure).not.toBeNull()
  await clock.advance(9_799)
  expect(eased.failure).toBeNull()
})

test('after a pause of this process the client has its whole time again', async () => {
  const { connect, clock } = await connectionStage()
  const caller = connect()
  caller.ping(1_000)
  clock.sleep(60_000)
  await clock.advance(0)
  expect(caller.failure).toBeNull()
  await clock.advance(1_999)
  expect(caller.failure).toBeNull()
  await clock.advance(1)
  expect(caller.failure).not.toBeNull()
})

test('input that has arrived is handled before the client is called silent', async () => {
  const { connect, clock } = await connectionStage()
  const caller = connect()
  caller.ping(1_000)
  await clock.advance(1_999)
  // Goes off behind the timer of the silence, in the same turn.
  clock.after(1, () => void caller.ping(1_000))
  await clock.advance(1)
  expect(caller.failure).toBeNull()
})

test('a client from whom nothing is read is not called silent', async () => {
  const { connect, clock, engine } = await connectionStage()
  const caller = connect()
  const channel = await caller.open()
  caller.ping(1_000)
  engine.holding = true
  const asks = Array.from({ length: 16_385 }, () => ({
    kind: 'ask' as const,
    channel,
    id: caller.nextId(),
    operation: { kind: 'release', name: 'a' } as const,
  }))
  caller.say(...asks)
  expect(caller.stream.ready).toBe(false)
  await clock.advance(11_999)
  expect(caller.failure).toBeNull()
  engine.letAll()
  await settle()
  expect(caller.stream.ready).toBe(true)
  expect(caller.resumes).toBe(1)
  await clock.advance(1_999)
  expect(caller.failure).toBeNull()
  await clock.advance(1)
  expect(caller.failure).not.toBeNull()
})
