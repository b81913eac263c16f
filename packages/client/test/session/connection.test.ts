// A fake link and a clock of the test: a real server cannot be made silent, late or forgetful at a given millisecond.
import { expect, test } from 'vitest'
import {
  NotFoundError,
  SessionClosedError,
  SessionExpiredError,
  UnauthorizedError,
  UnavailableError,
} from '../../src/errors.ts'
import { Session } from '../../src/session.ts'
import { settingsOf } from '../../src/session/options.ts'
import { FakeClock } from '../fake-clock.ts'
import { FakeLink, fakeSession, fixedRandom, isFulfilled, settled } from '../fake-link.ts'

function opening(options = {}): { link: FakeLink; clock: FakeClock; opened: Promise<Session> } {
  const link = new FakeLink()
  const clock = new FakeClock()
  const ground = { link, clock, random: fixedRandom(1) }
  const opened = Session.open(ground, '/local/test', settingsOf(options, ground.random))
  return { link, clock, opened }
}

test('defect "no protection key and no sequence numbers": every attach carries the key of the session and a greater number', async () => {
  const { link, clock } = await fakeSession()
  link.last.break()
  clock.advance(1_000)
  const [first, second] = link.attachments.map(({ request }) => request)
  expect(first?.protectionKey).toHaveLength(16)
  expect(second?.protectionKey).toEqual(first?.protectionKey)
  expect(first?.sessionId).toBe(0n)
  expect(second?.sessionId).toBe(7n)
  expect(Number(second?.sequenceNumber)).toBeGreaterThan(Number(first?.sequenceNumber))
})

test('defect "missing node retried for the whole window and reported as expiry": an absent node rejects at once, as NOT_FOUND', async () => {
  const { link, opened } = opening()
  link.last.refuse('NOT_FOUND')
  await expect(opened).rejects.toThrow(NotFoundError)
  expect(link.attachments).toHaveLength(1)
})

test('missing rights reject an open at once', async () => {
  const { link, opened } = opening()
  link.last.refuse('UNAUTHORIZED')
  await expect(opened).rejects.toThrow(UnauthorizedError)
  expect(link.attachments).toHaveLength(1)
})

test('S0-03: an open that nobody answers rejects after startTimeout', async () => {
  const { link, clock, opened } = opening({ startTimeout: 3_000 })
  clock.advance(2_999)
  await settled()
  expect(link.last.isLeft).toBe(false)
  clock.advance(1)
  await expect(opened).rejects.toThrow(UnavailableError)
  expect(link.last.isLeft).toBe(true)
  expect(clock.pending).toBe(0)
})

test('an open tries again while the server is away', async () => {
  const { link, clock, opened } = opening()
  link.last.break()
  clock.advance(1_000)
  link.last.refuse('UNAVAILABLE')
  clock.advance(1_000)
  link.last.start()
  const session = await opened
  expect(link.attachments).toHaveLength(3)
  expect(session.state).toBe('attached')
})

test('an aborted open rejects with the reason and leaves', async () => {
  const link = new FakeLink()
  const controller = new AbortController()
  const ground = { link, clock: new FakeClock(), random: fixedRandom(1) }
  const settings = settingsOf({}, ground.random)
  const opened = Session.open(ground, '/local/test', settings, controller.signal)
  controller.abort('enough')
  await expect(opened).rejects.toBe('enough')
  expect(link.last.isLeft).toBe(true)
})

// guards: X7
test('defect "session never expiring on the client while the server is silent": silence ends the session before the server can', async () => {
  const { session, link, clock } = await fakeSession({ timeout: 30_000 })
  clock.advance(28_499)
  expect(session.signal.aborted).toBe(false)
  clock.advance(1)
  expect(session.signal.reason).toBeInstanceOf(SessionExpiredError)
  expect(session.state).toBe('expired')
  // The connection may be sound and only this process have slept: the server is asked to free everything.
  expect(link.last.isStopped).toBe(true)
})

// guards: X7
test('defect "no liveness clock": life counts from when the last answered message was sent, not from when its answer came', async () => {
  const { session, link, clock } = await fakeSession({ timeout: 30_000 })
  const sentAtMs = clock.monotonicMs() + 10_000
  clock.advance(20_000)
  link.last.listener.contact(sentAtMs)
  expect(session.expiresInMs).toBe(18_500)
  clock.advance(18_500)
  expect(session.signal.aborted).toBe(true)
})

// guards: X7
test('after a pause the first look at a session compares the clocks, before any timer fires', async () => {
  const { session, clock } = await fakeSession({ timeout: 10_000 })
  const { signal } = session
  clock.stall(9_500)
  expect(signal.aborted).toBe(false)
  expect(session.state).toBe('expired')
  expect(signal.aborted).toBe(true)
})

// guards: X7
test('after a pause the first call of a lost session rejects and sends nothing', async () => {
  const { session, link, clock } = await fakeSession({ timeout: 10_000 })
  clock.stall(9_500)
  await expect(session.semaphore('a').acquire()).rejects.toThrow(SessionExpiredError)
  expect(link.last.sent).toEqual([])
})

test('the margin is 250 ms at least, 5 % of long timeouts, and a third of short ones at most', async () => {
  expect(await remaining(2_000)).toBe(1_750)
  expect(await remaining(60_000)).toBe(57_000)
  expect(await remaining(300)).toBe(200)
})

test('defect "constant backoff": pauses grow, stay bounded, and are spread evenly from zero', async () => {
  const { link, clock } = await fakeSession({ timeout: 30_000 })
  const pauses: number[] = []
  for (let attempt = 0; attempt < 8; attempt += 1) {
    link.last.break()
    const attachments = link.attachments.length
    const fromMs = clock.monotonicMs()
    while (link.attachments.length === attachments) clock.advance(clock.nextMs)
    pauses.push(clock.monotonicMs() - fromMs)
  }
  expect(pauses).toEqual([20, 40, 80, 160, 320, 640, 1_280, 2_000])
})

test('attempts go on until the session counts as lost, and end there', async () => {
  const { session, link, clock } = await fakeSession({ timeout: 10_000 })
  while (!session.signal.aborted) {
    link.last.break()
    clock.advance(clock.nextMs)
  }
  const attempts = link.attachments.length
  expect(attempts).toBeGreaterThan(8)
  expect(clock.monotonicMs()).toBe(1_000 + 9_500)
  clock.advance(60_000)
  expect(link.attachments).toHaveLength(attempts)
  expect(clock.pending).toBe(0)
})

test('the states of a session come as they change, the present one first, and end with the session', async () => {
  const { session, link, clock } = await fakeSession()
  const states = session.states()[Symbol.asyncIterator]()
  expect(await states.next()).toMatchObject({ value: 'attached' })
  link.last.break()
  expect(await states.next()).toMatchObject({ value: 'recovering' })
  expect(session.state).toBe('recovering')
  clock.advance(1_000)
  link.last.start()
  expect(await states.next()).toMatchObject({ value: 'attached' })
  link.last.refuse('SESSION_EXPIRED')
  expect(await states.next()).toMatchObject({ value: 'expired' })
  expect(await states.next()).toMatchObject({ done: true })
})

test('a server that does not know the session any more ends it', async () => {
  const { session, link, clock } = await fakeSession()
  link.last.break()
  clock.advance(1_000)
  link.last.refuse('SESSION_EXPIRED')
  expect(session.signal.reason).toBeInstanceOf(SessionExpiredError)
})

test('a session that another client has taken over is lost', async () => {
  const { session, link } = await fakeSession()
  link.last.refuse('BAD_SESSION')
  expect(session.signal.reason).toBeInstanceOf(SessionExpiredError)
  expect(link.attachments).toHaveLength(1)
})

test('a node that was dropped ends its sessions', async () => {
  const { session, link, clock } = await fakeSession()
  link.last.refuse('UNAVAILABLE')
  clock.advance(1_000)
  link.last.refuse('NOT_FOUND')
  expect(session.state).toBe('expired')
})

test('a lost session fails what waits on it, with the reason of its signal', async () => {
  const { session, link } = await fakeSession()
  const waiting = session.semaphore('a').acquire()
  link.last.refuse('SESSION_EXPIRED')
  await expect(waiting).rejects.toBe(session.signal.reason)
})

test('S0-02: close asks the server to end the session and waits for its word', async () => {
  const { session, link } = await fakeSession()
  const closed = session.close()
  expect(link.last.isStopped).toBe(true)
  expect(session.signal.reason).toBeInstanceOf(SessionClosedError)
  expect(session.state).toBe('closed')
  link.last.listener.ended({ kind: 'stopped' })
  await closed
})

test('S0-02: a server that is silent holds close up for closeTimeout at most', async () => {
  const { session, link, clock } = await fakeSession({ closeTimeout: 1_500 })
  const closed = session.close()
  clock.advance(1_499)
  expect(await isFulfilled(closed)).toBe(false)
  clock.advance(1)
  await closed
  expect(link.last.isLeft).toBe(true)
  expect(clock.pending).toBe(0)
})

test('defect "close hanging while reconnecting": close is bounded while the server is away', async () => {
  const { session, link, clock } = await fakeSession({ closeTimeout: 1_500 })
  link.last.break()
  const closed = session.close()
  clock.advance(1_500)
  await closed
  expect(session.state).toBe('closed')
  expect(clock.pending).toBe(0)
})

test('a close while reconnecting still ends the session when the server comes back in time', async () => {
  const { session, link, clock } = await fakeSession()
  link.last.break()
  const closed = session.close()
  link.last.start()
  expect(link.last.isStopped).toBe(true)
  link.last.listener.ended({ kind: 'stopped' })
  await closed
  expect(clock.pending).toBe(0)
})

test('closing twice, and closing a lost session, does nothing more', async () => {
  const { session, link } = await fakeSession()
  link.last.refuse('SESSION_EXPIRED')
  await session.close()
  await session[Symbol.asyncDispose]()
  expect(session.state).toBe('expired')
})

/** What a fresh session of that timeout has left. */
async function remaining(timeout: number): Promise<number> {
  return (await fakeSession({ timeout })).session.expiresInMs
}
