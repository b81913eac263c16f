// guards: X1, X2, X3
import { LeaseReleasedError, SessionClosedError } from 'tenure'
import { expect, test } from 'vitest'
import { aborted, openWorld, untilWaiters, WORLDS } from '../worlds.ts'

const COUNT_MAX = 2n ** 64n - 1n

test.for(WORLDS)(
  'S0-14: a locked mutex is an ephemeral semaphore taken whole, %s',
  async (kind) => {
    await using world = await openWorld(kind)
    await using session = await world.session()
    await using lock = await session.mutex('job').lock()
    const { limit, ephemeral, owners } = await session.semaphore('job').describe({ owners: true })
    expect({ limit, ephemeral }).toEqual({ limit: COUNT_MAX, ephemeral: true })
    expect(owners).toMatchObject([{ sessionId: session.id, count: COUNT_MAX, orderId: lock.token }])
  },
)

test.for(WORLDS)(
  'S0-15: a lock is granted when the holder before has unlocked, %s',
  async (kind) => {
    await using world = await openWorld(kind)
    await using first = await world.session()
    await using second = await world.session()
    const held = await first.mutex('job').lock()
    let granted = false
    const waiting = second.mutex('job').lock()
    void waiting.then(() => (granted = true))
    await untilWaiters(first.semaphore('job'), 1)
    expect(granted).toBe(false)
    await held.release()
    await using lock = await waiting
    expect(lock.token).toBeGreaterThan(held.token)
  },
)

test.for(WORLDS)(
  'S0-16: a try gives null while the mutex is busy and a lock when it is free, %s',
  async (kind) => {
    await using world = await openWorld(kind)
    await using first = await world.session()
    await using second = await world.session()
    const held = await first.mutex('job').tryLock()
    expect(held).not.toBeNull()
    expect(await second.mutex('job').tryLock()).toBeNull()
    await held?.release()
    await using lock = await second.mutex('job').tryLock()
    expect(lock?.signal.aborted).toBe(false)
  },
)

test.for(WORLDS)(
  'S0-17: the signal of a lock aborts when it is released, and a second release is quiet, %s',
  async (kind) => {
    await using world = await openWorld(kind)
    await using session = await world.session()
    const lock = await session.mutex('job').lock()
    await lock.release()
    expect(lock.signal.reason).toBeInstanceOf(LeaseReleasedError)
    await lock.release()
    await lock[Symbol.asyncDispose]()
  },
)

test.for(WORLDS)(
  'S0-17: the signal of a lock aborts when its session is closed, and unlocking it then is quiet, %s',
  async (kind) => {
    await using world = await openWorld(kind)
    const session = await world.session()
    const lock = await session.mutex('job').lock()
    const lost = aborted(lock.signal)
    await session.close()
    expect(await lost).toBeInstanceOf(SessionClosedError)
    await lock[Symbol.asyncDispose]()
  },
)

test.for(WORLDS)('S0-18: two tasks of one session exclude each other, %s', async (kind) => {
  await using world = await openWorld(kind)
  await using session = await world.session()
  let inside = 0
  let most = 0
  const tokens: bigint[] = []
  await Promise.all(
    Array.from({ length: 8 }, async () => {
      await using lock = await session.mutex('job').lock()
      most = Math.max(most, (inside += 1))
      tokens.push(lock.token)
      await session.semaphore('job').describe()
      inside -= 1
    }),
  )
  expect(most).toBe(1)
  expect(tokens).toEqual([...new Set(tokens)].toSorted((one, other) => Number(one - other)))
})

test.for(WORLDS)(
  'S0-18: a try in the session that holds the mutex gives null, %s',
  async (kind) => {
    await using world = await openWorld(kind)
    await using session = await world.session()
    await using _lock = await session.mutex('job').lock()
    expect(await session.mutex('job').tryLock()).toBeNull()
  },
)

test.for(WORLDS)('a task that gives up waiting leaves the line, %s', async (kind) => {
  await using world = await openWorld(kind)
  await using first = await world.session()
  await using second = await world.session()
  await using _held = await first.mutex('job').lock()
  const giveUp = new AbortController()
  const waiting = second.mutex('job').lock(giveUp.signal)
  await untilWaiters(first.semaphore('job'), 1)
  giveUp.abort(new Error('enough'))
  await expect(waiting).rejects.toThrow('enough')
  await untilWaiters(first.semaphore('job'), 0)
})
