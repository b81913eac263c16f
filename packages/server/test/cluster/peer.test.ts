/** One server forwards to another: what passes between them, and what becomes of it when one of them is lost. */
import { serialize } from 'node:v8'
import { EngineError } from '@tenure/engine'
import type { Event } from '@tenure/kernel'
import { expect, test } from 'vitest'
import { Peer, type PeerListener } from '../../src/cluster/peer.ts'
import { type OwnNodes, PeerGuest } from '../../src/cluster/peer-guest.ts'
import {
  decodePeerAnswer,
  decodePeerAsk,
  encodePeerMessage,
} from '../../src/cluster/peer-message.ts'
import { Traffic } from '../../src/cluster/traffic.ts'
import { UnreachedError } from '../../src/host/unreached.ts'
import { silentLog } from '../../src/log.ts'
import type { StreamCommand, StreamEnd, StreamSink } from '../../src/tablet/stream.ts'
import { ManualClock } from '../tablet/manual-clock.ts'

const SERVER = { id: 'two', address: '10.0.0.2:2136' }

/** A client's end of a stream. */
class Client implements StreamSink {
  readonly heard: Event[] = []
  readonly overloads: bigint[] = []
  ends: StreamEnd[] = []

  deliver(events: readonly Event[]): void {
    this.heard.push(...events)
  }

  overloaded(requestId: bigint): void {
    this.overloads.push(requestId)
  }

  ended(why: StreamEnd): void {
    this.ends.push(why)
  }
}

/** A node that answers nothing by itself. */
class Tablet {
  readonly commands: StreamCommand[] = []
  readonly detached: bigint[] = []
  sink: StreamSink | null = null
  unsettled = 0
  isClosed = false

  readonly path = '/local/a'

  connect(sink: StreamSink): Tablet {
    this.sink = sink
    return this
  }

  submit(command: StreamCommand): void {
    this.unsettled += 1
    this.commands.push(command)
  }

  detach(session: bigint): void {
    this.detached.push(session)
  }

  close(): void {
    this.isClosed = true
  }
}

/** Two servers with a wire between them that carries bytes at once, until it is cut. */
function stage(nodes: Partial<OwnNodes> = {}) {
  const tablet = new Tablet()
  const own: OwnNodes = {
    has: () => true,
    node: () => Promise.resolve(tablet),
    expect: () => Promise.resolve(),
    take: () => Promise.resolve(),
    ...nodes,
  }
  let listener: PeerListener | null = null
  let lines = 0
  const [ours, theirs] = [new Traffic(), new Traffic()]
  const peer = new Peer(
    SERVER,
    (_server, heard) => {
      lines += 1
      listener = heard
      const guest = new PeerGuest({
        nodes: own,
        log: silentLog,
        total: theirs.inward,
        say: (answer) => heard.heard(decodePeerAnswer(encodePeerMessage(answer))),
      })
      return {
        send: (ask) => guest.receive(decodePeerAsk(encodePeerMessage(ask))),
        close: () => guest.left(),
      }
    },
    ours,
  )
  const cut = (): void => listener?.lost('the wire was cut')
  return { tablet, peer, cut, lines: () => lines, ours, theirs }
}

async function settled(): Promise<void> {
  await new Promise(setImmediate)
}

const STOP = { kind: 'stop', requestId: 5n, session: 3n } as const
const ATTACHED = {
  kind: 'attached',
  stream: 0,
  requestId: 1n,
  session: 3n,
  timeoutMs: 1_000n,
} as const
const STOPPED = { kind: 'stopped', stream: 0, requestId: 5n, session: 3n } as const

test('commands arrive in their order, also those that were said before the node was found', async () => {
  const { tablet, peer } = stage()
  const stream = peer.connect('/local/a', new Client())
  stream.submit({ ...STOP, requestId: 1n })
  stream.submit({ ...STOP, requestId: 2n })
  expect(stream.unsettled).toBe(2)
  await settled()
  stream.submit({ ...STOP, requestId: 3n })
  stream.detach(3n)
  expect(tablet.commands.map((command) => command.requestId)).toEqual([1n, 2n, 3n])
  expect(tablet.detached).toEqual([3n])
})

test('what the node says arrives, and commands are settled as the node settles them', async () => {
  const { tablet, peer } = stage()
  const client = new Client()
  const stream = peer.connect('/local/a', client)
  await settled()
  stream.submit({ ...STOP, requestId: 1n })
  stream.submit({ ...STOP, requestId: 2n })
  tablet.unsettled = 1
  tablet.sink?.deliver([STOPPED])
  expect(client.heard).toEqual([STOPPED])
  expect(stream.unsettled).toBe(1)
  tablet.unsettled = 0
  tablet.sink?.overloaded(2n)
  expect(client.overloads).toEqual([2n])
  expect(stream.unsettled).toBe(0)
})

test('a watch that stands is asked for and shown its states as on the server that has the node', async () => {
  const { tablet, peer } = stage()
  const client = new Client()
  const stream = peer.connect('/local/a', client)
  await settled()
  const watch = {
    kind: 'describe-semaphore',
    requestId: 1n,
    session: 3n,
    name: 's',
    owners: true,
    waiters: false,
    watchData: true,
    watchOwners: true,
    watchAbsent: true,
    watchStands: true,
  } as const
  stream.submit({ ...watch })
  expect(tablet.commands).toEqual([watch])
  const data = Uint8Array.of(1)
  const owners = [{ session: 3n, orderId: 7n, count: 1n, data, timeoutMs: 0n }]
  const state = { name: 's', limit: 2n, data, ephemeral: false, held: 1n, owners, waiters: [] }
  const shown = { kind: 'semaphore-shown', stream: 0, requestIds: [1n, 2n] } as const
  const events = [
    { ...shown, description: state },
    { ...shown, description: null },
  ]
  tablet.sink?.deliver(events)
  expect(client.heard).toEqual(events)
})

test('a stream that is closed is closed there, and hears nothing more', async () => {
  const { tablet, peer } = stage()
  const client = new Client()
  const stream = peer.connect('/local/a', client)
  await settled()
  stream.close()
  expect(tablet.isClosed).toBe(true)
  tablet.sink?.deliver([STOPPED])
  tablet.sink?.ended('stopped')
  expect([client.heard, client.ends]).toEqual([[], []])
})

test('a node that has ended the stream says why', async () => {
  const { tablet, peer } = stage()
  const client = new Client()
  peer.connect('/local/a', client)
  await settled()
  tablet.sink?.ended('fenced')
  expect(client.ends).toEqual(['fenced'])
})

test('when the other server is lost every stream has failed, once, and the next one goes over a line of its own', async () => {
  const { peer, cut, lines } = stage()
  const [one, two] = [new Client(), new Client()]
  peer.connect('/local/a', one)
  const stream = peer.connect('/local/a', two)
  await settled()
  cut()
  expect([one.ends, two.ends]).toEqual([['failed'], ['failed']])
  stream.submit(STOP)
  stream.close()
  peer.connect('/local/a', new Client())
  expect(lines()).toBe(2)
})

test('of a server that was not reached it is known that it has done nothing', async () => {
  const peer = new Peer(
    SERVER,
    (_server, listener) => {
      queueMicrotask(() => listener.unreached('nobody listens'))
      return { send() {}, close() {} }
    },
    new Traffic(),
  )
  const client = new Client()
  peer.connect('/local/a', client).submit(STOP)
  const waiting = peer.reserve('/local/a')
  await expect(waiting).rejects.toThrow(UnreachedError)
  expect(client.ends).toEqual(['unreached'])
})

test('a server that is left is asked nothing more, whoever still holds a node of it', async () => {
  const { peer, lines } = stage()
  await peer.leave(new ManualClock(), 'it has left the cluster')
  const client = new Client()
  peer.connect('/local/a', client)
  await expect(peer.reserve('/local/a')).rejects.toThrow(UnreachedError)
  expect(client.ends).toEqual(['unreached'])
  expect(lines()).toBe(0)
})

test('a server that has left still owes answers to questions, but no session goes on there', async () => {
  const { peer, tablet } = stage()
  const [asker, client] = [new Client(), new Client()]
  const question = peer.connect('/local/a', asker)
  await settled()
  const owing = tablet.sink
  const session = peer.connect('/local/a', client)
  await settled()
  question.submit(STOP)
  session.submit(STOP)
  tablet.sink?.deliver([ATTACHED])
  const clock = new ManualClock()
  void peer.leave(clock, 'it has left the cluster')
  expect(client.ends).toEqual(['failed'])
  expect(asker.ends).toEqual([])
  owing?.deliver([STOPPED])
  expect(asker.heard).toEqual([STOPPED])
})

test('a server that sees the node elsewhere takes nobody in', async () => {
  const { peer, tablet } = stage({ has: () => false })
  const client = new Client()
  peer.connect('/local/a', client)
  await settled()
  expect(client.ends).toEqual(['unreached'])
  expect(tablet.sink).toBe(null)
  await expect(peer.reserve('/local/a')).rejects.toThrow('placed on another server')
})

test('a place for a new node is refused or given by the server that has it', async () => {
  expect(await stage().peer.reserve('/local/a')).toBe(null)
  const refused = stage({ node: () => Promise.resolve('not-a-directory') })
  expect(await refused.peer.reserve('/local/a/b')).toBe('not-a-directory')
  const failing = stage({ node: () => Promise.reject(new EngineError('nothing can be read')) })
  await expect(failing.peer.reserve('/local/a')).rejects.toThrow('nothing can be read')
})

test('who waits for a place is told when the server is lost', async () => {
  const { peer, cut } = stage({ node: () => new Promise(() => {}) })
  const waiting = peer.reserve('/local/a')
  cut()
  await expect(waiting).rejects.toThrow('10.0.0.2:2136 has the node and does not answer')
})

test('what is no message of a server is not taken for one', () => {
  for (const wrong of [null, 7, {}, { kind: 'else' }]) {
    const bytes = serialize(wrong)
    expect(() => decodePeerAsk(bytes)).toThrow('nothing that a server asks')
    expect(() => decodePeerAnswer(bytes)).toThrow('nothing that a server answers')
  }
})

test('sessions that pass between servers are counted on both sides, until they or their streams are over', async () => {
  const { tablet, peer, cut, ours, theirs } = stage()
  const stream = peer.connect('/local/a', new Client())
  stream.submit({ ...STOP })
  await settled()
  const attached = { stream: 0, requestId: 1n, timeoutMs: 5_000n } as const
  const begin = (...sessions: bigint[]): void => {
    const events = sessions.map((session) => ({ kind: 'attached', ...attached, session }) as const)
    tablet.sink?.deliver(events)
  }
  const counts = (): number[] => [ours.outward.count, theirs.inward.count]
  begin(3n, 4n, 6n)
  expect(counts()).toEqual([3, 3])
  begin(4n)
  tablet.sink?.deliver([STOPPED, { kind: 'ended', stream: 0, session: 4n, reason: 'taken' }])
  expect(counts()).toEqual([1, 1])
  stream.detach(6n)
  expect(counts()).toEqual([0, 0])
  begin(7n)
  cut()
  expect(ours).toMatchObject({ outward: { count: 0 }, commands: 1 })
})

test('a node is loaded by the next server before its clients come, and nobody waits in vain', async () => {
  const taken: string[] = []
  const take = async (path: string): Promise<void> => {
    if (path === '/local/b') throw new EngineError('away')
    taken.push(path)
  }
  const { peer, cut } = stage({ take })
  await peer.take('/local/a')
  await peer.take('/local/b')
  expect(taken).toEqual(['/local/a'])
  const never = stage({ take: () => new Promise(() => {}) })
  const waiting = never.peer.take('/local/a')
  never.cut()
  await expect(waiting).resolves.toBeUndefined()
  cut()
})
