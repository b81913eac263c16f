// A fake link: the moment at which an answer is lost must be the test's choice.
import { expect, test } from 'vitest'
import { AlreadyExistsError, NotFoundError, OverloadedError } from '../../src/errors.ts'
import type { Answer } from '../../src/link/link.ts'
import { type FakeWorld, fakeSession, settled } from '../fake-link.ts'

const ACQUIRED: Answer = { kind: 'acquired', token: 5n }
const DONE: Answer = { kind: 'done' }
const RELEASED: Answer = { kind: 'released', released: true }

function refused(code: 'ALREADY_EXISTS' | 'NOT_FOUND' | 'OVERLOADED' | 'UNAVAILABLE'): Answer {
  return { kind: 'refused', code, message: '' }
}

/** The connection breaks, whatever was sent is lost or not, and a fresh one starts. */
function reconnect({ link, clock }: FakeWorld): void {
  link.last.break()
  clock.advance(1_000)
  link.last.start()
}

test('defect "full wait timeout after each reconnect": a repeated acquire asks for the time that remains, with the same data', async () => {
  const world = await fakeSession()
  const { session, link, clock } = world
  const acquired = session.semaphore('a').acquire({ timeout: 10_000, data: 'who' })
  clock.advance(4_000)
  reconnect(world)
  const [sent] = link.last.of('acquire')
  expect(sent?.request.timeoutMs).toBe(5_000n)
  expect(sent?.request.data).toEqual(new TextEncoder().encode('who'))
  sent?.answer(ACQUIRED)
  await acquired
})

test('an acquire without a timeout waits for ever after a reconnect too', async () => {
  const world = await fakeSession()
  void world.session
    .semaphore('a')
    .acquire()
    .catch(() => {})
  reconnect(world)
  expect(world.link.last.of('acquire')[0]?.request.timeoutMs).toBe(2n ** 64n - 1n)
})

test('what was unanswered is sent again in the order in which it was asked', async () => {
  const world = await fakeSession()
  const { session, link } = world
  const first = session.semaphore('a').acquire()
  link.last.last.answer(ACQUIRED)
  const released = (await first).release()
  const described = session.semaphore('a').describe()
  const other = session.semaphore('b').tryAcquire()
  reconnect(world)
  expect(link.last.sent.map(({ request }) => request.kind)).toEqual([
    'release',
    'describe',
    'acquire',
  ])
  for (const { answer } of link.last.sent) answer(RELEASED)
  await released
  await Promise.allSettled([described, other])
})

test('what is asked while the server is away is sent when it is back, once', async () => {
  const world = await fakeSession()
  const { session, link, clock } = world
  link.last.break()
  const updated = session.semaphore('a').update('x')
  clock.advance(1_000)
  expect(link.last.sent).toEqual([])
  link.last.start()
  expect(link.last.sent).toHaveLength(1)
  link.last.last.answer(DONE)
  await updated
})

test('a second release counts as done although nothing was held any more', async () => {
  const world = await fakeSession()
  const acquired = world.session.semaphore('a').acquire()
  world.link.last.last.answer(ACQUIRED)
  const released = (await acquired).release()
  reconnect(world)
  world.link.last.last.answer({ kind: 'released', released: false })
  await expect(released).resolves.toBeUndefined()
})

test('defect "retried create reporting its own success as ALREADY_EXISTS": a repeated create that finds what it asked for has succeeded', async () => {
  const world = await fakeSession()
  const created = world.session.semaphore('a').create({ limit: 3, data: 'd' })
  reconnect(world)
  world.link.last.last.answer(refused('ALREADY_EXISTS'))
  await settled()
  world.link.last.last.answer(described({ limit: 3n, data: new TextEncoder().encode('d') }))
  await expect(created).resolves.toBeUndefined()
})

test('a repeated create that finds another limit reports ALREADY_EXISTS', async () => {
  const world = await fakeSession()
  const created = world.session.semaphore('a').create({ limit: 3 })
  reconnect(world)
  world.link.last.last.answer(refused('ALREADY_EXISTS'))
  await settled()
  world.link.last.last.answer(described({ limit: 4n, data: new Uint8Array(0) }))
  await expect(created).rejects.toThrow(AlreadyExistsError)
})

test('a create that was sent once reports ALREADY_EXISTS, also for equal parameters', async () => {
  const { session, link } = await fakeSession()
  const created = session.semaphore('a').create({ limit: 3 })
  link.last.last.answer(refused('ALREADY_EXISTS'))
  await expect(created).rejects.toThrow(AlreadyExistsError)
})

test('a repeated delete that finds nothing has succeeded', async () => {
  const world = await fakeSession()
  const deleted = world.session.semaphore('a').delete()
  reconnect(world)
  world.link.last.last.answer(refused('NOT_FOUND'))
  await expect(deleted).resolves.toBeUndefined()
})

test('a delete that was sent once reports NOT_FOUND', async () => {
  const { session, link } = await fakeSession()
  const deleted = session.semaphore('a').delete()
  link.last.last.answer(refused('NOT_FOUND'))
  await expect(deleted).rejects.toThrow(NotFoundError)
})

test('an update whose fate is unknown is sent again', async () => {
  const world = await fakeSession()
  const updated = world.session.semaphore('a').update('x')
  reconnect(world)
  expect(world.link.last.of('update')).toHaveLength(1)
  world.link.last.last.answer(DONE)
  await updated
})

// guards: L2
test('a write that is sent again and put off is not overtaken by a later write of the same name', async () => {
  const world = await fakeSession()
  const { session, link, clock } = world
  const updates = ['x', 'y'].map((data) => session.semaphore('a').update(data))
  reconnect(world)
  updates.push(session.semaphore('a').update('z'))
  const other = session.semaphore('b').update('x')
  const sent = (): string[] =>
    link.last
      .of('update')
      .map(({ request: { name, data } }) => `${name} ${Buffer.from(data).toString()}`)
  expect(sent()).toEqual(['a x', 'b x'])
  link.last.sent[0]?.answer(refused('OVERLOADED'))
  clock.advance(1_000)
  expect(sent()).toEqual(['a x', 'b x', 'a x'])
  link.last.last.answer(DONE)
  expect(sent()).toEqual(['a x', 'b x', 'a x', 'a y'])
  link.last.last.answer(DONE)
  expect(sent()).toEqual(['a x', 'b x', 'a x', 'a y', 'a z'])
  link.last.last.answer(DONE)
  link.last.sent[1]?.answer(DONE)
  await Promise.all([...updates, other])
})

test('a request that was answered UNAVAILABLE is sent again after a pause', async () => {
  const { session, link, clock } = await fakeSession()
  const updated = session.semaphore('a').update('x')
  link.last.last.answer(refused('UNAVAILABLE'))
  expect(link.last.sent).toHaveLength(1)
  clock.advance(100)
  expect(link.last.sent).toHaveLength(2)
  link.last.last.answer(DONE)
  await updated
})

test('overload is passed on for a first attempt, since nothing was changed', async () => {
  const { session, link } = await fakeSession()
  const acquired = session.semaphore('a').acquire()
  link.last.last.answer(refused('OVERLOADED'))
  await expect(acquired).rejects.toThrow(OverloadedError)
})

test('an overloaded server is asked again for a release', async () => {
  const { session, link, clock } = await fakeSession()
  const acquired = session.semaphore('a').acquire()
  link.last.last.answer(ACQUIRED)
  const released = (await acquired).release()
  link.last.last.answer(refused('OVERLOADED'))
  clock.advance(100)
  expect(link.last.of('release')).toHaveLength(2)
  link.last.last.answer(RELEASED)
  await released
})

function described({ limit, data }: { limit: bigint; data: Uint8Array }): Answer {
  const description = {
    name: 'a',
    limit,
    data,
    ephemeral: false,
    held: 0n,
    owners: [],
    waiters: [],
  }
  return { kind: 'described', description, watchAdded: false }
}

test('an unanswered request keeps the process alive, an idle session does not', async () => {
  const { session, link, clock } = await fakeSession()
  expect(clock.holders).toBe(0)
  const first = session.semaphore('a').update('x')
  const second = session.semaphore('b').update('x')
  expect(clock.holders).toBe(1)
  for (const { answer } of link.last.sent) answer(DONE)
  await Promise.all([first, second])
  expect(clock.holders).toBe(0)
  const third = session
    .semaphore('a')
    .update('x')
    .catch(() => {})
  expect(clock.holders).toBe(1)
  link.last.listener.ended({ kind: 'stopped' })
  await third
  expect(clock.holders).toBe(0)
})
