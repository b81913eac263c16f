/** The link that finds out what a server speaks. */
import {
  CONNECT_PATH,
  decodeSessionRequest,
  encodeSessionResponse,
  SESSION,
  type SessionResponse,
} from '@tenure/protocol'
import { expect, test } from 'vitest'
import { UnavailableError, UnsupportedError } from '../../src/errors.ts'
import { ServerLink } from '../../src/link/server-link.ts'
import { FakeClock } from '../fake-clock.ts'
import { attachRequest, FakeServer, type FakeStream, Told, turn } from './tenure/fake-server.ts'

const UNIMPLEMENTED = 12
const UNAVAILABLE = 14

function stage(): { server: FakeServer; clock: FakeClock; link: ServerLink } {
  const server = new FakeServer()
  const clock = new FakeClock()
  const link = new ServerLink('grpc://one:1,two:2/local', { clock, dial: server.dial })
  return { server, clock, link }
}

function ofYdb({ streams }: FakeServer): FakeStream[] {
  return streams.filter(({ path }) => path === SESSION.path)
}

function say(stream: FakeStream | undefined, response: SessionResponse): void {
  stream?.sayBytes(encodeSessionResponse(response))
}

const STARTED = {
  kind: 'started',
  sessionId: 5n,
  timeoutMs: 10_000n,
  numbersChanges: false,
} as const

test("a session goes over to YDB's protocol when the server lacks the own one, and notices nothing", async () => {
  const { server, link, clock } = stage()
  const told = new Told()
  const attachment = link.attach(attachRequest(), told)
  attachment.hurry(1_000)
  await turn()
  server.last.fail(UNIMPLEMENTED)
  await turn()
  const [stream] = ofYdb(server)
  expect(stream?.frames.map((bytes) => decodeSessionRequest(bytes))).toMatchObject([
    { kind: 'start', path: '/local/a', sessionId: 0n },
  ])
  say(stream, STARTED)
  expect(told.ends).toEqual([])
  expect(told.starts).toMatchObject([
    { sessionId: 5n, hasRecords: false, createsOnAcquire: false, watchAbsent: false },
  ])
  attachment.send({ kind: 'release', name: 'a' }, () => {})
  const said = stream?.frames.map((bytes) => decodeSessionRequest(bytes))
  expect(said?.at(-1)).toMatchObject({ kind: 'release', name: 'a' })
  // All on the channel that was open already.
  expect(server.channels).toBe(1)
  // Who was hurried stays so.
  clock.advance(1_000)
  expect(told.ends).toMatchObject([{ kind: 'broken' }])
})

test('a record is refused where the server has none', async () => {
  const { server, link } = stage()
  const told = new Told()
  const attachment = link.attach(attachRequest(), told)
  await turn()
  server.last.fail(UNIMPLEMENTED)
  await turn()
  say(ofYdb(server)[0], STARTED)
  const got: unknown[] = []
  attachment.send({ kind: 'get-record', key: new Uint8Array([1]) }, (answer) => got.push(answer))
  expect(got).toMatchObject([{ kind: 'refused', code: 'UNSUPPORTED' }])
})

test('once it is known, nothing is asked over the own protocol any more, whatever the host', async () => {
  const { server, link } = stage()
  link.attach(attachRequest(), new Told())
  await turn()
  server.last.fail(UNIMPLEMENTED)
  await turn()
  ofYdb(server)[0]?.fail(UNAVAILABLE)
  link.attach(attachRequest(), new Told())
  await turn()
  expect(ofYdb(server).map(({ host }) => host)).toEqual(['one:1', 'two:2'])
  expect(server.streams.filter(({ path }) => path === CONNECT_PATH)).toHaveLength(1)
})

test('sessions that have begun over the own protocol stay there when another host lacks it', async () => {
  const { server, link, clock } = stage()
  const first = new Told()
  link.attach(attachRequest({ heartbeatMs: 5_000 }), first)
  await turn()
  const one = server.last
  one.greet()
  one.say({ kind: 'attached', channel: 1, sessionId: 1n, timeoutMs: 10_000n })
  await turn()
  one.say({ kind: 'pong', id: one.of('ping')[0]?.id ?? 0 })
  // A second session is not started in time: what comes then goes to the other host.
  link.attach(attachRequest({ heartbeatMs: 500 }), new Told())
  clock.advance(1_000)
  const third = new Told()
  link.attach(attachRequest(), third)
  await turn()
  expect(server.last.host).toBe('two:2')
  server.last.fail(UNIMPLEMENTED)
  await turn()
  expect(ofYdb(server)).toHaveLength(1)
  expect(third.ends).toEqual([])
  expect(first.ends).toEqual([])
  expect(one.isCancelled).toBe(false)
})

test('a question is asked again over the other protocol; a question of operators has no other', async () => {
  const { server, link } = stage()
  const dropped = link.dropNode('a')
  const asked = link.ask('a', { kind: 'end-session', session: 1n })
  await turn()
  server.last.fail(UNIMPLEMENTED)
  await expect(asked).rejects.toThrow(UnsupportedError)
  await turn()
  expect(server.calls).toHaveLength(1)
  server.calls[0]?.settle(
    Object.assign(new Error(), { code: UNAVAILABLE, details: 'x' }),
    undefined,
  )
  await expect(dropped).rejects.toThrow(UnavailableError)
})

test('what a server that speaks the own protocol does not know is unsupported, and not asked otherwise', async () => {
  const { server, link } = stage()
  const asked = link.ask('a', { kind: 'end-session', session: 1n })
  await turn()
  server.last.greet()
  await turn()
  const message = 'what?'
  server.last.answer(server.last.of('ask-node')[0]?.id ?? 0, {
    kind: 'refused',
    code: 'UNSUPPORTED',
    message,
  })
  await expect(asked).rejects.toThrow(UnsupportedError)
  void link.dropNode('b').catch(() => {})
  await turn()
  expect(server.last.of('ask-node')).toHaveLength(2)
})

test('a way that breaks says nothing about what the server speaks', async () => {
  const { server, link } = stage()
  const told = new Told()
  link.attach(attachRequest(), told)
  await turn()
  server.last.fail(UNAVAILABLE)
  expect(told.ends).toMatchObject([{ kind: 'broken' }])
  link.attach(attachRequest(), new Told())
  await turn()
  expect(ofYdb(server)).toEqual([])
})

test('a link that is closed leaves nothing open, whatever it has come to speak', async () => {
  const { server, link } = stage()
  const attachment = link.attach(attachRequest({ sessionId: 3n }), new Told())
  await turn()
  server.last.fail(UNIMPLEMENTED)
  await turn()
  attachment.leave()
  await link.close()
  await link.close()
  expect(server.channels).toBe(0)
})
