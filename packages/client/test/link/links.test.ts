/** What holds over every link to a server, whichever protocol it speaks. */
import { once } from 'node:events'
import { connect } from 'node:net'
import { createServer } from 'node:tls'
import { expect, test } from 'vitest'
import { Client } from '../../src/client.ts'
import {
  NotFoundError,
  SessionExpiredError,
  UnauthorizedError,
  UnavailableError,
} from '../../src/errors.ts'
import type { Session, SessionState } from '../../src/session.ts'
import { Proxy } from '../../../../test/proxy.ts'
import { linkOver, PROTOCOLS, served } from '../served.ts'
import { aborted, readUntil } from '../worlds.ts'
import { CERTIFICATE, PRIVATE_KEY } from './certificate.ts'

function until(session: Session, state: SessionState): Promise<SessionState> {
  return readUntil(session.states(), (each) => each === state)
}

test.for(PROTOCOLS)(
  'S0-33: nodes are created, altered, described and dropped, over %s',
  async (protocol) => {
    await using server = await served(protocol)
    const client = server.client()
    await client.createNode('/local/deep/down/here', { sessionGracePeriodMs: 5_000 })
    await client.createNode('/local/deep/down/here', { sessionGracePeriodMs: 7_000 })
    await client.alterNode('/local/deep/down/here', {
      selfCheckPeriodMs: 2_000,
      readConsistency: 'strict',
    })
    expect(await client.describeNode('/local/deep/down/here')).toEqual({
      path: '/local/deep/down/here',
      config: { selfCheckPeriodMs: 2_000, sessionGracePeriodMs: 5_000, readConsistency: 'strict' },
    })
    await client.dropNode('/local/deep/down/here')
    await expect(client.dropNode('/local/deep/down/here')).rejects.toThrow(NotFoundError)
    await expect(client.alterNode('/local/deep/down/here', {})).rejects.toThrow(NotFoundError)
    await expect(client.describeNode('/local/deep/down/here')).rejects.toThrow(NotFoundError)
  },
)

test.for(PROTOCOLS)(
  'a path without a leading slash is taken from the database, over %s',
  async (protocol) => {
    await using server = await served(protocol)
    const client = server.client()
    await client.createNode('relative')
    expect((await client.describeNode('relative')).path).toBe('/local/relative')
    await using session = await client.openSession('relative')
    expect(session.state).toBe('attached')
  },
)

test.for(PROTOCOLS)(
  'nodes are listed through the directories of the scheme, over %s',
  async (protocol) => {
    await using server = await served(protocol)
    const client = server.client()
    await client.dropNode('/local/test')
    expect(await client.listNodes()).toEqual([])
    for (const path of ['/local/b', '/local/app/locks', '/local/app/jobs', '/local/apple']) {
      await client.createNode(path, { sessionGracePeriodMs: 5_000 })
    }
    await client.dropNode('/local/apple')
    const paths = async (prefix?: string): Promise<string[]> =>
      (await client.listNodes(prefix)).map(({ path }) => path)
    expect(await paths()).toEqual(['/local/app/jobs', '/local/app/locks', '/local/b'])
    expect(await paths('/local/app/')).toEqual(['/local/app/jobs', '/local/app/locks'])
    expect(await paths('app/locks')).toEqual(['/local/app/locks'])
    expect(await paths('/local/ap')).toEqual([])
    expect((await client.listNodes('/local/b'))[0]?.config).toEqual({ sessionGracePeriodMs: 5_000 })
  },
)

test.for(PROTOCOLS)(
  'a session on a node that is not there rejects at once with NOT_FOUND, over %s',
  async (protocol) => {
    await using server = await served(protocol)
    const opened = server.client().openSession('/local/nowhere')
    await expect(opened).rejects.toMatchObject({ code: 'NOT_FOUND', retryable: false })
  },
)

test.for(PROTOCOLS)('createNode makes the node of a session first, over %s', async (protocol) => {
  await using server = await served(protocol)
  await using session = await server.client().openSession('/local/new', { createNode: true })
  expect(session.id).toBe(1n)
})

test.for(PROTOCOLS)(
  'a session survives the loss of its connection with what it holds, over %s',
  async (protocol) => {
    await using server = await served(protocol)
    await using proxy = await Proxy.open(server.port)
    await using session = await server.client(proxy.host).openSession(server.path)
    await using lease = await session.mutex('a').lock()
    const { id } = session
    const recovering = until(session, 'recovering')
    proxy.drop()
    await recovering
    await until(session, 'attached')
    expect(session.id).toBe(id)
    expect(lease.signal.aborted).toBe(false)
    const { owners } = await session.semaphore('a').describe({ owners: true })
    expect(owners.map(({ orderId }) => orderId)).toEqual([lease.token])
  },
)

test.for(PROTOCOLS)(
  'a waiting acquire keeps its place through the loss of its connection, over %s',
  async (protocol) => {
    await using server = await served(protocol)
    await using proxy = await Proxy.open(server.port)
    await using holder = await server.client().openSession(server.path)
    await using waiter = await server.client(proxy.host).openSession(server.path)
    await using late = await server.client().openSession(server.path)
    const lock = await holder.mutex('a').lock()
    const order: string[] = []
    const first = waiter.mutex('a').lock()
    const grants = [first.then(() => order.push('first'))]
    await waiting(holder, 1)
    grants.push(
      late
        .mutex('a')
        .lock()
        .then(() => order.push('late')),
    )
    await waiting(holder, 2)
    proxy.drop()
    await until(waiter, 'recovering')
    await until(waiter, 'attached')
    await lock.release()
    await grants[0]
    await (await first).release()
    await Promise.all(grants)
    expect(order).toEqual(['first', 'late'])
  },
)

test.for(PROTOCOLS)(
  'half-open connections are noticed by their silence, and left for fresh ones, over %s',
  async (protocol) => {
    await using server = await served(protocol)
    await using proxy = await Proxy.open(server.port)
    await using session = await server
      .client(proxy.host)
      .openSession(server.path, { timeout: 2_000 })
    await using lease = await session.mutex('a').lock()
    const recovering = until(session, 'recovering')
    proxy.silence()
    await recovering
    proxy.restore()
    await until(session, 'attached')
    expect(lease.signal.aborted).toBe(false)
  },
)

// guards: X7
test.for(PROTOCOLS)(
  'S0-10: when the server cannot be reached a lease ends before the server gives it to another, over %s',
  async (protocol) => {
    await using server = await served(protocol)
    await using proxy = await Proxy.open(server.port)
    await using other = await server.client().openSession(server.path)
    const session = await server.client(proxy.host).openSession(server.path, { timeout: 600 })
    const lease = await session.mutex('a').lock()
    const order: string[] = []
    const lost = aborted(lease.signal).then((reason) => {
      order.push('lost')
      return reason
    })
    const granted = other
      .mutex('a')
      .lock()
      .then(() => order.push('granted'))
    proxy.cut()
    await Promise.all([lost, granted])
    expect(order).toEqual(['lost', 'granted'])
    expect(await lost).toBeInstanceOf(SessionExpiredError)
  },
)

test.for(PROTOCOLS)(
  'an open that meets silence rejects within startTimeout, over %s',
  async (protocol) => {
    await using server = await served(protocol)
    await using proxy = await Proxy.open(server.port)
    proxy.silence()
    const opened = server.client(proxy.host).openSession(server.path, { startTimeout: 100 })
    await expect(opened).rejects.toThrow(UnavailableError)
  },
)

test.for(PROTOCOLS)(
  'an open that is given up after the server has begun the session leaves no session behind, over %s',
  async (protocol) => {
    await using server = await served(protocol)
    await using proxy = await Proxy.open(server.port)
    // The node is there and the connection stands before the way back is slow.
    await using client = server.client(proxy.host)
    await using _warm = await client.openSession(server.path)
    proxy.stall('down')
    const given = new AbortController()
    const opened = client.openSession(server.path, {}, given.signal)
    await expect.poll(() => server.sessions()).toBe(2)
    given.abort(new Error('not wanted any more'))
    await expect(opened).rejects.toThrow('not wanted any more')
    await expect.poll(() => server.sessions()).toBe(1)
    proxy.restore()
  },
)

test.for(PROTOCOLS)('close is bounded when the server is silent, over %s', async (protocol) => {
  await using server = await served(protocol)
  await using proxy = await Proxy.open(server.port)
  const session = await server.client(proxy.host).openSession(server.path, { closeTimeout: 100 })
  proxy.silence()
  await session.close()
  expect(session.state).toBe('closed')
})

test.for(PROTOCOLS)(
  'the next host is tried when one cannot be reached, over %s',
  async (protocol) => {
    await using server = await served(protocol)
    await using dead = await Proxy.open(server.port)
    await using alive = await Proxy.open(server.port)
    dead.cut()
    const client = server.client(`${dead.host},${alive.host}`)
    expect((await client.describeNode(server.path)).path).toBe(server.path)
    await using session = await client.openSession(server.path)
    expect(session.state).toBe('attached')
  },
)

test.for(PROTOCOLS)(
  'a session moves to another host when its own goes away, over %s',
  async (protocol) => {
    await using server = await served(protocol)
    await using first = await Proxy.open(server.port)
    await using second = await Proxy.open(server.port)
    const client = server.client(`${first.host},${second.host}`)
    await using session = await client.openSession(server.path)
    const recovering = until(session, 'recovering')
    first.cut()
    await recovering
    await until(session, 'attached')
    expect(second.accepted).toBe(1)
  },
)

test.for(PROTOCOLS)(
  'a watch shows the last state through any number of lost connections, over %s',
  async (protocol) => {
    // guards: W3
    await using server = await served(protocol)
    await using proxy = await Proxy.open(server.port)
    await using writer = await server.client().openSession(server.path)
    await using reader = await server.client(proxy.host).openSession(server.path)
    await writer.semaphore('a').create({ limit: 1 })
    const seen: number[] = []
    const last = readUntil(reader.semaphore('a').watch({ data: true }), ({ data }) => {
      seen.push(Number(Buffer.from(data)))
      return seen.at(-1) === 30
    })
    for (let value = 1; value <= 30; value += 1) {
      await writer.semaphore('a').update(String(value))
      if (value % 10 === 0) proxy.drop()
    }
    await last
    expect(seen).toEqual(seen.toSorted((left, right) => left - right))
  },
)

test.for(PROTOCOLS)(
  'a user logs in with a password, once for all calls, over %s',
  async (protocol) => {
    await using server = await served(protocol, { users: { anna: 'secret' } })
    const client = server.client(undefined, {
      credentials: { kind: 'static', user: 'anna', password: 'secret' },
    })
    await using session = await client.openSession('/local/new', { createNode: true })
    expect(session.state).toBe('attached')
  },
)

test.for(PROTOCOLS)('a wrong password rejects at once, over %s', async (protocol) => {
  await using server = await served(protocol, { users: { anna: 'secret' } })
  const client = server.client(undefined, {
    credentials: { kind: 'static', user: 'anna', password: 'guess' },
  })
  await expect(client.createNode('/local/new')).rejects.toThrow(UnauthorizedError)
  await expect(client.openSession('/local/new')).rejects.toThrow(UnauthorizedError)
})

test.for(PROTOCOLS)(
  'a server that wants credentials refuses who has none, at once, over %s',
  async (protocol) => {
    await using server = await served(protocol, { users: { anna: 'secret' } })
    await expect(server.client().openSession('/local/new')).rejects.toThrow(UnauthorizedError)
  },
)

test.for(PROTOCOLS)(
  "a certificate of one's own authority is trusted when it is given, over %s",
  async (protocol) => {
    await using server = await served(protocol)
    const front = createServer({ key: PRIVATE_KEY, cert: CERTIFICATE, ALPNProtocols: ['h2'] })
    front.on('secureConnection', (inner) => {
      const outer = connect(server.port, '127.0.0.1')
      inner
        .on('error', () => {})
        .pipe(outer)
        .on('error', () => {})
        .pipe(inner)
    })
    front.on('tlsClientError', () => {})
    front.listen(0, '127.0.0.1')
    await once(front, 'listening')
    const address = front.address()
    const port = address !== null && typeof address === 'object' ? address.port : 0
    try {
      const url = `grpcs://localhost:${port}/local`
      await using trusting = new Client(linkOver(protocol, url, { tls: { ca: CERTIFICATE } }))
      expect((await trusting.describeNode(server.path)).path).toBe(server.path)
      await using wary = new Client(linkOver(protocol, url))
      const opened = wary.openSession(server.path, { startTimeout: 200 })
      await expect(opened).rejects.toThrow(UnavailableError)
    } finally {
      front.close()
    }
  },
)

/** Settles when so many wait for "a". */
async function waiting(session: Session, count: number): Promise<void> {
  for (;;) {
    const { waiters } = await session.semaphore('a').describe({ waiters: true })
    if (waiters.length === count) return
  }
}
