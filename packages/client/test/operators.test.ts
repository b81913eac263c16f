// guards: X2, X8
import {
  AbortedError,
  NotFoundError,
  SessionExpiredError,
  UnavailableError,
  UnsupportedError,
} from 'tenure'
import { expect, test } from 'vitest'
import { Client } from '../src/client.ts'
import type { OperatorAnswer } from '../src/link/link.ts'
import { FakeClock } from './fake-clock.ts'
import { FakeLink, fixedRandom, settled } from './fake-link.ts'
import { aborted, openWorld, untilWaiters, WORLDS } from './worlds.ts'

/** YDB's protocol has no words for what an operator asks. */
const SPOKEN = WORLDS.filter((kind) => kind !== 'over the YDB protocol')

test.for(SPOKEN)(
  'a token is the newest while its grant is held, and no longer, %s',
  async (kind) => {
    await using world = await openWorld(kind)
    await using session = await world.session()
    const { client, path } = world
    const first = await session.mutex('door').lock()
    expect(await client.checkToken(path, 'door', first.token)).toBe(true)
    expect(await client.checkToken(path, 'gate', first.token)).toBe(false)
    await first.release()
    expect(await client.checkToken(path, 'door', first.token)).toBe(false)
    await using second = await session.mutex('door').lock()
    expect(await client.checkToken(path, 'door', first.token)).toBe(false)
    expect(await client.checkToken(path, 'door', second.token)).toBe(true)
  },
)

test.for(SPOKEN)(
  'an operator sees all sessions, and what each holds and waits for, %s',
  async (kind) => {
    await using world = await openWorld(kind)
    await using holder = await world.session({ description: 'holder', timeout: 20_000 })
    await using waiter = await world.session({ description: 'waiter' })
    const pool = holder.semaphore('pool', { limit: 3 })
    await using lease = await pool.acquire({ count: 2 })
    const leave = new AbortController()
    const waiting = waiter.semaphore('pool').acquire({ count: 2 }, leave.signal)
    await untilWaiters(pool, 1)
    const [first, second, ...more] = await world.client.listSessions(world.path)
    expect(more).toEqual([])
    expect(first).toMatchObject({
      id: holder.id,
      description: 'holder',
      timeoutMs: 20_000,
      remainingMs: 20_000,
      isAttached: true,
      holdingsCount: 1,
      leases: 0,
      holdings: [{ name: 'pool', token: lease.token, count: 2n, owns: true, isAtLeast: false }],
    })
    expect(second).toMatchObject({
      id: waiter.id,
      holdings: [{ name: 'pool', count: 2n, owns: false }],
    })
    for (const holding of [...(first?.holdings ?? []), ...(second?.holdings ?? [])]) {
      expect(holding.forMs).toBeGreaterThanOrEqual(0)
    }
    leave.abort(new Error('enough'))
    await expect(waiting).rejects.toThrow('enough')
  },
)

test.for(SPOKEN)('all pages of the sessions are read, %s', async (kind) => {
  await using world = await openWorld(kind)
  const sessions = await Promise.all(Array.from({ length: 1_001 }, () => world.session()))
  const listed = await world.client.listSessions(world.path)
  expect(listed.map(({ id }) => id)).toEqual(
    sessions.map(({ id }) => id).sort((left, right) => Number(left - right)),
  )
})

test.for(SPOKEN)(
  'a session that an operator ends is lost, and its client hears of it, %s',
  async (kind) => {
    await using world = await openWorld(kind)
    const victim = await world.session()
    await using other = await world.session()
    const lock = await victim.mutex('door').lock()
    const next = other.mutex('door').lock()
    await untilWaiters(victim.semaphore('door'), 1)
    await world.client.endSession(world.path, victim.id)
    expect(await aborted(lock.signal)).toBeInstanceOf(SessionExpiredError)
    expect(victim.state).toBe('expired')
    await using gained = await next
    expect(gained.token).toBeGreaterThan(lock.token)
    await expect(world.client.endSession(world.path, victim.id)).rejects.toThrow(NotFoundError)
  },
)

test.for(SPOKEN)(
  'what an operator takes away is lost at once, and the session goes on, %s',
  async (kind) => {
    await using world = await openWorld(kind)
    await using victim = await world.session()
    await using other = await world.session()
    const lock = await victim.mutex('door').lock()
    const next = other.mutex('door').lock()
    await untilWaiters(victim.semaphore('door'), 1)
    await world.client.forceRelease(world.path, 'door', victim.id)
    await using gained = await next
    const reason = await aborted(lock.signal)
    expect(reason).toBeInstanceOf(AbortedError)
    expect(String(reason)).toContain('an operator has taken "door" away')
    await lock.release()
    await gained.release()
    await using again = await victim.mutex('door').lock()
    expect(again.token).toBeGreaterThan(gained.token)
  },
)

test.for(SPOKEN)(
  'a waiter whose place an operator takes away fails, and may come again, %s',
  async (kind) => {
    await using world = await openWorld(kind)
    await using holder = await world.session()
    await using waiter = await world.session()
    const lock = await holder.mutex('door').lock()
    const waiting = waiter.mutex('door').lock()
    await untilWaiters(holder.semaphore('door'), 1)
    const [failed] = await Promise.allSettled([
      waiting,
      world.client.forceRelease(world.path, 'door', waiter.id),
    ])
    expect(failed).toMatchObject({ status: 'rejected', reason: { code: 'ABORTED' } })
    await lock.release()
    await using _lock = await waiter.mutex('door').lock()
    const absent = world.client.forceRelease(world.path, 'door', holder.id)
    await expect(absent).rejects.toThrow(NotFoundError)
  },
)

test.for(SPOKEN)(
  'an explanation says who holds, who waits, and what the holder itself waits for, %s',
  async (kind) => {
    await using world = await openWorld(kind)
    await using anna = await world.session({ description: 'anna' })
    await using boris = await world.session({ description: 'boris' })
    await using left = await anna.mutex('left').lock()
    await using _right = await boris.mutex('right').lock()
    const leave = new AbortController()
    const waits = [anna.mutex('right').lock(leave.signal), boris.mutex('left').lock(leave.signal)]
    for (const name of ['left', 'right']) await untilWaiters(anna.semaphore(name), 1)
    const explained = await world.client.explain(world.path, 'left')
    expect(explained).toMatchObject({
      name: 'left',
      ephemeral: true,
      owners: [
        {
          sessionId: anna.id,
          token: left.token,
          isAtLeast: false,
          session: { description: 'anna' },
          waitsFor: [{ name: 'right', owns: false }],
        },
      ],
      waiters: [{ sessionId: boris.id, session: { description: 'boris' }, waitsFor: [] }],
    })
    expect(explained.owners[0]?.forMs).toBeGreaterThanOrEqual(0)
    leave.abort(new Error('enough'))
    await Promise.allSettled(waits)
    await expect(world.client.explain(world.path, 'nothing')).rejects.toThrow(NotFoundError)
  },
)

test("what an operator asks over YDB's protocol is refused, and the error names it", async () => {
  await using world = await openWorld('over the YDB protocol')
  const { client, path } = world
  for (const asked of [
    client.checkToken(path, 'door', 1n),
    client.listSessions(path),
    client.endSession(path, 1n),
    client.forceRelease(path, 'door', 1n),
    client.explain(path, 'door'),
  ]) {
    await expect(asked).rejects.toThrow(UnsupportedError)
  }
})

test.for(WORLDS)('a refusal says what was asked and of which name, %s', async (kind) => {
  await using world = await openWorld(kind)
  const { client } = world
  const refused: [Promise<unknown>, string][] = [
    [client.checkToken('/local/none', 'door', 7n), 'cannot check token 7 of semaphore "door"'],
    [client.listSessions('/local/none'), 'cannot list the sessions'],
    [client.endSession('/local/none', 5n), 'cannot end session 5'],
    [client.forceRelease('/local/none', 'door', 5n), 'cannot take semaphore "door" from session 5'],
    [client.explain('/local/none', 'door'), 'cannot explain semaphore "door"'],
  ]
  for (const [asked, words] of refused) {
    await expect(asked).rejects.toThrow(`${words} of "/local/none"`)
  }
})

test('a wrong argument is refused before anything is asked', async () => {
  await using client = new Client(new FakeLink())
  await expect(client.checkToken('/node', 'door', -1n)).rejects.toThrow(RangeError)
  await expect(client.endSession('/node', 2n ** 64n)).rejects.toThrow(RangeError)
  await expect(client.forceRelease('', 'door', 1n)).rejects.toThrow(RangeError)
  await expect(client.explain('/node', '\ud800')).rejects.toThrow(TypeError)
})

test.for(['endSession', 'forceRelease'] as const)(
  '%s that is asked again after a lost answer takes "not found" for done, the first time for a failure',
  async (deed) => {
    // A real server cannot be made to lose one answer.
    const link = new FakeLink()
    const clock = new FakeClock()
    const answers = [new UnavailableError('lost'), new NotFoundError('gone')]
    link.ask = (): Promise<OperatorAnswer> => Promise.reject(answers.shift())
    await using client = new Client(link, { clock, random: fixedRandom(1) })
    const act = (): Promise<void> =>
      deed === 'endSession'
        ? client.endSession('/node', 7n)
        : client.forceRelease('/node', 'door', 7n)
    const done = act()
    await settled()
    clock.advance(1_000)
    await done
    answers.push(new NotFoundError('gone'))
    await expect(act()).rejects.toThrow(NotFoundError)
  },
)
