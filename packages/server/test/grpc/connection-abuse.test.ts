/**
 * What a connection of Tenure's own protocol does with bytes and loads that no good client sends.
 *
 * guards: M1, M2, O1, O2, O3, O5
 */
import { type ClientMessage, encodeClientFrame } from '@tenure/protocol'
import { expect, test } from 'vitest'
import { Canary } from './canary.ts'
import { acquireOf, dial, FrameClient } from './frame-client.ts'
import { atEnd, serveNode } from './harness.ts'
import { begin, frame, openHttp2, statusOf } from './raw-http2.ts'

const CONNECT_PATH = '/tenure.v1.CoordinationService/Connect'
const HELLO = { kind: 'hello', version: 1, capabilities: [], agent: 'raw' } as const
const OPERATIONS = 100_000

/** A field of protobuf that holds bytes. */
function field(number: number, bytes: Uint8Array): Buffer {
  const tag = (number << 3) | 2
  const head = tag < 0x80 ? [tag] : [(tag & 0x7f) | 0x80, tag >> 7]
  return Buffer.concat([Buffer.from([...head, bytes.length]), bytes])
}

test.each([
  ['that is garbage', Buffer.from('no frame at all')],
  ['that ends too early', encodeClientFrame([{ kind: 'leave', channel: 300 }]).subarray(0, -1)],
  ['whose name is no UTF-8', field(1, field(3, field(2, Buffer.from([0xff, 0xfe]))))],
])('a frame %s ends the call, and nothing of it is done', async (_, garbage) => {
  const { server } = await serveNode()
  const canary = await Canary.beside(server.grpcAddress)
  const client = dial(server)
  const { channel } = await client.open()
  const good = { kind: 'ask', channel, id: client.nextId(), operation: acquireOf('a') } as const
  client.sayBytes(Buffer.concat([encodeClientFrame([good]), garbage]))
  expect(await client.ended).toMatchObject({ code: 3 })
  expect(client.repliesTo(good.id)).toEqual([])
  await canary.sings()
  expect(server.statistics()).toMatchObject({ owners: 0, attachedSessions: 1 })
})

test('half a frame and then the end does nothing', async () => {
  const { server } = await serveNode()
  const http2 = openHttp2(server.grpcAddress)
  const stream = begin(http2, { ':path': CONNECT_PATH })
  const status = statusOf(stream)
  const client = dial(server)
  const bytes = frame(encodeClientFrame([client.attachMessage()]))
  stream.write(frame(encodeClientFrame([HELLO])))
  stream.write(bytes.subarray(0, -3))
  stream.end()
  expect(await status).toBe('0')
  expect(server.statistics()).toMatchObject({ sessions: 0 })
})

test('a frame may come in parts, and several in one', async () => {
  const { server } = await serveNode()
  const http2 = openHttp2(server.grpcAddress)
  const stream = begin(http2, { ':path': CONNECT_PATH })
  stream.resume()
  const client = dial(server)
  const bytes = Buffer.concat([
    frame(encodeClientFrame([HELLO])),
    frame(encodeClientFrame([])),
    frame(encodeClientFrame([client.attachMessage(), client.attachMessage()])),
    frame(encodeClientFrame([client.attachMessage()])),
  ])
  for (let at = 0; at < bytes.length; at += 7) stream.write(bytes.subarray(at, at + 7))
  const asking = dial(server)
  const sessions = async (): Promise<number> => {
    const id = asking.askNode({ kind: 'list-sessions', after: 0n, limit: 0 })
    return (await asking.reply(id, 'sessions-listed')).sessions.length
  }
  while ((await sessions()) < 3);
  expect(await sessions()).toBe(3)
})

test('unknown fields are passed over, unknown operations and messages are refused by themselves', async () => {
  const { server } = await serveNode()
  const client = dial(server)
  const { channel } = await client.open()
  const text = Buffer.from('later')
  const ping = encodeClientFrame([{ kind: 'ping', id: client.nextId(), periodMs: 1_000 }])
  // The same ping with one more field in itself, in its message and in its frame.
  const inner = Buffer.concat([ping.subarray(4), field(200, text)])
  const grown = field(1, Buffer.concat([field(2, inner), field(201, text)]))
  client.sayBytes(Buffer.concat([grown, field(202, text)]))
  expect(await client.until('pong')).toEqual({ kind: 'pong', id: 2 })
  const id = client.nextId()
  // An ask whose operation nobody knows: id, channel, operation.
  const ask = Buffer.concat([Buffer.from([0x08, id, 0x10, channel]), field(99, text)])
  const good = { kind: 'ask', channel, id: client.nextId(), operation: acquireOf('a') } as const
  client.sayBytes(
    Buffer.concat([field(1, field(7, ask)), field(1, field(77, text)), encodeClientFrame([good])]),
  )
  expect(await client.reply(id, 'refused')).toMatchObject({ code: 'UNSUPPORTED' })
  await client.reply(good.id, 'acquired')
})

test('ids that come twice are refused, and their first requests are answered', async () => {
  const { server } = await serveNode()
  const client = dial(server)
  const { channel } = await client.open()
  const id = client.nextId()
  const ask = { kind: 'ask', channel, id, operation: acquireOf('a') } as const
  client.say(ask, ask, ask)
  await client.reply(id, 'acquired')
  expect(client.repliesTo(id).map((reply) => reply.kind)).toEqual([
    'refused',
    'refused',
    'acquired',
  ])
  const again = client.attachMessage()
  client.say(again)
  await client.until('attached', (attached) => attached.channel === again.id)
  client.say(again)
  expect(await client.reply(again.id, 'refused')).toMatchObject({ code: 'INVALID_ARGUMENT' })
  expect(server.statistics()).toMatchObject({ sessions: 2, owners: 1 })
})

test('of a hundred thousand operations in one frame each is answered, and others are served, too', async () => {
  const { server } = await serveNode()
  const canary = await Canary.beside(server.grpcAddress)
  const client = dial(server)
  const { channel } = await client.open()
  const asks: ClientMessage[] = []
  for (let at = 0; at < OPERATIONS; at += 1) {
    asks.push({ kind: 'ask', channel, id: client.nextId(), operation: acquireOf('a', 0n) })
  }
  const last = asks.length + 1
  client.say(...asks)
  await canary.sings()
  await client.until('answer', ({ id }) => id === last)
  const ping = client.ping()
  await client.until('pong', ({ id }) => id === ping)
  const kinds = new Map<string, number>()
  for (const message of client.messages) {
    if (message.kind !== 'answer') continue
    const { reply } = message
    const kind = reply.kind === 'refused' ? reply.code : reply.kind
    kinds.set(kind, (kinds.get(kind) ?? 0) + 1)
  }
  expect(kinds.get('OVERLOADED')).toBe(OPERATIONS - 16_384)
  expect([...kinds.values()].reduce((sum, count) => sum + count, 0)).toBe(OPERATIONS)
}, 60_000)

test('a client that does not read is given up, and what it holds runs out', async () => {
  const { server } = await serveNode()
  const canary = await Canary.beside(server.grpcAddress)
  const writer = dial(server)
  const { channel: written } = await writer.open()
  const data = new Uint8Array(1_000_000)
  await writer.reply(writer.ask(written, { kind: 'create', name: 's', limit: 1n, data }), 'done')
  const client = dial(server)
  const { channel } = await client.open()
  client.pause()
  const watches = { watchData: false, watchOwners: false, watchAbsent: false, watchStands: false }
  const operation = {
    kind: 'describe',
    name: 's',
    owners: false,
    waiters: false,
    ...watches,
  } as const
  const asks = Array.from({ length: 100 }, () => ({
    kind: 'ask' as const,
    channel,
    id: client.nextId(),
    operation,
  }))
  client.say(...asks)
  while (server.statistics().attachedSessions > 2) await canary.sings()
  client.resume()
  expect(await client.ended).toMatchObject({ code: 8 })
}, 60_000)

test('a client that says nothing after its hello, or asks before it, disturbs nobody', async () => {
  const { server } = await serveNode()
  const canary = await Canary.beside(server.grpcAddress)
  dial(server)
  const rude = new FrameClient(server.grpcAddress)
  atEnd(() => rude.close())
  rude.attach()
  expect(await rude.ended).toMatchObject({ code: 3 })
  await canary.sings()
  expect(server.statistics()).toMatchObject({ sessions: 1 })
})
