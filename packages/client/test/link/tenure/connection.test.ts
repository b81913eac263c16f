/** One connection for all sessions of a client: its greeting, its frames, its heartbeat, its end. */
import { decodeClientFrame } from '@tenure/protocol'
import { expect, test } from 'vitest'
import { FRAME_MAX_BYTES } from '../../../src/link/tenure/outgoing.ts'
import { answers, turn } from './fake-server.ts'
import { Stage } from './stage.ts'

const UNAVAILABLE = 14

const RELEASE = { kind: 'release', name: 'a' } as const

test('nothing but the hello is said before the server has said its own', async () => {
  const stage = new Stage()
  stage.attach()
  await turn()
  expect(stage.stream.heard).toMatchObject([{ kind: 'hello', version: 1 }])
  stage.stream.greet()
  await turn()
  expect(stage.stream.heard).toMatchObject([
    { kind: 'hello' },
    { kind: 'attach', path: '/local/a', sessionId: 0n, timeoutMs: 10_000n },
  ])
})

test('what is said in one turn, and in the microtasks that follow from it, leaves as one frame', async () => {
  const stage = new Stage()
  const one = await stage.join()
  const other = await stage.join()
  const before = stage.stream.frames.length
  one.attachment.send(RELEASE, () => {})
  await Promise.resolve()
  other.attachment.send(RELEASE, () => {})
  for (let depth = 0; depth < 20; depth += 1) await Promise.resolve()
  one.attachment.send(RELEASE, () => {})
  await turn()
  expect(stage.stream.frames).toHaveLength(before + 1)
  expect(stage.stream.of('ask')).toMatchObject([
    { channel: one.channel },
    { channel: other.channel },
    { channel: one.channel },
  ])
})

test('what the answers of one frame lead to leaves as one frame', async () => {
  const stage = new Stage()
  const { attachment } = await stage.join()
  for (let at = 0; at < 3; at += 1) {
    attachment.send(RELEASE, () => void attachment.send(RELEASE, () => {}))
  }
  await turn()
  const before = stage.stream.frames.length
  const done = { kind: 'released', released: true } as const
  const asked = stage.stream.of('ask')
  stage.stream.say(...asked.map(({ id }) => ({ kind: 'answer', id, reply: done }) as const))
  await turn()
  expect(stage.stream.frames).toHaveLength(before + 1)
  expect(stage.stream.of('ask')).toHaveLength(6)
})

test('ids grow with every message that wants an answer', async () => {
  const stage = new Stage()
  const { attachment } = await stage.join()
  await stage.join()
  attachment.send(RELEASE, () => {})
  await turn()
  const ids = stage.stream.heard.flatMap((message) => ('id' in message ? [message.id] : []))
  expect(ids).toEqual(ids.toSorted((one, other) => one - other))
  expect(new Set(ids).size).toBe(ids.length)
})

test('ten thousand sessions that come back at once take one stream and a few frames, none too long', async () => {
  const stage = new Stage()
  const sessions = Array.from({ length: 10_000 }, (_, at) =>
    stage.attach({ sessionId: BigInt(at + 1), description: 'd'.repeat(200) }),
  )
  await turn()
  stage.stream.greet()
  await turn()
  expect(stage.server.streams).toHaveLength(1)
  expect(stage.stream.of('attach')).toHaveLength(10_000)
  expect(stage.stream.frames.length).toBeLessThan(8)
  for (const frame of stage.stream.frames) expect(frame.length).toBeLessThan(FRAME_MAX_BYTES + 1)
  stage.stream.say(
    ...stage.stream
      .of('attach')
      .map(
        ({ id, sessionId }) =>
          ({ kind: 'attached', channel: id, sessionId, timeoutMs: 10_000n }) as const,
      ),
  )
  while (sessions.some(({ told }) => told.starts.length === 0)) await turn()
  expect(stage.stream.of('ping')).toHaveLength(1)
  expect(sessions.every(({ told }) => told.starts.length === 1)).toBe(true)
})

test('a frame that grows too long is cut between two messages', async () => {
  const stage = new Stage()
  const { attachment } = await stage.join()
  const before = stage.stream.frames.length
  const data = new Uint8Array(600_000)
  for (let at = 0; at < 4; at += 1) attachment.send({ kind: 'update', name: 'a', data }, () => {})
  await turn()
  const frames = stage.stream.frames.slice(before)
  expect(frames.map((frame) => decodeClientFrame(frame).length)).toEqual([1, 1, 1, 1])
})

test('a request that cannot be written throws, and the others of its turn are unharmed', async () => {
  const stage = new Stage()
  const { attachment } = await stage.join()
  attachment.send(RELEASE, () => {})
  expect(() => attachment.send({ kind: 'release', name: '\ud800' }, () => {})).toThrow('text')
  attachment.send({ kind: 'release', name: 'b' }, () => {})
  await turn()
  expect(stage.stream.of('ask').map(({ operation }) => operation)).toEqual([
    RELEASE,
    { kind: 'release', name: 'b' },
  ])
})

test('one ping proves the server alive to all sessions, as often as the most hurried of them wants', async () => {
  const stage = new Stage()
  const slow = await stage.join({ heartbeatMs: 5_000 })
  const fast = await stage.join({ heartbeatMs: 1_000 })
  stage.pong()
  slow.told.contacts.length = 0
  fast.told.contacts.length = 0
  const before = stage.stream.of('ping').length
  stage.clock.advance(1_000)
  await turn()
  expect(stage.stream.of('ping')).toHaveLength(before + 1)
  expect(stage.stream.of('ping').at(-1)).toMatchObject({ periodMs: 1_000 })
  const sentAtMs = stage.clock.monotonicMs()
  stage.clock.advance(30)
  stage.pong()
  expect(slow.told.contacts).toEqual([sentAtMs])
  expect(fast.told.contacts).toEqual([sentAtMs])
})

test('when the most hurried session has gone the heartbeat slows down, and says so', async () => {
  const stage = new Stage()
  await stage.join({ heartbeatMs: 5_000 })
  const fast = await stage.join({ heartbeatMs: 1_000 })
  fast.attachment.leave()
  await stage.live(2_000, 1_000)
  expect(stage.stream.of('ping').at(-1)).toMatchObject({ periodMs: 5_000 })
})

// Found by many-leases.test.ts: a client that died right after it had hurried was believed in for the period of before.
test('a session that hurries quickens the heartbeat at once, and the server knows it at once', async () => {
  const stage = new Stage()
  const { attachment } = await stage.join({ heartbeatMs: 5_000 })
  stage.pong()
  const before = stage.stream.of('ping').length
  attachment.hurry(1_000)
  attachment.hurry(3_000)
  await turn()
  expect(stage.stream.of('ping')).toHaveLength(before + 1)
  expect(stage.stream.of('ping').at(-1)).toMatchObject({ periodMs: 1_000 })
  stage.pong()
  stage.clock.advance(1_000)
  await turn()
  expect(stage.stream.of('ping')).toHaveLength(before + 2)
  expect(stage.stream.of('ping').at(-1)).toMatchObject({ periodMs: 1_000 })
})

test('a session that has not started hurries nobody and hears of no contact', async () => {
  const stage = new Stage()
  await stage.join({ heartbeatMs: 5_000 })
  const { told, attachment } = stage.attach({ heartbeatMs: 100 })
  attachment.hurry(50)
  await turn()
  stage.pong()
  stage.clock.advance(900)
  await turn()
  expect(stage.stream.of('ping')).toHaveLength(1)
  expect(told.contacts).toEqual([])
})

// guards: X7
test('a server that does not answer a ping by the next one ends all sessions of the connection, and the next takes a fresh one to the next host', async () => {
  const stage = new Stage()
  const one = await stage.join({ heartbeatMs: 1_000 })
  const other = await stage.join({ heartbeatMs: 5_000 })
  const { stream } = stage
  stage.clock.advance(1_000)
  expect(one.told.ends).toMatchObject([{ kind: 'broken' }])
  expect(other.told.ends).toMatchObject([{ kind: 'broken' }])
  expect(stream.isCancelled).toBe(true)
  stage.attach()
  await turn()
  expect(stage.server.streams).toHaveLength(2)
  expect(stage.stream.host).toBe('two:2')
  expect(stage.server.channels).toBe(1)
})

test('what the server says of its own accord proves nothing', async () => {
  const stage = new Stage()
  const { told, channel } = await stage.join({ heartbeatMs: 1_000 })
  const notice = { kind: 'lease-ended', lease: 1n } as const
  stage.stream.say({ kind: 'notice', channel, notice }, { kind: 'pong', id: 999 })
  stage.clock.advance(1_000)
  expect(told.contacts).toEqual([])
  expect(told.ends).toMatchObject([{ kind: 'broken' }])
})

test('a ping is given a quarter of a second, however hurried its session', async () => {
  const stage = new Stage()
  const { told } = await stage.join({ heartbeatMs: 20 })
  expect(stage.stream.of('ping')).toMatchObject([{ periodMs: 250 }])
  stage.clock.advance(240)
  expect(told.ends).toEqual([])
  stage.clock.advance(20)
  expect(told.ends).toMatchObject([{ kind: 'broken' }])
})

test('a ping that is under way when somebody hurries gets a whole period of his', async () => {
  const stage = new Stage()
  const { attachment, told } = await stage.join({ heartbeatMs: 5_000 })
  stage.clock.advance(3_000)
  attachment.hurry(1_000)
  stage.clock.advance(999)
  expect(told.ends).toEqual([])
  stage.clock.advance(1)
  expect(told.ends).toMatchObject([{ kind: 'broken' }])
})

test('after a stall of this process the answer may lie unread: it gets one more heartbeat', async () => {
  const stage = new Stage()
  const { told } = await stage.join({ heartbeatMs: 1_000 })
  stage.clock.stall(5_000)
  stage.clock.advance(0)
  expect(told.ends).toEqual([])
  stage.pong()
  stage.clock.advance(1_000)
  expect(told.ends).toEqual([])
  expect(told.contacts).toHaveLength(1)
})

test('a stall does not save a server that is silent after it, too', async () => {
  const stage = new Stage()
  const { told } = await stage.join({ heartbeatMs: 1_000 })
  stage.clock.stall(5_000)
  stage.clock.advance(0)
  stage.clock.advance(1_000)
  expect(told.ends).toMatchObject([{ kind: 'broken' }])
})

test.for([
  ['ends', (stage: Stage) => stage.stream.end()],
  ['breaks', (stage: Stage) => stage.stream.fail(UNAVAILABLE)],
  ['holds garbage', (stage: Stage) => stage.stream.sayBytes(new Uint8Array([255, 255]))],
] as const)(
  'a stream that %s ends all its sessions once, and the next takes another host',
  async ([, spoil]) => {
    const stage = new Stage()
    const one = await stage.join()
    const other = await stage.join()
    spoil(stage)
    stage.stream.fail(UNAVAILABLE)
    stage.stream.end()
    for (const { told } of [one, other]) expect(told.ends).toMatchObject([{ kind: 'broken' }])
    stage.attach()
    await turn()
    expect(stage.stream.host).toBe('two:2')
  },
)

test('a server that says anything before its hello is left', async () => {
  const stage = new Stage()
  const { told } = stage.attach()
  await turn()
  stage.stream.say({ kind: 'pong', id: 1 })
  expect(told.ends).toMatchObject([{ kind: 'broken' }])
})

test('what a later version says beside is passed over', async () => {
  const stage = new Stage()
  const { told, attachment } = await stage.join()
  // Field 63 of a frame's entry, and a second hello.
  stage.stream.sayBytes(new Uint8Array([10, 3, 0xfa, 0x03, 0]))
  stage.stream.greet()
  const { got, take } = answers()
  const id = attachment.send(RELEASE, take)
  stage.stream.answer(id, { kind: 'released', released: true })
  stage.stream.answer(999, { kind: 'done' })
  expect(got).toHaveLength(1)
  expect(told.ends).toEqual([])
})

test('a connection that nobody uses is closed after a moment, and not before', async () => {
  const stage = new Stage()
  const { attachment } = await stage.join()
  attachment.leave()
  stage.clock.advance(200)
  const again = await stage.join()
  stage.clock.advance(200)
  expect(stage.server.streams).toHaveLength(1)
  again.attachment.leave()
  await turn()
  expect(stage.stream.of('leave')).toHaveLength(2)
  stage.clock.advance(250)
  expect(stage.stream.isCancelled).toBe(true)
  expect(stage.clock.pending).toBe(0)
  await stage.join()
  expect(stage.server.streams).toHaveLength(2)
})

test('a link that is closed leaves nothing open, also while it connects', async () => {
  const stage = new Stage()
  const { attachment } = stage.attach({ sessionId: 5n })
  attachment.leave()
  await stage.link.close()
  await stage.link.close()
  await turn()
  expect(stage.server.channels).toBe(0)
  expect(stage.clock.pending).toBe(0)
})
