// A fake link: grants must cross with aborts at the very moment that the test wants.
import { expect, test } from 'vitest'
import { AbortedError, AcquireTimeoutError } from '../../src/errors.ts'
import type { Answer } from '../../src/link/link.ts'
import { fakeSession, settled } from '../fake-link.ts'

const ACQUIRED: Answer = { kind: 'acquired', token: 5n }
const RELEASED: Answer = { kind: 'released', released: true }

test('defect "aborted acquire left in the queue": an abort sends a release at once', async () => {
  const { session, link } = await fakeSession()
  const controller = new AbortController()
  const acquired = session.semaphore('a').acquire({}, controller.signal)
  controller.abort('enough')
  await expect(acquired).rejects.toBe('enough')
  expect(link.last.sent.map(({ request }) => request.kind)).toEqual(['acquire', 'release'])
})

test('a grant that crosses the abort is given back, and the next local waiter goes on after that', async () => {
  const { session, link } = await fakeSession()
  const controller = new AbortController()
  const first = session.semaphore('a').acquire({}, controller.signal)
  const second = session.semaphore('a').acquire()
  controller.abort('enough')
  await expect(first).rejects.toBe('enough')
  const [acquire, release] = link.last.sent
  acquire?.answer(ACQUIRED)
  expect(link.last.sent).toHaveLength(2)
  release?.answer(RELEASED)
  expect(link.last.of('acquire')).toHaveLength(2)
  link.last.last.answer({ kind: 'acquired', token: 6n })
  expect((await second).token).toBe(6n)
})

test('an acquire that was aborted while the server was away is not sent again, its release is', async () => {
  const { session, link, clock } = await fakeSession()
  const controller = new AbortController()
  const acquired = session.semaphore('a').acquire({}, controller.signal)
  link.last.break()
  controller.abort('enough')
  await expect(acquired).rejects.toBe('enough')
  clock.advance(1_000)
  link.last.start()
  expect(link.last.sent.map(({ request }) => request.kind)).toEqual(['release'])
})

test('an acquire that was aborted before it was ever sent sends nothing', async () => {
  const { session, link, clock } = await fakeSession()
  link.last.break()
  const controller = new AbortController()
  const acquired = session.semaphore('a').acquire({}, controller.signal)
  controller.abort('enough')
  await expect(acquired).rejects.toBe('enough')
  clock.advance(1_000)
  link.last.start()
  expect(link.last.sent).toEqual([])
})

test('defect "mutex granted twice in one session": a second acquire waits here until the first is released', async () => {
  const { session, link } = await fakeSession()
  const first = session.mutex('a').lock()
  const second = session.mutex('a').lock()
  expect(link.last.of('acquire')).toHaveLength(1)
  link.last.last.answer(ACQUIRED)
  const lock = await first
  expect(link.last.of('acquire')).toHaveLength(1)
  void lock.release()
  link.last.last.answer(RELEASED)
  expect(link.last.of('acquire')).toHaveLength(2)
  link.last.last.answer({ kind: 'acquired', token: 6n })
  await second
})

test('defect "concurrent acquires of one name aborting each other": each of them is granted in turn', async () => {
  const { session, link } = await fakeSession()
  const order: number[] = []
  const tasks = [0, 1, 2].map(async (task) => {
    await using _lease = await session.semaphore('a').acquire()
    order.push(task)
  })
  while (order.length < 3) {
    const { request, answer } = link.last.last
    answer(request.kind === 'acquire' ? ACQUIRED : RELEASED)
    await settled()
  }
  link.last.last.answer(RELEASED)
  await Promise.all(tasks)
  expect(order).toEqual([0, 1, 2])
})

test('a local waiter that gives up leaves the line', async () => {
  const { session, link } = await fakeSession()
  const first = session.semaphore('a').acquire()
  const controller = new AbortController()
  const second = session.semaphore('a').acquire({}, controller.signal)
  const third = session.semaphore('a').acquire()
  controller.abort('enough')
  await expect(second).rejects.toBe('enough')
  link.last.last.answer(ACQUIRED)
  void (await first).release()
  link.last.last.answer(RELEASED)
  link.last.last.answer({ kind: 'acquired', token: 6n })
  expect((await third).token).toBe(6n)
  expect(link.last.sent.map(({ request }) => request.kind)).toEqual([
    'acquire',
    'release',
    'acquire',
  ])
})

test('S0-09: tryAcquire of a name that a task of the session waits for is null at once', async () => {
  const { session, link } = await fakeSession()
  void session
    .semaphore('a')
    .acquire()
    .catch(() => {})
  expect(await session.semaphore('a').tryAcquire()).toBeNull()
  expect(link.last.sent).toHaveLength(1)
})

test('the wait in the local line counts towards the timeout of an acquire', async () => {
  const { session, link, clock } = await fakeSession()
  const first = session.semaphore('a').acquire()
  const second = session.semaphore('a').acquire({ timeout: 1_000 })
  link.last.last.answer(ACQUIRED)
  const lease = await first
  clock.advance(400)
  void lease.release()
  link.last.last.answer(RELEASED)
  expect(link.last.of('acquire')[1]?.request.timeoutMs).toBe(600n)
  link.last.last.answer({ kind: 'not-acquired' })
  await expect(second).rejects.toThrow(AcquireTimeoutError)
})

test('an acquire whose time runs out in the local line rejects without a message', async () => {
  const { session, link, clock } = await fakeSession()
  const first = session.semaphore('a').acquire()
  const second = session.semaphore('a').acquire({ timeout: 100 })
  clock.advance(600)
  await expect(second).rejects.toThrow(AcquireTimeoutError)
  expect(link.last.sent).toHaveLength(1)
  link.last.last.answer(ACQUIRED)
  await first
})

test('an acquire with a timeout rejects in time although the server is away, and leaves the queue later', async () => {
  const { session, link, clock } = await fakeSession()
  const acquired = session.semaphore('a').acquire({ timeout: 1_000 })
  link.last.break()
  clock.advance(500)
  clock.advance(1_000)
  await expect(acquired).rejects.toThrow(AcquireTimeoutError)
  link.last.start()
  expect(link.last.sent.map(({ request }) => request.kind)).toEqual(['release'])
})

test('where grants carry no token it is read from the owners, once', async () => {
  const { session, link } = await fakeSession()
  const acquired = session.semaphore('a').acquire()
  link.last.last.answer({ kind: 'acquired', token: null })
  expect(link.last.last.request).toMatchObject({ kind: 'describe', owners: true, watchData: false })
  link.last.last.answer(ownedBy(7n, 42n))
  expect((await acquired).token).toBe(42n)
  expect(link.last.sent).toHaveLength(2)
})

test('a grant that was taken away before its token could be read rejects, and the line goes on', async () => {
  const { session, link } = await fakeSession()
  const first = session.semaphore('a').acquire()
  const second = session.semaphore('a').acquire()
  link.last.last.answer({ kind: 'acquired', token: null })
  link.last.last.answer(ownedBy(8n, 43n))
  await expect(first).rejects.toThrow(AbortedError)
  expect(link.last.last.request.kind).toBe('release')
  link.last.last.answer(RELEASED)
  expect(link.last.last.request.kind).toBe('acquire')
  link.last.last.answer({ kind: 'acquired', token: null })
  link.last.last.answer(ownedBy(7n, 44n))
  expect((await second).token).toBe(44n)
})

test('defect "listener leaks on the user\'s signal": every call takes its listener off again', async () => {
  const { session, link } = await fakeSession()
  const controller = new AbortController()
  const { signal } = controller
  let listeners = 0
  const adding = signal.addEventListener.bind(signal)
  const removing = signal.removeEventListener.bind(signal)
  signal.addEventListener = (...args: Parameters<typeof adding>) => {
    listeners += 1
    adding(...args)
  }
  signal.removeEventListener = (...args: Parameters<typeof removing>) => {
    listeners -= 1
    removing(...args)
  }
  const semaphore = session.semaphore('a')
  const acquired = semaphore.acquire({}, signal)
  link.last.last.answer(ACQUIRED)
  const lease = await acquired
  const updated = lease.update('x', signal)
  await settled()
  link.last.last.answer(ACQUIRED)
  await updated
  const released = lease.release(signal)
  link.last.last.answer(RELEASED)
  await released
  const described = semaphore.describe({}, signal)
  await settled()
  link.last.last.answer({ kind: 'refused', code: 'NOT_FOUND', message: '' })
  await expect(described).rejects.toThrow('does not exist')
  const states = session.states(signal)[Symbol.asyncIterator]()
  await states.next()
  await states.return?.()
  await settled()
  expect(listeners).toBe(0)
})

function ownedBy(sessionId: bigint, orderId: bigint): Answer {
  const data = new Uint8Array(0)
  const description = {
    name: 'a',
    limit: 1n,
    data,
    ephemeral: false,
    held: 1n,
    owners: [{ sessionId, orderId, count: 1n, data, timeoutMs: 0n }],
    waiters: [],
  }
  return { kind: 'described', description, watchAdded: false }
}
