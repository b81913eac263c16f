/** What ends a working stream, and what a client may do afterwards. */
import { expect, test } from 'vitest'
import { serveNode } from './harness.ts'
import type { RawStream } from './raw-client.ts'

const BAD_REQUEST = 400_010

// guards: M1, M2
test.for<[string, (stream: RawStream) => void, string]>([
  ['an empty request', (stream) => stream.sendBytes(new Uint8Array(0)), 'Empty request'],
  ['a second start', (stream) => stream.start(), 'Session cannot be started twice'],
  ...[5, 6, 13, 14, 15].map((slot): [string, (stream: RawStream) => void, string] => [
    `the retired slot ${slot}`,
    (stream) => stream.sendBytes(Uint8Array.of((slot << 3) | 2, 0)),
    'Unimplemented request',
  ]),
  [
    'a pong that answers no ping',
    (stream) => stream.send({ case: 'pong', value: { opaque: stream.lastPing + 1n } }),
    'Pong data mismatch',
  ],
])('%s fails the stream, and the session can be attached again', async ([, send, text]) => {
  const { client } = await serveNode()
  const stream = await client.session()
  send(stream)
  const failure = await stream.next('failure')
  expect(failure.status).toBe(BAD_REQUEST)
  expect(failure.issues[0]?.message).toBe(text)
  expect(await stream.ended).toMatchObject({ code: 0 })
  const again = await client.session({ sessionId: stream.sessionId })
  expect(again.sessionId).toBe(stream.sessionId)
})

test('a pong sent twice is a mismatch', async () => {
  const { client } = await serveNode()
  const stream = client.stream()
  stream.answers = false
  stream.start()
  await stream.next('sessionStarted')
  const { opaque } = await stream.next('ping')
  stream.send({ case: 'pong', value: { opaque } })
  stream.send({ case: 'pong', value: { opaque: 0n } })
  stream.send({ case: 'ping', value: { opaque: 5n } })
  expect(await stream.next('pong')).toMatchObject({ opaque: 5n })
  stream.send({ case: 'pong', value: { opaque } })
  expect(await stream.next('failure')).toMatchObject({ status: BAD_REQUEST })
})

test('pings of the client are answered in order with the same opaque', async () => {
  const { client } = await serveNode()
  const stream = await client.session()
  for (const opaque of [1n, 0n, 2n ** 64n - 1n]) stream.send({ case: 'ping', value: { opaque } })
  for (const opaque of [1n, 0n, 2n ** 64n - 1n]) {
    expect(await stream.next('pong')).toMatchObject({ opaque })
  }
})

// guards: S6
test('a newer stream takes the session; the older one is told before the newer one starts', async () => {
  const { client } = await serveNode()
  const older = await client.session({ seqNo: 1n })
  const order: string[] = []
  const newer = client.stream()
  const told = older.next('failure').then((failure) => {
    order.push('older')
    return failure
  })
  newer.start({ sessionId: older.sessionId, seqNo: 2n })
  const started = newer.next('sessionStarted').then(() => order.push('newer'))
  expect((await told).status).toBe(400_100)
  await started
  expect(order).toEqual(['older', 'newer'])
  expect(await older.ended).toMatchObject({ code: 0 })
})

// guards: S6
test.for([
  ['a smaller sequence number', { seqNo: 4n, protectionKey: Uint8Array.of(1) }],
  ['another key', { seqNo: 5n, protectionKey: Uint8Array.of(2) }],
  ['no key', { seqNo: 5n }],
] as const)('an attach with %s fails and does not disturb the owner', async ([, start]) => {
  const { client } = await serveNode()
  const owner = await client.session({ seqNo: 5n, protectionKey: Uint8Array.of(1) })
  const thief = client.stream()
  thief.start({ sessionId: owner.sessionId, ...start })
  expect(await thief.next('failure')).toMatchObject({ status: 400_100 })
  owner.send({ case: 'ping', value: { opaque: 3n } })
  expect(await owner.next('pong')).toMatchObject({ opaque: 3n })
})

test('an attach with the same sequence number and key is accepted', async () => {
  const { client } = await serveNode()
  const key = { seqNo: 5n, protectionKey: Uint8Array.of(1) }
  const older = await client.session(key)
  const newer = await client.session({ ...key, sessionId: older.sessionId })
  expect(newer.sessionId).toBe(older.sessionId)
})

test('a stopped session is answered, ends in good order and is gone', async () => {
  const { client } = await serveNode()
  const stream = await client.session()
  stream.send({
    case: 'createSemaphore',
    value: { reqId: 1n, name: 's', limit: 1n },
  })
  stream.send({ case: 'sessionStop', value: {} })
  expect(await stream.next('createSemaphoreResult')).toMatchObject({ status: 400_000 })
  expect(await stream.next('sessionStopped')).toMatchObject({ sessionId: stream.sessionId })
  expect(await stream.ended).toMatchObject({ code: 0 })
  const again = client.stream()
  again.start({ sessionId: stream.sessionId })
  expect(await again.next('failure')).toMatchObject({ status: 400_150 })
})

test('a client that half-closes behind its stop still hears that the session was stopped', async () => {
  const { client } = await serveNode()
  const stream = await client.session()
  // Nothing can be said behind a half-close, not even an answer to a ping.
  stream.answers = false
  stream.send({ case: 'sessionStop', value: {} })
  stream.halfClose()
  await stream.next('ping')
  expect(await stream.next('sessionStopped')).toMatchObject({ sessionId: stream.sessionId })
  expect(await stream.ended).toMatchObject({ code: 0 })
})

test.for<[string, (stream: RawStream) => void]>([
  ['half-closes', (stream) => stream.halfClose()],
  ['cancels', (stream) => stream.cancel()],
])('a client that %s is detached and keeps its session', async ([, leave]) => {
  const { client } = await serveNode()
  const stream = await client.session()
  stream.send({
    case: 'acquireSemaphore',
    value: { reqId: 1n, name: 'lock', count: 1n, ephemeral: true },
  })
  await stream.next('acquireSemaphoreResult')
  leave(stream)
  await stream.ended
  const again = await client.session({ sessionId: stream.sessionId })
  again.send({ case: 'releaseSemaphore', value: { reqId: 2n, name: 'lock' } })
  expect(await again.next('releaseSemaphoreResult')).toMatchObject({ released: true })
})

// guards: O1
test('a client that leaves before its new session has started leaves no session behind', async () => {
  const { client, server } = await serveNode()
  for (let round = 0; round < 20; round += 1) {
    const stream = client.stream()
    stream.start({ timeoutMillis: 1_800_000n })
    stream.halfClose()
    await stream.ended
  }
  await expect.poll(() => server.statistics().attachedSessions).toBe(0)
  expect(server.statistics().sessions).toBe(0)
})

test('a dropped node fails its streams as unavailable; a later start finds nothing', async () => {
  const { client } = await serveNode()
  const stream = await client.session()
  expect((await client.dropNode('/local/node')).status).toBe(400_000)
  expect(await stream.next('failure')).toMatchObject({ status: 400_050 })
  expect(await stream.ended).toMatchObject({ code: 0 })
  const again = client.stream()
  again.start()
  expect(await again.next('failure')).toMatchObject({ status: 400_140 })
})
