/** A session is put onto the server that has its node; where that is not possible, the server that was asked forwards. */
import { expect, test } from 'vitest'
import type { Attachment } from '../../../src/link/link.ts'
import { groundOf } from '../../../src/link/grpc/ground.ts'
import { TenureLink } from '../../../src/link/tenure/link.ts'
import { FakeClock } from '../../fake-clock.ts'
import { attachRequest, FakeServer, type FakeStream, Told, turn } from './fake-server.ts'
import { Stage } from './stage.ts'

const TWO = { address: '10.0.0.2:2136', server: 'two' }
const THREE = { address: '10.0.0.3:2136', server: 'three' }
const UNAVAILABLE = 14
const UNIMPLEMENTED = 12

/** The latest stream to a host. */
function streamTo(stage: Stage, host: string): FakeStream {
  const stream = stage.server.streams.findLast((each) => each.host === host)
  if (stream === undefined) throw new Error(`nobody has called ${host}`)
  return stream
}

function send(stream: FakeStream, place: { address: string; server: string }): void {
  stream.say({ kind: 'elsewhere', channel: stream.of('attach').at(-1)?.id ?? 0, ...place })
}

function start(stream: FakeStream, sessionId = 5n): void {
  const channel = stream.of('attach').at(-1)?.id ?? 0
  stream.say({ kind: 'attached', channel, sessionId, timeoutMs: 10_000n })
}

/** A session that the first server of the address has sent to the second one. */
async function sent(stage: Stage): Promise<{ attachment: Attachment; told: Told }> {
  const { attachment, told } = stage.attach()
  await turn()
  stage.stream.greet([], 'one')
  await turn()
  send(stage.stream, TWO)
  await turn()
  return { attachment, told }
}

test('a session goes to the server that has its node, and all that it says goes there', async () => {
  const stage = new Stage()
  const { attachment, told } = await sent(stage)
  const [one, two] = [streamTo(stage, 'one:1'), streamTo(stage, TWO.address)]
  two.greet(undefined, 'two')
  await turn()
  expect(two.of('attach')).toMatchObject([{ path: '/local/a', sessionId: 0n, unreached: '' }])
  start(two)
  expect(told.starts).toMatchObject([{ sessionId: 5n, hasRecords: true }])
  attachment.send({ kind: 'release', name: 'a' }, () => {})
  await turn()
  expect(two.of('ask')).toHaveLength(1)
  expect(one.of('ask')).toEqual([])
})

test('the hello says that the client goes where it is sent', async () => {
  const stage = new Stage()
  await stage.join()
  expect(stage.stream.of('hello')).toMatchObject([{ capabilities: ['elsewhere'] }])
})

test('a client that can be led nowhere does not say that it goes', async () => {
  const server = new FakeServer()
  const ground = groundOf('grpc://one:1/local', { clock: new FakeClock(), dial: server.dial })
  new TenureLink({ ...ground, to: null }).attach(attachRequest(), new Told())
  await turn()
  expect(server.last.of('hello')).toMatchObject([{ capabilities: [] }])
})

test('sessions of several nodes share one connection to the server that has them', async () => {
  const stage = new Stage()
  await sent(stage)
  streamTo(stage, TWO.address).greet([], 'two')
  start(streamTo(stage, TWO.address))
  const other = stage.attach({ path: 'b' })
  await turn()
  send(streamTo(stage, 'one:1'), TWO)
  await turn()
  expect(streamTo(stage, TWO.address).of('attach')).toMatchObject([
    { path: '/local/a' },
    { path: '/local/b' },
  ])
  start(streamTo(stage, TWO.address), 6n)
  expect(other.told.starts).toMatchObject([{ sessionId: 6n }])
  expect(stage.server.streams).toHaveLength(2)
})

test('the next session of a node asks its server at once, and follows when that has lost it', async () => {
  const stage = new Stage()
  await sent(stage)
  const two = streamTo(stage, TWO.address)
  two.greet([], 'two')
  start(two)
  const { told } = stage.attach()
  await turn()
  expect(streamTo(stage, 'one:1').of('attach')).toHaveLength(1)
  expect(two.of('attach')).toHaveLength(2)
  send(two, THREE)
  await turn()
  streamTo(stage, THREE.address).greet([], 'three')
  await turn()
  start(streamTo(stage, THREE.address), 7n)
  expect(told.starts).toMatchObject([{ sessionId: 7n }])
})

test.for([
  ['nobody answers', (stream: FakeStream) => stream.fail(UNAVAILABLE)],
  ['something else answers', (stream: FakeStream) => stream.fail(UNIMPLEMENTED)],
  ['another server answers', (stream: FakeStream) => stream.greet([], 'a third one')],
  ['a server that is alone answers', (stream: FakeStream) => stream.greet([], '')],
] as const)('where %s, the first server forwards', async ([, answer]) => {
  const stage = new Stage()
  const { told } = await sent(stage)
  answer(streamTo(stage, TWO.address))
  await turn()
  const one = streamTo(stage, 'one:1')
  expect(one.of('attach')).toMatchObject([{ unreached: '' }, { unreached: 'two' }])
  expect(streamTo(stage, TWO.address).of('attach')).toEqual([])
  start(one)
  expect(told.starts).toMatchObject([{ sessionId: 5n }])
  expect(told.ends).toEqual([])
  expect(stage.link.isSpoken).toBe(true)
})

test('a server that does not greet in a second is gone around', async () => {
  const stage = new Stage()
  const { told } = await sent(stage)
  stage.clock.advance(999)
  await turn()
  expect(streamTo(stage, 'one:1').of('attach')).toHaveLength(1)
  stage.clock.advance(1)
  await turn()
  // Nobody has used the first connection for so long that it was closed.
  streamTo(stage, 'one:1').greet([], 'one')
  await turn()
  expect(streamTo(stage, 'one:1').of('attach')).toMatchObject([{ unreached: 'two' }])
  start(streamTo(stage, 'one:1'))
  expect(told.starts).toHaveLength(1)
})

// guards: S6
test('what waited for a greeting in vain is not said when that comes late', async () => {
  const stage = new Stage()
  const first = await sent(stage)
  stage.clock.advance(600)
  await turn()
  const second = stage.attach({ path: 'b', sessionId: 9n })
  await turn()
  const one = streamTo(stage, 'one:1')
  one.greet([], 'one')
  await turn()
  send(one, TWO)
  await turn()
  const two = streamTo(stage, TWO.address)
  stage.clock.advance(400)
  await turn()
  two.greet([], 'two')
  streamTo(stage, 'one:1').greet([], 'one')
  await turn()
  expect(two.of('attach')).toEqual([])
  expect(streamTo(stage, 'one:1').of('attach').slice(-2)).toMatchObject([
    { unreached: 'two' },
    { unreached: 'two' },
  ])
  expect([...first.told.ends, ...second.told.ends]).toEqual([])
})

test('a session in a hurry waits less for a greeting', async () => {
  const stage = new Stage()
  stage.attach({ heartbeatMs: 100 })
  await turn()
  stage.stream.greet([], 'one')
  await turn()
  send(stage.stream, TWO)
  await turn()
  stage.clock.advance(249)
  await turn()
  expect(streamTo(stage, 'one:1').of('attach')).toHaveLength(1)
  stage.clock.advance(1)
  await turn()
  expect(streamTo(stage, 'one:1').of('attach').at(-1)).toMatchObject({ unreached: 'two' })
})

test('an address that leads nowhere is tried again after a while, which grows', async () => {
  const stage = new Stage()
  const one = (): FakeStream => streamTo(stage, 'one:1')
  await sent(stage)
  const triesOf = (): number =>
    stage.server.streams.filter(({ host }) => host === TWO.address).length
  streamTo(stage, TWO.address).fail(UNAVAILABLE)
  await turn()
  start(one())
  for (const [waitMs, tries] of [
    [500, 1],
    [500, 2],
    [1_000, 2],
    [1_000, 3],
  ] as const) {
    const ping = one().of('ping').at(-1)
    if (ping !== undefined) one().say({ kind: 'pong', id: ping.id })
    stage.clock.advance(waitMs)
    const { attachment } = stage.attach()
    await turn()
    send(one(), TWO)
    await turn()
    expect(triesOf()).toBe(tries)
    if (one().of('attach').at(-1)?.unreached === '') {
      streamTo(stage, TWO.address).fail(UNAVAILABLE)
      await turn()
    }
    expect(one().of('attach').at(-1)?.unreached).toBe('two')
    start(one())
    attachment.leave()
  }
})

test('a session that servers send to and fro is given back after four times', async () => {
  const stage = new Stage()
  const { told } = await sent(stage)
  const two = streamTo(stage, TWO.address)
  two.greet([], 'two')
  await turn()
  send(two, THREE)
  await turn()
  const three = streamTo(stage, THREE.address)
  three.greet([], 'three')
  await turn()
  send(three, TWO)
  await turn()
  send(two, THREE)
  await turn()
  expect(told.ends).toEqual([])
  send(three, TWO)
  await turn()
  expect(told.ends).toMatchObject([{ kind: 'broken' }])
})

test('a session is sent on when a server that could not be reached has lost its node', async () => {
  const stage = new Stage()
  const { told } = await sent(stage)
  streamTo(stage, TWO.address).fail(UNAVAILABLE)
  await turn()
  const one = streamTo(stage, 'one:1')
  expect(one.of('attach').at(-1)).toMatchObject({ unreached: 'two' })
  send(one, THREE)
  await turn()
  const three = streamTo(stage, THREE.address)
  three.greet([], 'three')
  await turn()
  start(three)
  expect(told.starts).toHaveLength(1)
})

test('a server that was started again at an address that led nowhere is tried at once', async () => {
  const stage = new Stage()
  await sent(stage)
  streamTo(stage, TWO.address).fail(UNAVAILABLE)
  await turn()
  send(streamTo(stage, 'one:1'), { ...TWO, server: 'two, once more' })
  await turn()
  const again = streamTo(stage, TWO.address)
  again.greet([], 'two, once more')
  await turn()
  expect(again.of('attach')).toHaveLength(1)
})

test.for(['nowhere', 'unix:///tmp/socket:1', '', '10.0.0.2:99999', 'a b:1'])(
  'a place that is no host and port is not gone to: %j',
  async (address) => {
    const stage = new Stage()
    stage.attach()
    await turn()
    stage.stream.greet([], 'one')
    await turn()
    send(stage.stream, { address, server: 'two' })
    await turn()
    expect(stage.server.streams).toHaveLength(1)
    expect(stage.stream.of('attach')).toMatchObject([{}, { unreached: 'two' }])
  },
)

test('what the server that has the node says is the last word', async () => {
  const stage = new Stage()
  const { told } = await sent(stage)
  const two = streamTo(stage, TWO.address)
  two.greet([], 'two')
  await turn()
  two.say({ kind: 'ended', channel: 1, code: 'NOT_FOUND', message: 'no such node' })
  expect(told.ends).toMatchObject([{ kind: 'refused', refusal: { code: 'NOT_FOUND' } }])
})

test('where a token is not good at the other server, the first one forwards', async () => {
  const stage = new Stage({ credentials: { kind: 'token', token: 'given by one' } })
  const { told } = await sent(stage)
  const two = streamTo(stage, TWO.address)
  two.greet([], 'two')
  await turn()
  two.say({ kind: 'ended', channel: 1, code: 'UNAUTHORIZED', message: '' })
  await turn()
  const one = streamTo(stage, 'one:1')
  expect(one.of('attach')).toMatchObject([{}, { unreached: 'two' }])
  start(one)
  expect(told.starts).toHaveLength(1)
})

test('when no server of the address answers, another one that is known is asked', async () => {
  const stage = new Stage({ hosts: 'one:1' })
  await sent(stage)
  const two = streamTo(stage, TWO.address)
  two.greet([], 'two')
  start(two)
  streamTo(stage, 'one:1').fail(UNAVAILABLE)
  const { told } = stage.attach({ path: 'b' })
  await turn()
  streamTo(stage, 'one:1').fail(UNAVAILABLE)
  await turn()
  expect(two.of('attach').at(-1)).toMatchObject({ path: '/local/b', unreached: '' })
  start(two, 8n)
  expect(told.starts).toMatchObject([{ sessionId: 8n }])
})

test('a client that leaves on its way to another server leaves that one too', async () => {
  const stage = new Stage()
  const { attachment, told } = await sent(stage)
  const two = streamTo(stage, TWO.address)
  attachment.leave()
  two.greet([], 'two')
  await turn()
  expect(two.of('stop')).toMatchObject([{ channel: 1 }])
  start(two)
  await turn()
  stage.clock.advance(60_000)
  expect(told).toMatchObject({ starts: [], ends: [] })
  expect(stage.clock.pending).toBe(0)
})

test('a session stays on an old server, which forwards by itself', async () => {
  const stage = new Stage()
  const { told } = await stage.join()
  expect(told.starts).toHaveLength(1)
  expect(stage.server.streams).toHaveLength(1)
})

test('a link that is closed ends its connections when their last session has left', async () => {
  const stage = new Stage()
  const { attachment } = await sent(stage)
  streamTo(stage, TWO.address).greet([], 'two')
  start(streamTo(stage, TWO.address))
  await stage.link.close()
  attachment.leave()
  stage.clock.advance(1_000)
  expect(stage.server.streams.filter(({ isCancelled }) => !isCancelled)).toEqual([])
  expect(stage.server.channels).toBe(0)
})

test('an attach keeps what it wants on the whole way', async () => {
  const stage = new Stage()
  const told = new Told()
  const attachment = stage.link.attach(attachRequest({ sessionId: 9n, heartbeatMs: 2_000 }), told)
  attachment.hurry(300)
  await turn()
  stage.stream.greet([], 'one')
  await turn()
  send(stage.stream, TWO)
  await turn()
  const two = streamTo(stage, TWO.address)
  two.greet([], 'two')
  await turn()
  expect(two.of('attach')).toMatchObject([{ sessionId: 9n, sequenceNumber: 1n }])
  start(two, 9n)
  await turn()
  expect(two.of('ping')).toMatchObject([{ periodMs: 300 }])
})
