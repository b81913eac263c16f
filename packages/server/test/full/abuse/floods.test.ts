/**
 * Long floods against a server in a process of its own: a healthy session beside them is answered within a second, and
 * afterwards the server has given everything back.
 *
 * guards: M1, O1, O3, O5
 */
import { once } from 'node:events'
import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { scaled } from '../../../../../test/scale.ts'
import { Canary } from '../../grpc/canary.ts'
import { atEnd, connect } from '../../grpc/harness.ts'
import { begin, frame, openHttp2 } from '../../grpc/raw-http2.ts'
import {
  END_HEADERS,
  FRAME,
  headerBlock,
  http2Frame,
  RawConnection,
  SESSION_HEADERS,
  sessionHeaders,
  SETTINGS,
} from '../../grpc/raw-frames.ts'
import { Abused } from './abused.ts'
import { START } from './start.ts'

type Address = Abused['address']

/** So many streams are begun in one turn of this process, in which the healthy session lives, too. */
const TURN = 20

async function turn(): Promise<void> {
  await new Promise((resolve) => {
    setImmediate(resolve)
  })
}

function flood(before: Uint8Array, again: Uint8Array) {
  return async (address: Address, count: number): Promise<void> => {
    const connection = await RawConnection.open(address)
    connection.send(before)
    await connection.flood(again, count)
    connection.socket.destroy()
  }
}

const more = (payload: Uint8Array): Buffer =>
  http2Frame({ type: FRAME.continuation, stream: 1, payload })

async function openStreams({ host, port }: Address, count: number): Promise<void> {
  const perConnection = 1_000
  const sessions = []
  let started = 0
  for (let opened = 0; opened < count; opened += perConnection) {
    const session = openHttp2({ host, port })
    sessions.push(session)
    await once(session, 'remoteSettings')
    for (let one = 0; one < perConnection; one += 1) {
      const stream = begin(session)
      stream.once('data', () => {
        started += 1
      })
      stream.write(frame(START))
      if (one % TURN === 0) await turn()
    }
  }
  await expect.poll(() => started, { timeout: 60_000 }).toBe(sessions.length * perConnection)
  for (const session of sessions) session.destroy()
}

/** Each sends a kilobyte that stands for more than a server may take. */
async function bombs(address: Address, count: number): Promise<void> {
  const bomb = frame(gzipSync(Buffer.alloc(64 * 1024 * 1024)), 1)
  for (let sent = 0; sent < count; sent += 1) {
    const session = openHttp2(address)
    const stream = begin(session, { 'grpc-encoding': 'gzip' })
    const closed = once(stream, 'close')
    stream.write(bomb)
    stream.resume()
    await closed
    session.destroy()
  }
}

/** A session byte by byte, each in a frame of its own. */
async function oneByteFrames(address: Address, count: number): Promise<void> {
  const bytes = [...frame(START)].map((byte) =>
    http2Frame({ type: FRAME.data, stream: 1, payload: Buffer.of(byte) }),
  )
  for (let sent = 0; sent < count; sent += bytes.length) {
    const connection = await RawConnection.open(address)
    connection.send(sessionHeaders(1))
    for (const one of bytes) await connection.flood(one, 1)
    connection.socket.destroy()
  }
}

async function resets(address: Address, count: number): Promise<void> {
  const payload = Buffer.from([0, 0, 0, 8])
  for (let begun = 0; begun < count;) {
    const connection = await RawConnection.open(address)
    for (let stream = 1; !connection.isClosed && begun < count; stream += 2) {
      const reset = http2Frame({ type: FRAME.reset, stream, payload })
      await connection.flood(Buffer.concat([sessionHeaders(stream), reset]), 1)
      begun += 1
    }
    connection.socket.destroy()
  }
}

/** Connections of which each says a part of what it should, and stays. */
async function idlers(address: Address, count: number): Promise<void> {
  const connections: RawConnection[] = []
  for (let opened = 0; opened < count; opened += 1) {
    const connection = await RawConnection.open(address, opened % 3 === 0)
    if (opened % 3 === 1) connection.send(sessionHeaders(1))
    connections.push(connection)
  }
  for (const { socket } of connections) socket.destroy()
}

const FLOODS: ReadonlyArray<
  readonly [what: string, count: number, flood: (address: Address, count: number) => Promise<void>]
> = [
  [
    'pings',
    200_000,
    flood(Buffer.alloc(0), http2Frame({ type: FRAME.ping, payload: Buffer.alloc(8) })),
  ],
  ['settings', 100_000, flood(Buffer.alloc(0), SETTINGS)],
  ['empty data', 200_000, flood(sessionHeaders(1), http2Frame({ type: FRAME.data, stream: 1 }))],
  [
    'window updates',
    200_000,
    flood(
      sessionHeaders(1),
      http2Frame({ type: FRAME.windowUpdate, stream: 1, payload: Buffer.from([0, 0, 0, 1]) }),
    ),
  ],
  [
    'continuations',
    50_000,
    flood(
      http2Frame({ type: FRAME.headers, stream: 1, payload: headerBlock(SESSION_HEADERS) }),
      more(headerBlock([['x-more', 'y'.repeat(1_000)]])),
    ),
  ],
  [
    'headers of one stream',
    20_000,
    flood(
      Buffer.alloc(0),
      http2Frame({ type: FRAME.headers, flags: END_HEADERS, stream: 1, payload: Buffer.of(0x82) }),
    ),
  ],
  ['resets', 20_000, resets],
  ['one-byte frames', 20_000, oneByteFrames],
  ['bombs', 40, bombs],
  ['open streams', 5_000, openStreams],
  ['idle connections', 1_000, idlers],
]

/** What a level may rise by, beside a tenth: the first abuse of a kind makes things that stay. */
const SLACK_BYTES = 6 * 1024 * 1024
const SLACK_DESCRIPTORS = 2

test.for(FLOODS)('%s disturb nobody, and leave nothing', async ([, count, abuse]) => {
  const server = await Abused.start()
  const client = connect({ grpcAddress: server.address })
  await client.createNode('/local/node')
  const canary = await Canary.beside(server.address)
  // What is made at the first use of anything is no leak.
  await canary.singsDuring(abuse(server.address, Math.ceil(count / 20)))
  const isQuiet = async (): Promise<boolean> => (await server.measure()).attachedSessions === 1
  await expect.poll(isQuiet, { timeout: 20_000 }).toBe(true)
  const before = await server.measure()
  await canary.singsDuring(abuse(server.address, scaled(count)))
  await expect.poll(isQuiet, { timeout: 20_000 }).toBe(true)
  const limit = {
    bytes: before.bytes * 1.1 + SLACK_BYTES,
    descriptors: before.descriptors * 1.1 + SLACK_DESCRIPTORS,
  }
  const excess = async () => {
    const { bytes, descriptors } = await server.measure()
    return {
      bytes: Math.max(0, Math.round(bytes - limit.bytes)),
      descriptors: Math.max(0, descriptors - limit.descriptors),
    }
  }
  await expect
    .poll(excess, { timeout: 30_000, interval: 500 })
    .toEqual({ bytes: 0, descriptors: 0 })
  atEnd(() => client.close())
})
