/** Bytes that no honest client sends, and clients that only hurt. Beside each a healthy session goes on. */
import { createConnection } from 'node:net'
import { once } from 'node:events'
import { gzipSync } from 'node:zlib'
import { create, toBinary } from '@bufbuild/protobuf'
import { SessionRequestSchema } from '@ydbjs/api/coordination'
import { expect, test } from 'vitest'
import { ManualClock, settle } from '../tablet/manual-clock.ts'
import { atEnd, connect, type Harness, serve, serveNode } from './harness.ts'
import type { RawStream } from './raw-client.ts'
import { begin, frame, openHttp2, statusOf } from './raw-http2.ts'

const INVALID_ARGUMENT = '3'
const RESOURCE_EXHAUSTED = '8'
const UNIMPLEMENTED = '12'
const INTERNAL = '13'

const ALL = 2n ** 64n - 1n

const START = toBinary(
  SessionRequestSchema,
  create(SessionRequestSchema, {
    request: { case: 'sessionStart', value: { path: '/local/node', timeoutMillis: 5000n } },
  }),
)

const DESCRIBE_LARGE = toBinary(
  SessionRequestSchema,
  create(SessionRequestSchema, {
    request: { case: 'describeSemaphore', value: { name: 'large' } },
  }),
)

async function answers(stream: RawStream): Promise<void> {
  stream.send({ case: 'ping', value: { opaque: 77n } })
  expect(await stream.next('pong')).toMatchObject({ opaque: 77n })
}

/** A server with a healthy session on a connection of its own. */
async function serveWithCanary(): Promise<Harness & { canary: RawStream }> {
  const harness = await serveNode()
  const canary = await connect(harness.server).session()
  return { ...harness, canary }
}

// guards: M1, M2
test.for([
  ['bytes that are no message', Uint8Array.of(0xff, 0xff, 0xff), INVALID_ARGUMENT],
  ['a name that is not UTF-8', Uint8Array.of(0x42, 4, 0x12, 2, 0xc3, 0x28), INVALID_ARGUMENT],
  ['a message cut short', Uint8Array.of(0x42, 9, 0x12), INVALID_ARGUMENT],
] as const)('%s end the call cleanly, also in a working stream', async ([, bytes, status]) => {
  const { server, canary } = await serveWithCanary()
  const session = openHttp2(server.grpcAddress)
  const fresh = begin(session)
  fresh.write(frame(bytes))
  expect(await statusOf(fresh)).toBe(status)
  const working = begin(session)
  working.write(Buffer.concat([frame(START), frame(bytes)]))
  expect(await statusOf(working)).toBe(status)
  await answers(canary)
})

// guards: M1
test.for([
  ['a compressed flag without an encoding', {}, frame(START, 1), INTERNAL],
  ['a flag that is none', {}, frame(START, 2), INTERNAL],
  ['an unknown encoding', { 'grpc-encoding': 'snappy' }, frame(START, 1), UNIMPLEMENTED],
  ['bytes that are not gzip', { 'grpc-encoding': 'gzip' }, frame(START, 1), INTERNAL],
  ['a length of 4 MiB and 1 byte', {}, Buffer.from([0, 0, 0x40, 0, 1]), RESOURCE_EXHAUSTED],
  [
    'a message that inflates beyond 4 MiB',
    { 'grpc-encoding': 'gzip' },
    frame(gzipSync(Buffer.alloc(4 * 1024 * 1024 + 1)), 1),
    RESOURCE_EXHAUSTED,
  ],
] as const)('%s is refused', async ([, headers, bytes, status]) => {
  const { server, canary } = await serveWithCanary()
  const stream = begin(openHttp2(server.grpcAddress), headers)
  stream.write(bytes)
  expect(await statusOf(stream)).toBe(status)
  await answers(canary)
})

test('messages compressed with gzip are understood', async () => {
  const { server } = await serveNode()
  const stream = begin(openHttp2(server.grpcAddress), { 'grpc-encoding': 'gzip' })
  stream.write(frame(gzipSync(START), 1))
  await once(stream, 'data')
  expect(server.statistics().attachedSessions).toBe(1)
})

// guards: M1
test('a message that arrives byte by byte is understood', async () => {
  const { server } = await serveNode()
  const stream = begin(openHttp2(server.grpcAddress))
  const arrived = once(stream, 'data')
  for (const byte of frame(START)) {
    stream.write(Buffer.of(byte))
    await new Promise((resolve) => {
      setImmediate(resolve)
    })
  }
  await arrived
  expect(server.statistics().attachedSessions).toBe(1)
})

// guards: M1
test.for([
  [
    'an unknown method',
    { ':path': '/Ydb.Coordination.V1.CoordinationService/Nothing' },
    UNIMPLEMENTED,
  ],
  [
    'a service that is not built',
    { ':path': '/Ydb.RateLimiter.V1.RateLimiterService/CreateResource' },
    UNIMPLEMENTED,
  ],
  ['a GET', { ':method': 'GET' }, '405'],
  ['another content type', { 'content-type': 'text/plain' }, '415'],
  ['headers of more than 16 KiB', { 'x-large': 'x'.repeat(16 * 1024) }, RESOURCE_EXHAUSTED],
] as const)('%s is refused', async ([, headers, status]) => {
  const { server, canary } = await serveWithCanary()
  const stream = begin(openHttp2(server.grpcAddress), headers)
  stream.end()
  expect(await statusOf(stream)).toBe(status)
  await answers(canary)
})

// guards: M1
test('a client that speaks HTTP/1.1 is disconnected', async () => {
  const { server, canary } = await serveWithCanary()
  const socket = createConnection(server.grpcAddress)
  socket.on('error', () => {})
  socket.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n')
  socket.resume()
  await once(socket, 'close')
  expect(socket.destroyed).toBe(true)
  await answers(canary)
})

// guards: M1
test('a connection that breaks in the middle of a message detaches its sessions', async () => {
  const { server, canary } = await serveWithCanary()
  const session = openHttp2(server.grpcAddress)
  const stream = begin(session)
  stream.write(frame(START))
  await once(stream, 'data')
  expect(server.statistics().attachedSessions).toBe(2)
  stream.write(Buffer.of(0, 0, 0, 0, 200, 1, 2, 3))
  session.destroy()
  await expect.poll(() => server.statistics().attachedSessions).toBe(1)
  await answers(canary)
})

// guards: M1, O1
test('a connection that breaks while more streams than it may have are on their way disturbs nobody', async () => {
  const { server, canary } = await serveWithCanary()
  const session = openHttp2(server.grpcAddress)
  await once(session, 'connect')
  let responses = 0
  for (let opened = 0; opened < 3_000; opened += 1) {
    const stream = begin(session)
    stream.once('response', () => {
      responses += 1
    })
    stream.write(frame(START))
  }
  await expect.poll(() => responses).toBe(1_024)
  // The places of the streams that end go to those that wait, in the same breath.
  session.destroy()
  await expect.poll(() => server.statistics().attachedSessions).toBe(1)
  await answers(canary)
})

// guards: O1
test('a connection that resets streams without end is closed', async () => {
  const { server, canary } = await serveWithCanary()
  const session = openHttp2(server.grpcAddress)
  await once(session, 'connect')
  const closed = new Promise((resolve) => {
    session.once('close', resolve)
  })
  let resets = 0
  while (!session.destroyed && resets < 5_000) {
    const stream = begin(session)
    stream.close(8)
    resets += 1
    if (resets % 100 === 0) {
      await new Promise((resolve) => {
        setImmediate(resolve)
      })
    }
  }
  await closed
  expect(session.destroyed).toBe(true)
  await answers(canary)
})

// guards: O3
test('a client that does not read is failed when 4 MiB are unsent', async () => {
  const { server, canary } = await serveWithCanary()
  const client = connect(server)
  const writer = await client.session()
  const data = new Uint8Array(500_000)
  writer.send({ case: 'createSemaphore', value: { name: 'large', limit: 1n, data } })
  await writer.next('createSemaphoreResult')
  const session = openHttp2(server.grpcAddress)
  const stream = begin(session)
  stream.pause()
  stream.write(frame(START))
  for (let count = 0; count < 40; count += 1) stream.write(frame(DESCRIBE_LARGE))
  await expect.poll(() => server.statistics().attachedSessions, { timeout: 5_000 }).toBe(2)
  let received = 0
  stream.on('data', (chunk: Buffer) => {
    received += chunk.length
  })
  expect(await statusOf(stream)).toBe('0')
  expect(received).toBeLessThan(6 * 1024 * 1024)
  await answers(canary)
})

// guards: O1, O3
test('what a client never reads is thrown away ten seconds after the end of its stream', async () => {
  const clock = new ManualClock()
  const { server, client } = await serveNode({ clock })
  const writer = await client.session()
  const data = new Uint8Array(1_000_000)
  writer.send({ case: 'createSemaphore', value: { name: 'large', limit: 1n, data } })
  await writer.next('createSemaphoreResult')
  const stream = begin(openHttp2(server.grpcAddress))
  stream.pause()
  stream.write(frame(START))
  await once(stream, 'response')
  for (let count = 0; count < 10; count += 1) stream.write(frame(DESCRIBE_LARGE))
  await expect.poll(() => server.statistics().attachedSessions).toBe(1)
  const closed = once(stream, 'close')
  await clock.advance(10_000)
  await closed
  expect(stream.rstCode).not.toBe(0)
  await answers(writer)
})

// guards: O2, O5
test('5,000 pipelined requests are all answered in order, and another stream is served meanwhile', async () => {
  const { client, canary } = await serveWithCanary()
  const stream = await client.session()
  const total = 5_000
  for (let index = 0; index < total; index += 1) {
    stream.send({ case: 'releaseSemaphore', value: { reqId: BigInt(index), name: 'none' } })
  }
  let answered = 0
  let slowestMs = 0
  const reading = (async () => {
    while (answered < total) {
      const { reqId } = await stream.next('releaseSemaphoreResult')
      if (reqId !== BigInt(answered)) throw new Error(`${reqId} came at ${answered}`)
      answered += 1
    }
  })()
  while (answered < total) {
    const sentMs = performance.now()
    await answers(canary)
    slowestMs = Math.max(slowestMs, performance.now() - sentMs)
  }
  await reading
  expect(slowestMs).toBeLessThan(1_000)
})

// guards: O1
test('while 1024 requests are unanswered nothing more is read; waiting acquires do not count', async () => {
  const { client } = await serveNode()
  const holder = await client.session()
  const stream = await client.session()
  for (let index = 0; index < 1_100; index += 1) {
    const value = { name: `s${index}`, count: ALL, ephemeral: true, timeoutMillis: 60_000n }
    holder.send({ case: 'acquireSemaphore', value })
    await holder.next('acquireSemaphoreResult')
    stream.send({ case: 'acquireSemaphore', value: { ...value, reqId: BigInt(index) } })
  }
  for (let index = 0; index < 1_100; index += 1) {
    expect(await stream.next('acquireSemaphorePending')).toMatchObject({ reqId: BigInt(index) })
  }
  await answers(stream)
})

// guards: S7
test('a client that never closes its connection does not hold up the stop of the server', async () => {
  const clock = new ManualClock()
  const { server } = await serve({ clock })
  const { host, port } = server.grpcAddress
  const socket = createConnection({ host, port, allowHalfOpen: true })
  atEnd(() => void socket.destroy())
  socket.on('error', () => {})
  socket.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')
  // An empty SETTINGS frame.
  socket.write(Uint8Array.of(0, 0, 0, 4, 0, 0, 0, 0, 0))
  await once(socket, 'data')
  socket.resume()
  const stopped = server.stop()
  await settle()
  await clock.advance(5_000)
  await expect(stopped).resolves.toBeUndefined()
})
