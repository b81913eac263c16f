/** Our client against a server that is not ours: it needs nothing but YDB's protocol. */
import { type Client, connectServer, type Session, UnsupportedError } from '@tenure/client'
import { expect, test } from 'vitest'
import { ForeignServer } from './foreign-server.ts'
import { NODE, atEnd, connectionString, eventually } from './ground.ts'

interface Abroad {
  readonly server: ForeignServer
  readonly client: Client
  readonly open: () => Promise<Session>
}

async function abroad(): Promise<Abroad> {
  const server = await ForeignServer.start()
  const credentials = { kind: 'anonymous' } as const
  const client = connectServer(connectionString(server.port), { credentials })
  atEnd(() => client.close())
  return { server, client, open: () => client.openSession(NODE, { createNode: true }) }
}

test('a session lives by the timeout it asked for, whatever the server says at its start', async () => {
  const { open, server } = await abroad()
  const session = await open()
  expect(session.expiresInMs).toBeGreaterThan(20_000)
  await session.close()
  expect(server.sessions).toBe(0)
})

test("a lease's token is the order of its own acquire, however many owners there are and in whatever order", async () => {
  const { open } = await abroad()
  const sessions = [await open(), await open(), await open()]
  const tokens: bigint[] = []
  for (const session of sessions) {
    const lease = await session.semaphore('jobs', { limit: 3 }).acquire()
    tokens.push(lease.token)
  }
  expect(tokens).toEqual([1n, 2n, 3n])
  const owners = await sessions[0]?.semaphore('jobs').describe({ owners: true })
  expect(owners?.owners.map((owner) => owner.orderId)).toEqual([1n, 2n, 3n])
})

test('a mutex passes from session to session with growing tokens', async () => {
  const { open } = await abroad()
  const [one, two] = [await open(), await open()]
  const first = await one.mutex('m').lock()
  const waiting = two.mutex('m').lock()
  await first.release()
  const second = await waiting
  expect(second.token).toBeGreaterThan(first.token)
})

test('a watch of an absent semaphore yields null, then what was created, without help of the server', async () => {
  const { open } = await abroad()
  const [watcher, maker] = [await open(), await open()]
  const seen: (string | null)[] = []
  for await (const state of watcher.semaphore('cfg').watch({ data: true, absent: 'wait' })) {
    seen.push(state === null ? null : Buffer.from(state.data).toString())
    if (seen.length === 1) await maker.semaphore('cfg').create({ limit: 1, data: 'a' })
    if (seen.at(-1) === 'a') await maker.semaphore('cfg').update('b')
    if (seen.at(-1) === 'b') break
  }
  expect([seen[0], seen.at(-1)]).toEqual([null, 'b'])
})

test('a session whose stream the server fails comes back with what it held and where it waited', async () => {
  const { open, server } = await abroad()
  const [one, two] = [await open(), await open()]
  const lease = await one.mutex('m').lock()
  const waiting = two.mutex('m').lock()
  const state = (): Promise<number> =>
    one
      .semaphore('m')
      .describe({ waiters: true })
      .then(({ waiters }) => waiters.length)
  await eventually(async () => expect(await state()).toBe(1))
  server.failStreams()
  await eventually(() => expect(server.streams).toBe(4))
  expect(lease.signal.aborted).toBe(false)
  await lease.release()
  expect((await waiting).token).toBe(2n)
})

test('an observer sees who leads, and the next leader after a resignation', async () => {
  const { open } = await abroad()
  const [one, two, observer] = [await open(), await open(), await open()]
  const leadership = await one.election('leader').campaign('one')
  const next = two.election('leader').campaign('two')
  const leaders: bigint[] = []
  for await (const { leader } of observer.election('leader').observe()) {
    if (leader === null) continue
    leaders.push(leader.sessionId)
    if (leader.sessionId === one.id) await leadership.resign()
    else break
  }
  expect([leaders[0], leaders.at(-1)]).toEqual([one.id, two.id])
  expect((await next).token).toBeGreaterThan(leadership.token)
})

test('a registry shows who is there, with the data of each', async () => {
  const { open } = await abroad()
  const [one, two, observer] = [await open(), await open(), await open()]
  const entry = await one.registry('hosts').register('a')
  await two.registry('hosts').register('b')
  const seen: string[] = []
  for await (const endpoints of observer.registry('hosts').watch()) {
    seen.push(endpoints.map(({ data }) => Buffer.from(data).toString()).join())
    if (seen.length === 1) await entry.update('c')
    else break
  }
  expect(seen).toEqual(['a,b', 'c,b'])
})

test('readers share a lock that a writer waits for', async () => {
  const { open } = await abroad()
  const [one, two, writer] = [await open(), await open(), await open()]
  const reads = [await one.rwlock('rw').read(), await two.rwlock('rw').read()]
  expect(await writer.rwlock('rw').tryWrite()).toBeNull()
  const writing = writer.rwlock('rw').write()
  for (const read of reads) await read.release()
  expect((await writing).token).toBeGreaterThan(0n)
})

test('the client stays where it was sent and asks nobody for other endpoints', async () => {
  const { open, server } = await abroad()
  await (await open()).mutex('m').lock()
  expect(server.discoveries).toBe(0)
})

test('what the server does not have is UNSUPPORTED at once', async () => {
  const { client } = await abroad()
  await expect(client.listNodes()).rejects.toBeInstanceOf(UnsupportedError)
})
