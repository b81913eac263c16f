import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Readable } from 'node:stream'
import { expect, test } from 'vitest'
import {
  type AttachmentEnd,
  Client,
  ClientClosedError,
  SessionClosedError,
  SessionExpiredError,
} from '../src/index.ts'
import type { Session } from '../src/session.ts'
import { FakeLink, settled } from './fake-link.ts'
import { linkOver, PROTOCOLS, served } from './served.ts'
import { aborted, openWorld, WORLDS } from './worlds.ts'

test.for(WORLDS)('S0-01: openSession gives a session that await using closes, %s', async (kind) => {
  await using world = await openWorld(kind)
  await using other = await world.session()
  let opened: Session
  {
    await using session = await world.session()
    opened = session
    await session.mutex('a').lock()
  }
  expect(opened.state).toBe('closed')
  expect(await other.mutex('a').tryLock()).not.toBeNull()
})

test.for(WORLDS)(
  'S0-01: sessions yields a fresh session whenever one is over, and break closes the last, %s',
  async (kind) => {
    await using world = await openWorld(kind)
    const ids: bigint[] = []
    let last: Session | null = null
    for await (const session of world.client.sessions(world.path)) {
      last = session
      ids.push(session.id)
      if (ids.length === 3) break
      await session.close()
    }
    expect(ids).toEqual([1n, 2n, 3n])
    expect(last?.state).toBe('closed')
  },
)

test('S0-01: sessions waits with the next session until the one before is over', async () => {
  await using world = await openWorld('in process')
  const controller = new AbortController()
  const sessions = world.client.sessions(world.path, {}, controller.signal)
  const { value: first } = await sessions.next()
  let hasCome = false
  const second = sessions.next().then((result) => {
    hasCome = true
    return result.value
  })
  await settled()
  expect(hasCome).toBe(false)
  await first.close()
  expect((await second).state).toBe('attached')
  const third = sessions.next()
  controller.abort('enough')
  await expect(third).rejects.toBe('enough')
})

test('S0-01: sessions ends with the reason of its signal, also while it waits for the end of a session', async () => {
  await using world = await openWorld('in process')
  const controller = new AbortController()
  const sessions = world.client.sessions(world.path, {}, controller.signal)
  const { value: first } = await sessions.next()
  const second = sessions.next()
  controller.abort('enough')
  await expect(second).rejects.toBe('enough')
  expect(first.state).toBe('closed')
})

test.for(WORLDS)(
  'S0-02: a second client gets what a closed session held at once, %s',
  async (kind) => {
    await using world = await openWorld(kind)
    const session = await world.session()
    await using other = await world.session()
    const lock = await session.mutex('a').lock()
    const { signal } = lock
    const waiting = other.mutex('a').lock()
    await session.close()
    expect(signal.reason).toBeInstanceOf(SessionClosedError)
    await using second = await waiting
    expect(second.token).toBeGreaterThan(lock.token)
  },
)

test('S0-03: options of a session that are out of bounds reject before any message', async () => {
  const link = new FakeLink()
  await using client = new Client(link)
  const open = (options: object): Promise<Session> => client.openSession('/local/a', options)
  await expect(open({ timeout: 99 })).rejects.toThrow(RangeError)
  await expect(open({ timeout: 1_800_001 })).rejects.toThrow(RangeError)
  await expect(open({ timeout: '1000' })).rejects.toThrow(TypeError)
  await expect(open({ description: 'é'.repeat(513) })).rejects.toThrow(RangeError)
  await expect(open({ protectionKey: new Uint8Array(17) })).rejects.toThrow(RangeError)
  await expect(open({ startTimeout: 0 })).rejects.toThrow(RangeError)
  await expect(open({ createNode: true, timeout: 0 })).rejects.toThrow(RangeError)
  // What a program without types may pass.
  const five: object = JSON.parse('5')
  await expect(open(five)).rejects.toThrow(TypeError)
  await expect(client.openSession('')).rejects.toThrow(RangeError)
  await expect(client.createNode('')).rejects.toThrow(RangeError)
  expect(link.attachments).toEqual([])
})

test.for(WORLDS)('withSession closes its session when the work is done, %s', async (kind) => {
  await using world = await openWorld(kind)
  const session = await world.client.withSession(world.path, (each) => Promise.resolve(each))
  expect(session.state).toBe('closed')
  const failing = world.client.withSession(world.path, () => Promise.reject(new Error('no')))
  await expect(failing).rejects.toThrow('no')
})

test.for(WORLDS)(
  'closing a client closes its sessions, and nothing can be opened any more, %s',
  async (kind) => {
    await using world = await openWorld(kind)
    const session = await world.session()
    await world.client.close()
    expect(session.state).toBe('closed')
    await expect(world.client.openSession(world.path)).rejects.toThrow(ClientClosedError)
    await expect(world.client.describeNode(world.path)).rejects.toThrow(ClientClosedError)
    await world.client.close()
  },
)

// guards: S6
test.for(PROTOCOLS)(
  'who does not know the protection key of a session cannot take it over, over %s',
  async (protocol) => {
    await using server = await served(protocol)
    await using session = await server.client().openSession(server.path)
    const link = linkOver(protocol, `grpc://127.0.0.1:${server.port}/local`)
    const end = await new Promise<AttachmentEnd>((resolve, reject) => {
      const started = (): void => reject(new Error('the session was taken over'))
      link.attach(
        {
          path: server.path,
          sessionId: session.id,
          timeoutMs: 1_000,
          description: '',
          sequenceNumber: 100n,
          protectionKey: new Uint8Array(16),
          heartbeatMs: 1_000,
        },
        { started, contact: () => {}, noticed: () => {}, ended: resolve },
      )
    })
    expect(end).toMatchObject({ kind: 'refused', refusal: { code: 'BAD_SESSION' } })
    await session.semaphore('a', { limit: 1 }).describe()
    expect(session.state).toBe('attached')
    await link.close()
  },
)

test.for(WORLDS)('a node that is dropped ends the sessions on it, %s', async (kind) => {
  await using world = await openWorld(kind)
  await using session = await world.session()
  await world.client.dropNode(world.path)
  expect(await aborted(session.signal)).toBeInstanceOf(SessionExpiredError)
})

test('an open that is aborted leaves no session behind', async () => {
  const link = new FakeLink()
  await using client = new Client(link)
  const controller = new AbortController()
  const opened = client.openSession('/local/a', {}, controller.signal)
  controller.abort('enough')
  await expect(opened).rejects.toBe('enough')
  expect(link.last.isLeft).toBe(true)
})

test('closing a client ends the opens that are under way', async () => {
  const link = new FakeLink()
  const client = new Client(link)
  const opened = client.openSession('/local/a')
  await client.close()
  await expect(opened).rejects.toThrow(ClientClosedError)
  expect(link.last.isLeft).toBe(true)
})

test('closeOnSignals frees what is held when the process is told to stop, and ends it by the signal', async () => {
  await using server = await served('tenure.v1')
  await using session = await server.client().openSession(server.path)
  const child = run(
    `
      import { connectServer } from '@tenure/client'
      const client = connectServer(process.argv[1])
      client.closeOnSignals({ timeout: 5_000 })
      const session = await client.openSession(process.argv[2], { timeout: 60_000 })
      await session.mutex('a').lock()
      process.stdout.write('held')
    `,
    [`grpc://127.0.0.1:${server.port}/local`, server.path],
  )
  const exited = once(child, 'exit')
  await once(child.stdout, 'data')
  expect(await session.mutex('a').tryLock()).toBeNull()
  const freed = session.mutex('a').lock()
  child.kill('SIGTERM')
  await freed
  expect(await exited).toEqual([null, 'SIGTERM'])
})

test('a pending acquire keeps the process alive, an open session in process does not', async () => {
  const child = run(
    `
      import { connect } from 'tenure'
      const client = connect('memory:')
      const holder = await client.openSession('/local/a', { createNode: true })
      const waiter = await client.openSession('/local/a')
      await holder.mutex('a').lock()
      await waiter.semaphore('a').acquire({ ephemeral: true, timeout: 200 }).catch((error) => {
        process.stdout.write(error.code)
      })
    `,
    [],
  )
  const exited = once(child, 'exit')
  expect(String((await once(child.stdout, 'data'))[0])).toBe('TIMEOUT')
  expect(await exited).toEqual([0, null])
})

test.for([
  ['a watch', `for await (const _ of session.config('never').watch()) {}`],
  ['an observer', `for await (const _ of session.election('never').observe()) {}`],
  [
    'a worker whose task waits for its signal',
    `await client.workers({ path: '/local/a', prefix: 'job-', tasks: 1, capacity: 1, run: (_, lease) =>
       new Promise((end) => lease.signal.addEventListener('abort', end)) })`,
  ],
])('%s in process keeps the process alive', async ([, waiting]) => {
  const child = run(
    `
      import { connect } from 'tenure'
      const client = connect('memory:')
      const session = await client.openSession('/local/a', { createNode: true })
      setTimeout(() => process.exit(7), 400).unref()
      ${waiting}
    `,
    [],
  )
  expect(await once(child, 'exit')).toEqual([7, null])
})

test('the handlers of closeOnSignals go when it is disposed', async () => {
  const client = new Client(new FakeLink())
  const before = process.listenerCount('SIGTERM')
  const handlers = client.closeOnSignals()
  expect(process.listenerCount('SIGTERM')).toBe(before + 1)
  handlers[Symbol.dispose]()
  expect(process.listenerCount('SIGTERM')).toBe(before)
  await client.close()
})

/** Runs a program in a process of its own, with the packages as they were built. */
function run(program: string, args: readonly string[]): ChildProcessByStdio<null, Readable, null> {
  return spawn(process.execPath, ['--input-type=module', '-e', program, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
}
