/**
 * HTTP/2 as no library speaks it: frames that may not be, and more of those that may be than anybody needs. Beside each a healthy
 * session goes on.
 *
 * guards: M1, O1, O5
 */
import { once } from 'node:events'
import { expect, test } from 'vitest'
import { ManualClock } from '../tablet/manual-clock.ts'
import { Canary } from './canary.ts'
import { serveNode } from './harness.ts'
import { openHttp2 } from './raw-http2.ts'
import {
  END_HEADERS,
  END_STREAM,
  FRAME,
  headerBlock,
  http2Frame,
  PREFACE,
  RawConnection,
  SESSION_HEADERS,
  sessionHeaders,
  SETTINGS,
} from './raw-frames.ts'

const FRAME_BYTES_MAX = 16_384

/** A window that is as large as it may be already. */
const WINDOW_MAX = Buffer.from([0x7f, 0xff, 0xff, 0xff])

const headersOf = (payload: Uint8Array, flags = END_HEADERS, stream = 1): Buffer =>
  http2Frame({ type: FRAME.headers, flags, stream, payload })

/** Wrong once, and the connection is over. */
const WRONG: ReadonlyArray<readonly [what: string, frames: Uint8Array]> = [
  ['DATA on stream 0', http2Frame({ type: FRAME.data, payload: Buffer.alloc(8) })],
  ['a CONTINUATION of nothing', http2Frame({ type: FRAME.continuation, stream: 1 })],
  [
    'a frame that is too large',
    http2Frame({ type: FRAME.data, stream: 1, payload: Buffer.alloc(FRAME_BYTES_MAX + 1) }),
  ],
  [
    'a promise by a client',
    http2Frame({ type: FRAME.pushPromise, stream: 1, payload: Buffer.alloc(8) }),
  ],
  [
    'the reset of a stream that never was',
    http2Frame({ type: FRAME.reset, stream: 7, payload: Buffer.alloc(4) }),
  ],
  ['a window that overflows', http2Frame({ type: FRAME.windowUpdate, payload: WINDOW_MAX })],
  ['SETTINGS of five bytes', http2Frame({ type: FRAME.settings, payload: Buffer.alloc(5) })],
  ['a PING of three bytes', http2Frame({ type: FRAME.ping, payload: Buffer.alloc(3) })],
  ['headers out of a table that is empty', headersOf(Buffer.from([0xff, 0x80, 0x01]))],
  ['headers that end in the middle', headersOf(Buffer.from([0, 100, 0x3a]))],
  ['headers of stream 0', headersOf(headerBlock(SESSION_HEADERS), END_HEADERS, 0)],
  ['a stream with an even number', sessionHeaders(2)],
]

/** Node says good-bye, and leaves it to the client to close; one that does not is closed when it answers no ping. */
test.for(WRONG)('%s ends the connection and nothing else', async ([, frames]) => {
  const clock = new ManualClock()
  const { server, client } = await serveNode({ clock })
  const working = await client.session({ timeoutMillis: 1_800_000n })
  const connection = await RawConnection.open(server.grpcAddress)
  connection.send(frames)
  await connection.goodbye()
  const closed = connection.closed()
  for (let second = 0; second < 41; second += 1) {
    await clock.advance(1_000)
    working.send({ case: 'ping', value: { opaque: 5n } })
    expect(await working.next('pong')).toMatchObject({ opaque: 5n })
  }
  await closed
  expect(server.statistics().attachedSessions).toBe(1)
})

test('a connection whose client has gone without a word is closed, one that is only idle is not', async () => {
  const clock = new ManualClock()
  const { server } = await serveNode({ clock })
  const gone = await RawConnection.open(server.grpcAddress)
  const idle = openHttp2(server.grpcAddress)
  await once(idle, 'remoteSettings')
  const closed = gone.closed()
  for (let second = 0; second < 41; second += 1) {
    const answered = new Promise((resolve) => idle.ping(resolve))
    await clock.advance(1_000)
    await answered
  }
  await closed
  expect(idle.destroyed).toBe(false)
})

test.for([
  ['another name in capitals', [...SESSION_HEADERS, ['X-Large', 'yes']]],
  ['two paths', [...SESSION_HEADERS, [':path', '/other']]],
  ['no method', SESSION_HEADERS.filter(([name]) => name !== ':method')],
  ['a line break in a value', [...SESSION_HEADERS, ['x-break', 'a\r\nb: c']]],
  ['a NUL in a value', [...SESSION_HEADERS, ['x-nul', 'a\0b']]],
  ['a header that names the connection', [...SESSION_HEADERS, ['connection', 'close']]],
] as const)('headers with %s begin no session', async ([, headers]) => {
  const { server } = await serveNode()
  const canary = await Canary.beside(server.grpcAddress)
  const connection = await RawConnection.open(server.grpcAddress)
  connection.send(headersOf(headerBlock(headers)))
  await expect.poll(() => connection.receivedBytes).toBeGreaterThan(0)
  connection.send(http2Frame({ type: FRAME.ping, payload: Buffer.alloc(8) }))
  await canary.singsDuring(Promise.resolve())
  expect(server.statistics().attachedSessions).toBe(1)
})

const TIMES = 10_000

/** A bomb: one entry of 4000 bytes goes into the table, and is then named again and again by one byte. */
const BOMB = Buffer.concat([
  headerBlock(SESSION_HEADERS),
  Buffer.from([0x40, 1, 0x78, 0x7f, 0xa1, 0x1e]),
  Buffer.alloc(4_000, 0x79),
  Buffer.alloc(10_000, 0xbe),
])

/** Allowed, but not so often. */
const FLOODS: ReadonlyArray<readonly [what: string, before: Uint8Array, again: Uint8Array]> = [
  ['PING', Buffer.alloc(0), http2Frame({ type: FRAME.ping, payload: Buffer.alloc(8) })],
  ['SETTINGS', Buffer.alloc(0), SETTINGS],
  ['empty DATA', sessionHeaders(1), http2Frame({ type: FRAME.data, stream: 1 })],
  [
    'WINDOW_UPDATE',
    sessionHeaders(1),
    http2Frame({ type: FRAME.windowUpdate, stream: 1, payload: Buffer.from([0, 0, 0, 1]) }),
  ],
  [
    'PRIORITY',
    Buffer.alloc(0),
    http2Frame({ type: FRAME.priority, stream: 9, payload: Buffer.from([0, 0, 0, 3, 1]) }),
  ],
  ['unknown frames', Buffer.alloc(0), http2Frame({ type: 77, payload: Buffer.alloc(8) })],
  [
    'empty CONTINUATION',
    headersOf(Buffer.alloc(0), 0),
    http2Frame({ type: FRAME.continuation, stream: 1 }),
  ],
  [
    'endless CONTINUATION',
    headersOf(headerBlock(SESSION_HEADERS), 0),
    http2Frame({
      type: FRAME.continuation,
      stream: 1,
      payload: headerBlock([['x-more', 'y'.repeat(1_000)]]),
    }),
  ],
]

test.for(FLOODS)('a flood of %s disturbs nobody', async ([, before, again]) => {
  const { server } = await serveNode()
  const canary = await Canary.beside(server.grpcAddress)
  const connection = await RawConnection.open(server.grpcAddress)
  connection.send(before)
  await canary.singsDuring(connection.flood(again, TIMES))
  connection.socket.destroy()
  await expect.poll(() => server.statistics().attachedSessions).toBe(1)
})

test('a small block of headers that stands for megabytes begins no session', async () => {
  const { server } = await serveNode()
  const canary = await Canary.beside(server.grpcAddress)
  const connection = await RawConnection.open(server.grpcAddress)
  connection.send(headersOf(BOMB))
  await expect.poll(() => connection.receivedBytes).toBeGreaterThan(0)
  await canary.singsDuring(Promise.resolve())
  expect(server.statistics().attachedSessions).toBe(1)
})

function begunAndReset(stream: number): Buffer {
  const payload = Buffer.from([0, 0, 0, 8])
  return Buffer.concat([sessionHeaders(stream), http2Frame({ type: FRAME.reset, stream, payload })])
}

test('streams that are reset as soon as they are begun end their connection', async () => {
  const { server } = await serveNode()
  const canary = await Canary.beside(server.grpcAddress)
  const connection = await RawConnection.open(server.grpcAddress)
  const abuse = (async () => {
    for (let stream = 1; !connection.isClosed && stream < 20_000; stream += 200) {
      const burst = Array.from({ length: 100 }, (_, at) => begunAndReset(stream + 2 * at))
      await connection.flood(Buffer.concat(burst), 1)
    }
    await connection.closed()
  })()
  await canary.singsDuring(abuse)
  expect(server.statistics().attachedSessions).toBe(1)
})

test.for<[string, Uint8Array]>([
  ['says nothing', Buffer.alloc(0)],
  ['stops within the preface', PREFACE.subarray(0, 10)],
  ['stops within its settings', Buffer.concat([PREFACE, SETTINGS.subarray(0, 5)])],
])('a connection that %s is closed after ten seconds', async ([, bytes]) => {
  const clock = new ManualClock()
  const { server, client } = await serveNode({ clock })
  const working = await client.session()
  const connection = await RawConnection.open(server.grpcAddress, true)
  connection.send(bytes)
  await expect.poll(() => server.statistics().attachedSessions).toBe(1)
  // The connection is known to the server when a later one has been served.
  const later = await RawConnection.open(server.grpcAddress)
  await expect.poll(() => later.receivedBytes).toBeGreaterThan(0)
  const closed = connection.closed()
  connection.socket.resume()
  await clock.advance(10_000)
  await closed
  working.send({ case: 'ping', value: { opaque: 5n } })
  expect(await working.next('pong')).toMatchObject({ opaque: 5n })
})

const CLIENT_HELLO = Buffer.concat([
  Buffer.from([0x16, 3, 1, 0, 200, 1, 0, 0, 196, 3, 3]),
  Buffer.alloc(194, 7),
])

test.for<[string, Uint8Array]>([
  ['TLS', CLIENT_HELLO],
  ['a preface that is not quite one', Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\rX', 'latin1')],
  ['noise', Buffer.alloc(4_096, 0xa5)],
])('a client that speaks %s is disconnected', async ([, bytes]) => {
  const { server } = await serveNode()
  const canary = await Canary.beside(server.grpcAddress)
  const connection = await RawConnection.open(server.grpcAddress, true)
  connection.send(bytes)
  await canary.singsDuring(connection.closed())
  expect(server.statistics().attachedSessions).toBe(1)
})

test('a half-open connection holds up nobody and goes when its client does', async () => {
  const { server } = await serveNode()
  const canary = await Canary.beside(server.grpcAddress)
  const connection = await RawConnection.open(server.grpcAddress)
  connection.send(sessionHeaders(1, END_HEADERS | END_STREAM))
  connection.socket.end()
  await canary.singsDuring(connection.closed())
  expect(server.statistics().attachedSessions).toBe(1)
})
