/**
 * Connections of Tenure's own protocol over real gRPC.
 *
 * guards: X1, X2, S2, S6, S7, A1
 */
import type { ClientMessage } from '@tenure/protocol'
import { decodeServerFrame, encodeClientFrame } from '@tenure/protocol'
import { expect, test } from 'vitest'
import { ManualClock } from '../tablet/manual-clock.ts'
import { acquireOf, dial, FrameClient } from './frame-client.ts'
import { atEnd, serve, serveNode } from './harness.ts'
import { begin, frame, openHttp2 } from './raw-http2.ts'

const CONNECT_PATH = '/tenure.v1.CoordinationService/Connect'
const SESSIONS = 10_000

/** Turns of the event loop pass until it holds. */
async function eventually(holds: () => boolean): Promise<void> {
  const endMs = performance.now() + 10_000
  while (!holds()) {
    if (performance.now() > endMs) throw new Error('it never came to hold')
    await new Promise<void>((resolve) => {
      setImmediate(resolve)
    })
  }
}

test('a connection carries hello, ping, sessions and their requests', async () => {
  const { server } = await serveNode()
  const client = dial(server)
  expect(await client.until('hello')).toMatchObject({
    version: 1,
    capabilities: ['records', 'log'],
  })
  const ping = client.ping()
  expect(await client.until('pong')).toEqual({ kind: 'pong', id: ping })
  const { channel, sessionId } = await client.open()
  expect(sessionId).toBe(1n)
  expect(await client.reply(client.acquire(channel, 'a'), 'acquired')).toMatchObject({ token: 1n })
  const release = client.ask(channel, { kind: 'release', name: 'a' })
  expect(await client.reply(release, 'released')).toEqual({ kind: 'released', released: true })
  client.say({ kind: 'stop', channel })
  expect(await client.until('ended')).toMatchObject({ channel, code: 'STOPPED' })
})

test('what is said in one turn comes in one frame', async () => {
  const { server, client: ydb } = await serveNode()
  await ydb.createNode('/local/other')
  const client = dial(server)
  const [first, second] = [await client.open(), await client.open({ path: '/local/other' })]
  client.frames.length = 0
  const asks: ClientMessage[] = []
  for (let at = 0; at < 1_000; at += 1) {
    const operation = acquireOf(`lock-${at}`)
    asks.push({ kind: 'ask', channel: first.channel, id: client.nextId(), operation })
  }
  client.say(...asks)
  await client.reply(asks.length + 2, 'acquired')
  expect(client.frames).toEqual([1_000])
  client.frames.length = 0
  const ids = [client.nextId(), client.nextId(), client.nextId()]
  const [ping = 0, one = 0, other = 0] = ids
  const operation = acquireOf('b')
  client.say(
    { kind: 'ping', id: ping, periodMs: 1_000 },
    { kind: 'ping', id: ping, periodMs: 1_000 },
    { kind: 'ask', channel: first.channel, id: one, operation },
    { kind: 'ask', channel: second.channel, id: other, operation },
  )
  await client.reply(one, 'acquired')
  await client.reply(other, 'acquired')
  expect(client.frames[0]).toBe(2)
})

test('answers to frames that came together leave together', async () => {
  const { server } = await serveNode()
  const stream = begin(openHttp2(server.grpcAddress), { ':path': CONNECT_PATH })
  const chunks: Buffer[] = []
  stream.on('data', (chunk: Buffer) => chunks.push(chunk))
  const hello = { kind: 'hello', version: 1, capabilities: [], agent: 'raw' } as const
  const frames = [
    [hello],
    [{ kind: 'ping', id: 1, periodMs: 1_000 }],
    [{ kind: 'ping', id: 2, periodMs: 1_000 }],
  ] as const
  stream.write(Buffer.concat(frames.map((messages) => frame(encodeClientFrame(messages)))))
  await eventually(() => chunks.length > 0)
  const bytes = Buffer.concat(chunks)
  const length = bytes.readUInt32BE(1)
  const messages = decodeServerFrame(bytes.subarray(5, 5 + length))
  expect(messages.map((message) => message.kind)).toEqual(['hello', 'pong', 'pong'])
})

test('a call that is cancelled detaches all sessions of its connection', async () => {
  const { server } = await serveNode()
  const client = dial(server)
  await client.open()
  await client.open()
  client.cancel()
  await eventually(() => server.statistics().attachedSessions === 0)
  expect(server.statistics()).toMatchObject({ sessions: 2, streams: 0 })
})

test('a frame does not grow without bound', async () => {
  const { server } = await serveNode()
  const client = dial(server)
  const { channel } = await client.open()
  const data = new Uint8Array(700_000)
  await client.reply(client.ask(channel, { kind: 'create', name: 's', limit: 1n, data }), 'done')
  client.frames.length = 0
  const describe = {
    kind: 'describe',
    name: 's',
    owners: false,
    waiters: false,
    watchData: false,
    watchOwners: false,
    watchAbsent: false,
    watchStands: false,
  } as const
  const ids = Array.from({ length: 6 }, () => client.nextId())
  client.say(...ids.map((id) => ({ kind: 'ask' as const, channel, id, operation: describe })))
  for (const id of ids) await client.reply(id, 'described')
  expect(client.frames).toEqual([2, 2, 2])
})

test('ten thousand sessions live on one connection by one ping for each interval', async () => {
  const clock = new ManualClock()
  const { server } = await serveNode({ clock })
  const client = dial(server)
  const [first] = [client.ping(1_000)]
  const attaches = Array.from({ length: SESSIONS }, () =>
    client.attachMessage({ timeoutMs: 3_000n }),
  )
  client.say(...attaches)
  await client.until('attached', ({ channel }) => channel === attaches.at(-1)?.id)
  client.say(
    ...attaches.map(({ id: channel }) => ({
      kind: 'ask' as const,
      channel,
      id: client.nextId(),
      operation: acquireOf(`lock-${channel}`),
    })),
  )
  await eventually(() => server.statistics().owners === SESSIONS)
  let ping = first
  for (let interval = 0; interval < 20; interval += 1) {
    await clock.advance(1_000)
    ping = client.ping(1_000)
    const { id } = await client.until('pong', (pong) => pong.id === ping)
    expect(id).toBe(ping)
  }
  expect(server.statistics()).toMatchObject({
    sessions: SESSIONS,
    attachedSessions: SESSIONS,
    owners: SESSIONS,
    streams: 1,
  })
  await clock.advance(2_000)
  expect((await client.ended).code).toBe(4)
  expect(server.statistics()).toMatchObject({ sessions: SESSIONS, attachedSessions: 0 })
  await clock.advance(3_001)
  await eventually(() => server.statistics().sessions === 0)
}, 60_000)

test('a client that is silent for two of its periods is given up', async () => {
  const clock = new ManualClock()
  const { server } = await serveNode({ clock })
  const client = dial(server)
  const { channel } = await client.open({ timeoutMs: 5_000n })
  await client.reply(client.acquire(channel, 'a'), 'acquired')
  const ping = client.ping(500)
  await client.until('pong', ({ id }) => id === ping)
  await clock.advance(999)
  expect(server.statistics()).toMatchObject({ attachedSessions: 1 })
  await clock.advance(1)
  expect(await client.ended).toEqual({
    code: 4,
    details: 'nothing was heard from the client in time',
  })
  expect(server.statistics()).toMatchObject({ attachedSessions: 0, owners: 1 })
  await clock.advance(5_001)
  await eventually(() => server.statistics().owners === 0)
})

test('a socket that breaks detaches all sessions of its connection', async () => {
  const { server } = await serveNode()
  const http2 = openHttp2(server.grpcAddress)
  const stream = begin(http2, { ':path': CONNECT_PATH })
  stream.resume()
  const client = dial(server)
  const messages = [client.attachMessage(), client.attachMessage(), client.attachMessage()]
  const hello = { kind: 'hello', version: 1, capabilities: [], agent: 'raw' } as const
  stream.write(frame(encodeClientFrame([hello, ...messages])))
  await eventually(() => server.statistics().attachedSessions === 3)
  http2.destroy()
  await eventually(() => server.statistics().attachedSessions === 0)
  expect(server.statistics()).toMatchObject({ sessions: 3, streams: 0 })
})

test('a client that half-closes has left', async () => {
  const { server } = await serveNode()
  const client = dial(server)
  await client.open()
  client.halfClose()
  expect(await client.ended).toMatchObject({ code: 0 })
  await eventually(() => server.statistics().attachedSessions === 0)
  expect(server.statistics()).toMatchObject({ sessions: 1 })
})

test('clients of both protocols contend for one lock', async () => {
  const { server, client: ydb } = await serveNode()
  const own = dial(server)
  const { channel } = await own.open()
  const stream = await ydb.session()
  await own.reply(own.acquire(channel, 'a'), 'acquired')
  const value = { name: 'a', count: 1n, ephemeral: true, timeoutMillis: 60_000n }
  stream.send({ case: 'acquireSemaphore', value: { reqId: 1n, ...value } })
  await stream.next('acquireSemaphorePending')
  const watch = {
    owners: true,
    waiters: true,
    watchData: false,
    watchOwners: true,
    watchAbsent: false,
    watchStands: false,
  }
  const describe = own.ask(channel, { kind: 'describe', name: 'a', ...watch })
  const { description } = await own.reply(describe, 'described')
  expect(description?.waiters).toMatchObject([{ sessionId: stream.sessionId }])
  own.ask(channel, { kind: 'release', name: 'a' })
  expect(await stream.next('acquireSemaphoreResult')).toMatchObject({ acquired: true })
  expect(await own.reply(describe, 'changed')).toMatchObject({ owners: true })
  const second = own.acquire(channel, 'a')
  await own.reply(second, 'pending')
  stream.send({ case: 'releaseSemaphore', value: { reqId: 2n, name: 'a' } })
  await own.reply(second, 'acquired')
})

test('a session goes from one protocol to the other, and the loser hears of it', async () => {
  const { server, client: ydb } = await serveNode()
  const own = dial(server)
  const stream = await ydb.session()
  const { channel, sessionId } = await own.open({ sessionId: stream.sessionId, sequenceNumber: 1n })
  expect(sessionId).toBe(stream.sessionId)
  expect(await stream.next('failure')).toMatchObject({ status: 400_100 })
  const back = await ydb.session({ sessionId, seqNo: 2n })
  expect(back.sessionId).toBe(sessionId)
  expect(await own.until('ended')).toMatchObject({ channel, code: 'BAD_SESSION' })
  const late = own.attach({ sessionId, sequenceNumber: 1n })
  expect(await own.until('ended', (ended) => ended.channel === late)).toMatchObject({
    code: 'BAD_SESSION',
  })
})

test('sessions of a connection need a token when there are users', async () => {
  const { server } = await serve({ users: { ann: 'secret' } })
  const client = dial(server)
  const channel = client.attach()
  expect(await client.until('ended')).toMatchObject({ channel, code: 'UNAUTHORIZED' })
  const question = client.askNode({ kind: 'list-nodes' })
  expect(await client.reply(question, 'refused')).toMatchObject({ code: 'UNAUTHORIZED' })
})

test('a graceful stop ends the sessions, then the connections, so that clients come back', async () => {
  const { server } = await serveNode()
  const client = dial(server)
  const { channel } = await client.open()
  const asked = client.acquire(channel, 'a')
  await client.reply(asked, 'acquired')
  const startedMs = performance.now()
  await server.stop()
  expect(performance.now() - startedMs).toBeLessThan(2_000)
  expect(await client.until('ended')).toMatchObject({ channel, code: 'UNAVAILABLE' })
  expect(await client.ended).toMatchObject({ code: 14 })
})

test('a client of an earlier version hears which one is spoken here', async () => {
  const { server } = await serveNode()
  const client = new FrameClient(server.grpcAddress)
  atEnd(() => client.close())
  client.say({ kind: 'hello', version: 0, capabilities: [], agent: 'old' })
  expect(await client.ended).toMatchObject({
    code: 12,
    details: expect.stringContaining('version 0'),
  })
  expect(client.messages).toMatchObject([{ kind: 'hello', version: 1 }])
})

test('metrics and the status page show connections and records', async () => {
  const { server } = await serveNode({ http: { host: '127.0.0.1', port: 0 } })
  const client = dial(server)
  const { channel } = await client.open()
  const key = Buffer.from('key')
  const put = client.ask(channel, { kind: 'put-record', key, value: key, lease: null })
  await client.reply(put, 'record-written')
  client.ask(channel, { kind: 'wait-record', key, version: 1n })
  const grant = client.ask(channel, { kind: 'grant-lease', ttlMs: 1_000n, keepAlive: false })
  await client.reply(grant, 'lease-granted')
  const at = `http://127.0.0.1:${server.httpAddress?.port}`
  const metrics = await (await fetch(`${at}/metrics`)).text()
  for (const line of [
    'tenure_client_connections 1',
    'tenure_streams 0',
    'tenure_records 1',
    'tenure_record_bytes 6',
    'tenure_record_leases 1',
    'tenure_record_watches 1',
  ]) {
    expect(metrics).toContain(`${line}\n`)
  }
  const page = await (await fetch(at)).text()
  expect(page).toContain('<tr><th>Records in memory<td>1')
  expect(page).toContain('<tr><th>Connections of clients<td>1')
})
