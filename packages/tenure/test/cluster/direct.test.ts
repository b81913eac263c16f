/**
 * Tenure's client goes to the server that has the node; every other client, and one that cannot reach that server, is forwarded.
 *
 * guards: X6, S7, L1
 */
import { createServer } from 'node:net'
import { type Client, connect, type Session } from 'tenure'
import { expect, test, vi } from 'vitest'
import { clientOver } from '../../../client/src/client.ts'
import { systemClock } from '../../../client/src/clock.ts'
import { Channels } from '../../../client/src/link/grpc/channels.ts'
import { grpcDial } from '../../../client/src/link/grpc/grpc-channel.ts'
import { Tokens } from '../../../client/src/link/grpc/tokens.ts'
import { TenureLink } from '../../../client/src/link/tenure/link.ts'
import { metricOf, Town, type TownServer } from './town.ts'

const PATHS = Array.from({ length: 32 }, (_, index) => `/local/node-${index}`)

interface Held {
  readonly session: Session
  readonly token: bigint
}

async function holdAll(client: Client, timeout = 10_000): Promise<Held[]> {
  return Promise.all(
    PATHS.map(async (path) => {
      const session = await client.openSession(path, { timeout, createNode: true })
      const { token } = await session.mutex('door').lock()
      return { session, token }
    }),
  )
}

/** Everything that a session may ask, in each of them. */
async function work(held: readonly Held[], times: number): Promise<void> {
  await Promise.all(
    held.map(async ({ session }) => {
      for (let count = 0; count < times; count += 1) {
        const lease = await session.semaphore('bell', { limit: 1n }).acquire()
        await lease.release()
      }
    }),
  )
}

function lostOf(held: readonly Held[]): Held[] {
  return held.filter(({ session }) => session.signal.aborted)
}

/** A port at which nobody listens. */
async function deadAddress(): Promise<string> {
  const server = createServer()
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  const address = server.address()
  await new Promise((resolve) => {
    server.close(resolve)
  })
  if (address === null || typeof address === 'string') throw new Error('there is no port')
  return `127.0.0.1:${address.port}`
}

test('once a session is attached, nothing of it passes through a server that has not its node', async () => {
  await using town = await Town.of(3)
  await using client = connect(town.addressOf(town.server(0)))
  const held = await holdAll(client)
  expect(await town.metric('sessions_attached')).toBe(PATHS.length)
  expect(await town.metric('sessions_forwarded')).toBe(0)
  const before = await town.metric('commands_forwarded_total')
  await work(held, 20)
  expect(await town.metric('commands_forwarded_total')).toBe(before)
  const commands = await Promise.all(
    town.servers.map((server) => metricOf(server, 'commands_total')),
  )
  expect(Math.min(...commands)).toBeGreaterThan(0)
  // One connection to each server.
  expect(await town.metric('client_connections')).toBe(3)
})

test("a client of YDB's protocol is forwarded, and so is counted", async () => {
  await using town = await Town.of(2)
  await using client = connect(town.addressOf(town.server(0)), { protocol: 'ydb' })
  const held = await holdAll(client)
  const forwarded = await metricOf(town.server(0), 'sessions_forwarded')
  expect(forwarded).toBeGreaterThan(0)
  expect(await metricOf(town.server(1), 'sessions_from_servers')).toBe(forwarded)
  const before = await town.metric('commands_forwarded_total')
  await work(held, 1)
  expect(await town.metric('commands_forwarded_total')).toBeGreaterThan(before)
  await Promise.all(held.map(({ session }) => session.close()))
  await vi.waitFor(async () => expect(await town.metric('sessions_forwarded')).toBe(0))
})

/** A client for whom the address of one server leads somewhere else. */
function misled(town: Town, from: TownServer, to: string): Client {
  const dial = grpcDial(false, {})
  const link = new TenureLink(town.addressOf(town.server(0)), {
    dial: (host) => dial(host === from.address ? to : host),
  })
  return clientOver(link)
}

test('a client that cannot reach a server is forwarded to it', async () => {
  await using town = await Town.of(2)
  const [open, hidden] = [town.server(0), town.server(1)]
  await using client = misled(town, hidden, await deadAddress())
  const held = await holdAll(client)
  const forwarded = await metricOf(hidden, 'sessions_attached')
  expect(forwarded).toBeGreaterThan(0)
  expect(await metricOf(hidden, 'sessions_from_servers')).toBe(forwarded)
  expect(await metricOf(open, 'attaches_unreached_total')).toBe(forwarded)
  await work(held, 2)
  expect(lostOf(held)).toEqual([])
})

test('a client whom the address of a server leads to a stranger opens no session there', async () => {
  await using town = await Town.of(2)
  await using foreign = await Town.of(1)
  await using stranger = connect(foreign.addressOf(foreign.server(0)))
  await Promise.all(PATHS.map((path) => stranger.createNode(path)))
  await using client = misled(town, town.server(1), foreign.server(0).address)
  const held = await holdAll(client)
  expect(await metricOf(town.server(0), 'sessions_forwarded')).toBeGreaterThan(0)
  expect(await town.metric('sessions_attached')).toBe(held.length)
  expect(await foreign.metric('sessions')).toBe(0)
})

test('a client with a password opens sessions on every server, also where it is forwarded', async () => {
  await using town = await Town.of(2, { ann: 'secret' })
  const credentials = { kind: 'static', user: 'ann', password: 'secret' } as const
  for (const protocol of ['tenure', 'ydb'] as const) {
    await using client = connect(town.addressOf(town.server(0)), { credentials, protocol })
    expect(lostOf(await holdAll(client))).toEqual([])
    const metric = protocol === 'ydb' ? 'sessions_forwarded' : 'sessions_attached'
    expect(await town.metric(metric)).toBeGreaterThan(0)
  }
})

test("a token that one server has given out is good at another, as YDB's drivers expect", async () => {
  await using town = await Town.of(2, { ann: 'secret' })
  const channels = new Channels([town.server(0).address], grpcDial(false, {}))
  const credentials = { kind: 'static', user: 'ann', password: 'secret' } as const
  const tokens = new Tokens({ channels, database: '/local', credentials, clock: systemClock })
  const token = { kind: 'token', token: await tokens.get() } as const
  channels.close()
  await using client = connect(town.addressOf(town.server(1)), { credentials: token })
  await expect(client.createNode('/local/a')).resolves.toBeUndefined()
})

test('when a server ends, its sessions go to those that take its nodes, and nothing is lost', async () => {
  await using town = await Town.of(3)
  const leaving = town.server(1)
  await using client = connect(town.addressOf(town.server(0)))
  const held = await holdAll(client)
  expect(await metricOf(leaving, 'sessions_attached')).toBeGreaterThan(0)
  await leaving.stop()
  await work(held, 2)
  expect(lostOf(held)).toEqual([])
  expect(await town.metric('sessions_forwarded')).toBe(0)
})

test('when the server of the address ends, its client comes back through another one', async () => {
  await using town = await Town.of(3)
  const known = town.server(0)
  await using client = connect(town.addressOf(known))
  const held = await holdAll(client)
  await known.stop()
  await work(held, 2)
  expect(lostOf(held)).toEqual([])
})

test('when a server comes, the sessions of the nodes that it takes go there', async () => {
  await using town = await Town.of(2)
  await using client = connect(town.addressOf(town.server(0)))
  const held = await holdAll(client)
  const young = await town.add()
  await work(held, 2)
  expect(lostOf(held)).toEqual([])
  await vi.waitFor(async () => {
    expect(await metricOf(young, 'sessions_attached')).toBeGreaterThan(0)
    expect(await town.metric('sessions_forwarded')).toBe(0)
  })
})
