/** One session on a connection of tenure.v1: its start, its requests and answers, its end. */
import { expect, test } from 'vitest'
import { answers, turn } from './fake-server.ts'
import { Stage } from './stage.ts'

const RELEASE = { kind: 'release', name: 'a' } as const
const RELEASED = { kind: 'released', released: true } as const
const WAIT = { kind: 'wait-record', key: new Uint8Array([1]), version: 3n } as const
const EMPTY = new Uint8Array(0)

test('a session starts with all that the protocol offers, and with records and a log where the server has them', async () => {
  const stage = new Stage()
  const { told } = await stage.join({ sessionId: 7n })
  expect(told.starts).toEqual([
    {
      sessionId: 7n,
      watchAbsent: true,
      numbersChanges: true,
      createsOnAcquire: true,
      hasRecords: true,
      hasLog: true,
    },
  ])
})

test('a server that does not say that it has records or a log has none', async () => {
  const stage = new Stage()
  const { told } = stage.attach()
  await turn()
  stage.stream.greet([])
  stage.stream.say({ kind: 'attached', channel: 1, sessionId: 1n, timeoutMs: 10_000n })
  expect(told.starts).toMatchObject([{ hasRecords: false, hasLog: false }])
})

test('an attach says all that the session wants', async () => {
  const stage = new Stage()
  await stage.join({ path: '/local/x/y', sessionId: 9n, description: 'me', sequenceNumber: 4n })
  expect(stage.stream.of('attach')).toEqual([
    {
      kind: 'attach',
      id: 1,
      path: '/local/x/y',
      sessionId: 9n,
      timeoutMs: 10_000n,
      description: 'me',
      sequenceNumber: 4n,
      protectionKey: new Uint8Array(16).fill(7),
      unreached: '',
    },
  ])
})

// guards: X7
test('an answer is contact for its session, from when its request was sent', async () => {
  const stage = new Stage()
  const one = await stage.join()
  const other = await stage.join()
  const sentAtMs = stage.clock.monotonicMs()
  const { got, take } = answers()
  const id = one.attachment.send(RELEASE, take)
  stage.clock.advance(40)
  await turn()
  stage.stream.answer(id, RELEASED)
  expect(got).toEqual([RELEASED])
  expect(one.told.contacts).toEqual([sentAtMs])
  expect(other.told.contacts).toEqual([])
})

test('a request is answered once, and "pending" is no answer', async () => {
  const stage = new Stage()
  const { attachment } = await stage.join()
  const { got, take } = answers()
  const acquire = { kind: 'acquire', name: 'a', count: 1n, timeoutMs: 5n, data: EMPTY } as const
  const id = attachment.send({ ...acquire, ephemeral: false, createLimit: 1n }, take)
  await turn()
  expect(stage.stream.of('ask')).toMatchObject([{ id, operation: { createLimit: 1n } }])
  stage.stream.answer(id, { kind: 'pending', orderId: 8n })
  expect(got).toEqual([])
  stage.stream.answer(id, { kind: 'acquired', token: 8n })
  stage.stream.answer(id, { kind: 'not-acquired' })
  expect(got).toEqual([{ kind: 'acquired', token: 8n }])
})

test('answers come to their own requests, in whatever order they come', async () => {
  const stage = new Stage()
  const { attachment } = await stage.join()
  const [one, other] = [answers(), answers()]
  const first = attachment.send(RELEASE, one.take)
  const second = attachment.send(RELEASE, other.take)
  stage.stream.answer(second, { kind: 'released', released: false })
  stage.stream.answer(first, RELEASED)
  expect(one.got).toEqual([RELEASED])
  expect(other.got).toEqual([{ kind: 'released', released: false }])
})

test('a refusal brings the record that is there instead', async () => {
  const stage = new Stage()
  const { attachment } = await stage.join()
  const { got, take } = answers()
  const key = new Uint8Array([1])
  const id = attachment.send(
    {
      kind: 'create-record',
      key,
      value: EMPTY,
      lease: 0n,
      change: { serial: 1n, settledBelow: 1n },
    },
    take,
  )
  const record = { key, value: new Uint8Array([2]), version: 5n, createdVersion: 4n, lease: 0n }
  stage.stream.answer(id, { kind: 'refused', code: 'ALREADY_EXISTS', message: 'there', record })
  expect(got).toMatchObject([
    { kind: 'refused', code: 'ALREADY_EXISTS', message: 'there', record: { version: 5n } },
  ])
})

test('an answer that no request of a session has is refused as the fault of the server', async () => {
  const stage = new Stage()
  const { attachment } = await stage.join()
  const { got, take } = answers()
  const id = attachment.send(RELEASE, take)
  stage.stream.answer(id, { kind: 'token-checked', isNewest: true })
  expect(got).toMatchObject([{ kind: 'refused', code: 'INTERNAL' }])
})

test('a wait that is forgotten is taken back and not answered; what is not waited for is not taken back', async () => {
  const stage = new Stage()
  const { attachment, channel } = await stage.join()
  const { got, take } = answers()
  const id = attachment.send(WAIT, take)
  attachment.forget(id)
  attachment.forget(id)
  attachment.forget(0)
  await turn()
  expect(stage.stream.of('forget')).toEqual([{ kind: 'forget', channel, target: id }])
  stage.stream.answer(id, { kind: 'record-read', record: null })
  expect(got).toEqual([])
})

test('notices reach their session', async () => {
  const stage = new Stage()
  const one = await stage.join()
  const other = await stage.join()
  const notice = { kind: 'revoked', name: 'a', orderId: 3n } as const
  stage.stream.say({ kind: 'notice', channel: one.channel, notice })
  expect(one.told.notices).toEqual([notice])
  expect(other.told.notices).toEqual([])
})

test('a session that is stopped ends when the server says so, and the others go on', async () => {
  const stage = new Stage()
  const one = await stage.join()
  const other = await stage.join()
  const { got, take } = answers()
  one.attachment.send(WAIT, take)
  one.attachment.stop()
  await turn()
  expect(stage.stream.of('stop')).toEqual([{ kind: 'stop', channel: one.channel }])
  stage.stream.say({ kind: 'ended', channel: one.channel, code: 'STOPPED', message: '' })
  stage.stream.say({ kind: 'ended', channel: one.channel, code: 'STOPPED', message: '' })
  expect(one.told.ends).toEqual([{ kind: 'stopped' }])
  expect(got).toEqual([])
  expect(other.told.ends).toEqual([])
})

test.for(['NOT_FOUND', 'SESSION_EXPIRED', 'BAD_SESSION', 'UNAVAILABLE', 'UNAUTHORIZED'] as const)(
  'a session that the server ends with %s is refused with it',
  async (code) => {
    const stage = new Stage()
    const { told } = stage.attach()
    await turn()
    stage.stream.greet()
    stage.stream.say({ kind: 'ended', channel: 1, code, message: 'why' })
    expect(told.ends).toEqual([
      { kind: 'refused', refusal: { kind: 'refused', code, message: 'why' } },
    ])
    expect(told.starts).toEqual([])
  },
)

test('nothing is heard after leaving, and nothing more is said', async () => {
  const stage = new Stage()
  const { attachment, told, channel } = await stage.join()
  const other = await stage.join()
  const { got, take } = answers()
  const id = attachment.send(RELEASE, take)
  attachment.leave()
  attachment.leave()
  attachment.stop()
  expect(attachment.send(RELEASE, take)).toBe(0)
  attachment.forget(id)
  await turn()
  stage.stream.answer(id, RELEASED)
  stage.pong()
  stage.stream.say({ kind: 'ended', channel, code: 'BAD_SESSION', message: '' })
  stage.stream.end()
  expect(got).toEqual([])
  expect(told.ends).toEqual([])
  expect(told.contacts).toEqual([])
  expect(stage.stream.of('leave')).toEqual([{ kind: 'leave', channel }])
  expect(stage.stream.of('ask')).toHaveLength(1)
  expect(stage.stream.of('stop')).toEqual([])
  expect(other.told.ends).toHaveLength(1)
})

test('a new session that is left before it has started is stopped, so that the server does not keep it', async () => {
  const stage = new Stage()
  const { attachment, told } = stage.attach()
  await turn()
  stage.stream.greet()
  attachment.leave()
  await stage.link.close()
  await turn()
  expect(stage.stream.of('stop')).toEqual([{ kind: 'stop', channel: 1 }])
  expect(stage.stream.isCancelled).toBe(false)
  stage.stream.say({ kind: 'attached', channel: 1, sessionId: 1n, timeoutMs: 10_000n })
  stage.stream.say({ kind: 'ended', channel: 1, code: 'STOPPED', message: '' })
  expect(told.starts).toEqual([])
  expect(told.ends).toEqual([])
  expect(stage.stream.isCancelled).toBe(true)
  expect(stage.clock.pending).toBe(0)
})

test('the stop of a session that was left early is not waited for without end', async () => {
  const stage = new Stage()
  const { attachment } = stage.attach()
  await turn()
  attachment.leave()
  await stage.link.close()
  stage.clock.advance(1_000)
  expect(stage.stream.isCancelled).toBe(true)
  expect(stage.server.channels).toBe(0)
})

test('a session that is taken up again and left before it has started is left', async () => {
  const stage = new Stage()
  const { attachment } = stage.attach({ sessionId: 5n })
  await turn()
  stage.stream.greet()
  attachment.leave()
  await turn()
  expect(stage.stream.of('leave')).toEqual([{ kind: 'leave', channel: 1 }])
  expect(stage.stream.of('stop')).toEqual([])
})

test('a start that takes too long is given up; those that have started go on, and the next goes another way', async () => {
  const stage = new Stage()
  const sound = await stage.join({ heartbeatMs: 5_000 })
  const { stream } = stage
  const { told } = stage.attach({ heartbeatMs: 600 })
  stage.pong()
  stage.clock.advance(1_199)
  expect(told.ends).toEqual([])
  stage.clock.advance(1)
  await turn()
  expect(told.ends).toMatchObject([{ kind: 'broken' }])
  expect(sound.told.ends).toEqual([])
  expect(stream.of('stop')).toHaveLength(1)
  await stage.join()
  expect(stage.server.streams).toHaveLength(2)
  expect(stage.stream.host).toBe('two:2')
  sound.attachment.send(RELEASE, () => {})
  await turn()
  expect(stream.of('ask')).toHaveLength(1)
})

test('a session that ends itself in the moment of its start leaves nothing behind', async () => {
  const stage = new Stage()
  const { attachment, told } = stage.attach()
  told.started = () => attachment.leave()
  await turn()
  stage.stream.greet()
  stage.stream.say({ kind: 'attached', channel: 1, sessionId: 1n, timeoutMs: 10_000n })
  await turn()
  expect(stage.stream.of('leave')).toHaveLength(1)
  expect(stage.stream.of('ping')).toEqual([])
  stage.clock.advance(250)
  expect(stage.stream.isCancelled).toBe(true)
})
