/** The start of a session stream on the wire. */
import { expect, test } from 'vitest'
import { ManualClock } from '../tablet/manual-clock.ts'
import { serveNode } from './harness.ts'

const OK = { code: 0 }
const BAD_REQUEST = 400_010
const NOT_FOUND = 400_140

test('a stream begins with session_started, then a ping, and serves requests', async () => {
  const { client } = await serveNode()
  const stream = client.stream()
  stream.answers = false
  stream.start()
  expect(await stream.next('sessionStarted')).toMatchObject({ sessionId: 1n, timeoutMillis: 5000n })
  const ping = await stream.next('ping')
  expect(ping.opaque).not.toBe(0n)
  stream.send({ case: 'pong', value: { opaque: ping.opaque } })
  const acquire = { reqId: 7n, name: 'lock', count: 1n, ephemeral: true }
  stream.send({ case: 'acquireSemaphore', value: acquire })
  const result = await stream.next('acquireSemaphoreResult')
  expect(result).toMatchObject({ reqId: 7n, status: 400_000, acquired: true })
  stream.send({ case: 'sessionStop', value: {} })
  expect(await stream.next('sessionStopped')).toMatchObject({ sessionId: 1n })
  expect(await stream.ended).toMatchObject(OK)
})

// guards: M1, M2
test('a first message that is no session_start ends the call with INVALID_ARGUMENT', async () => {
  const { client } = await serveNode()
  const stream = client.stream()
  stream.send({ case: 'ping', value: { opaque: 1n } })
  const details = 'First message must be a SessionStart'
  expect(await stream.ended).toEqual({ code: 3, details })
  expect(stream.waiting).toEqual([])
})

// guards: M1
test('an empty first message ends the call with INVALID_ARGUMENT', async () => {
  const { client } = await serveNode()
  const stream = client.stream()
  stream.sendBytes(new Uint8Array(0))
  expect(await stream.ended).toMatchObject({ code: 3 })
})

// guards: O1
test('a stream that says nothing for ten seconds ends', async () => {
  const clock = new ManualClock()
  const { client, server } = await serveNode({ clock })
  const stream = client.stream()
  const other = await client.session()
  await clock.advance(9_990)
  expect(server.statistics().attachedSessions).toBe(1)
  await clock.advance(20)
  expect(await stream.ended).toMatchObject({ code: 4 })
  other.send({ case: 'ping', value: { opaque: 9n } })
  expect(await other.next('pong')).toMatchObject({ opaque: 9n })
})

test('requests sent behind the start are handled after it, in order', async () => {
  const { client } = await serveNode()
  const stream = client.stream()
  stream.start()
  for (let id = 1n; id <= 3n; id += 1n) {
    stream.send({ case: 'createSemaphore', value: { reqId: id, name: `s${id}`, limit: 1n } })
  }
  await stream.next('sessionStarted')
  for (let id = 1n; id <= 3n; id += 1n) {
    expect(await stream.next('createSemaphoreResult')).toMatchObject({ reqId: id, status: 400_000 })
  }
})

const long = (length: number): Uint8Array => new Uint8Array(length).fill(1)
const LONG_PATH = `/local/${'x'.repeat(1024 - '/local/'.length)}`

// guards: M2, A2
test.for([
  ['an empty path', { path: '' }, BAD_REQUEST],
  ['a path with ..', { path: '/local/a/../node' }, BAD_REQUEST],
  ['a path with .', { path: '/local/./node' }, BAD_REQUEST],
  ['a path with NUL', { path: '/local/no\0de' }, BAD_REQUEST],
  ['a path of 1025 bytes', { path: `${LONG_PATH}x` }, BAD_REQUEST],
  ['an unknown path of 1024 bytes', { path: LONG_PATH }, NOT_FOUND],
  ['an unknown path', { path: '/local/other' }, NOT_FOUND],
  ['a path outside the database', { path: '/other/node' }, NOT_FOUND],
  ['the database itself', { path: '/local' }, NOT_FOUND],
  ['a timeout of 30 min and 1 ms', { timeoutMillis: 1_800_001n }, BAD_REQUEST],
  ['the largest timeout', { timeoutMillis: 2n ** 64n - 1n }, BAD_REQUEST],
  ['a description of 1025 bytes', { description: 'x'.repeat(1025) }, BAD_REQUEST],
  ['a key of 17 bytes', { protectionKey: long(17) }, BAD_REQUEST],
  ['an unknown session', { sessionId: 99n }, 400_150],
] as const)('a start with %s fails and makes no session', async ([, start, status]) => {
  const { client, server } = await serveNode()
  const stream = client.stream()
  stream.start(start)
  const failure = await stream.next('failure')
  expect(failure.status).toBe(status)
  expect(failure.issues[0]?.message).not.toBe('')
  expect(await stream.ended).toMatchObject(OK)
  expect(server.statistics().sessions).toBe(0)
})

// guards: M2
test.for([
  ['a timeout of 30 min', { timeoutMillis: 1_800_000n }],
  ['no timeout', { timeoutMillis: 0n }],
  ['a description of 1024 bytes', { description: 'x'.repeat(1024) }],
  ['a key of 16 bytes', { protectionKey: long(16) }],
  ['a relative path', { path: 'node' }],
  ['a path with more slashes', { path: '//local///node/' }],
] as const)('a start with %s is accepted', async ([, start]) => {
  const { client } = await serveNode()
  const stream = client.stream()
  stream.start(start)
  expect(await stream.next('sessionStarted')).toMatchObject({ sessionId: 1n })
})
