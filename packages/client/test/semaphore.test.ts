import { expect, test } from 'vitest'
import {
  AbortedError,
  AcquireTimeoutError,
  AlreadyExistsError,
  COUNT_MAX,
  InvalidArgumentError,
  type Lease,
  NotFoundError,
  PreconditionFailedError,
  SemaphoreLimitMismatchError,
} from '../src/index.ts'
import { aborted, openWorld, readUntil, untilWaiters, WORLDS } from './worlds.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

test.for(WORLDS)(
  'S0-04: a handle sends nothing, and a declared limit creates the semaphore on first use, %s',
  async (kind) => {
    await using world = await openWorld(kind)
    await using session = await world.session()
    const semaphore = session.semaphore('a', { limit: 3 })
    await expect(session.semaphore('a').describe()).rejects.toThrow(NotFoundError)
    await using lease = await semaphore.acquire({ count: 2 })
    expect(lease.count).toBe(2n)
    expect(await semaphore.describe()).toMatchObject({ limit: 3n, count: 2n, ephemeral: false })
  },
)

test.for(WORLDS)(
  'S0-04: a semaphore that has another limit than the handle declares is a mismatch, %s',
  async (kind) => {
    await using world = await openWorld(kind)
    await using session = await world.session()
    await session.semaphore('a').create({ limit: 2 })
    const declared = session.semaphore('a', { limit: 3 })
    await expect(declared.acquire()).rejects.toThrow(SemaphoreLimitMismatchError)
    await expect(declared.acquire()).rejects.toThrow('has limit 2, this handle declares 3')
    await expect(declared.watch()[Symbol.asyncIterator]().next()).rejects.toThrow(
      SemaphoreLimitMismatchError,
    )
  },
)

test.for(WORLDS)(
  'S0-04: a semaphore with a declared limit that was deleted is made anew, %s',
  async (kind) => {
    await using world = await openWorld(kind)
    await using session = await world.session()
    const semaphore = session.semaphore('a', { limit: 3 })
    await (await semaphore.acquire()).release()
    await semaphore.delete()
    await using lease = await semaphore.acquire()
    expect(lease.count).toBe(1n)
  },
)

test.for(WORLDS)('S0-04: create makes a semaphore once, %s', async (kind) => {
  await using world = await openWorld(kind)
  await using session = await world.session()
  const semaphore = session.semaphore('a')
  await semaphore.create({ limit: Infinity, data: 'd' })
  expect(await semaphore.describe()).toEqual({
    name: 'a',
    limit: COUNT_MAX,
    count: 0n,
    data: bytes('d'),
    ephemeral: false,
    owners: [],
    waiters: [],
  })
  await expect(semaphore.create({ limit: Infinity, data: 'd' })).rejects.toThrow(AlreadyExistsError)
})

test.for(WORLDS)(
  'S0-05: update replaces the data of the semaphore, not of its owners, %s',
  async (kind) => {
    await using world = await openWorld(kind)
    await using session = await world.session()
    const semaphore = session.semaphore('a', { limit: 1 })
    await using _lease = await semaphore.acquire({ data: 'mine' })
    await semaphore.update('all')
    const description = await semaphore.describe({ owners: true })
    expect(description.data).toEqual(bytes('all'))
    expect(description.owners[0]?.data).toEqual(bytes('mine'))
  },
)

test.for(WORLDS)('S0-06: delete refuses a semaphore in use, unless forced, %s', async (kind) => {
  await using world = await openWorld(kind)
  await using session = await world.session()
  await using other = await world.session()
  const semaphore = session.semaphore('a', { limit: 1 })
  const lease = await semaphore.acquire()
  const { signal } = lease
  const waiting = other.semaphore('a').acquire()
  await untilWaiters(semaphore, 1)
  await expect(semaphore.delete()).rejects.toThrow(PreconditionFailedError)
  const waited = waiting.catch((error: unknown) => error)
  await other.semaphore('a').delete({ force: true })
  expect(await waited).toBeInstanceOf(AbortedError)
  expect(await aborted(signal)).toBeInstanceOf(AbortedError)
  await lease[Symbol.asyncDispose]()
})

test.for(WORLDS)('S0-07: describe shows owners and waiters in order, %s', async (kind) => {
  await using world = await openWorld(kind)
  await using session = await world.session()
  await using other = await world.session()
  const semaphore = session.semaphore('a', { limit: 2 })
  await using lease = await semaphore.acquire({ count: 2, data: 'x' })
  const waiting = other.semaphore('a').acquire({ data: 'y', timeout: 60_000 })
  await untilWaiters(semaphore, 1)
  const { owners, waiters, count } = await semaphore.describe({ owners: true, waiters: true })
  expect(count).toBe(2n)
  expect(owners).toMatchObject([
    { sessionId: session.id, orderId: lease.token, count: 2n, data: bytes('x') },
  ])
  expect(waiters).toMatchObject([
    { sessionId: other.id, count: 1n, data: bytes('y'), timeoutMs: 60_000n },
  ])
  await lease.release()
  await (await waiting).release()
})

test.for(WORLDS)('S0-08: acquire waits in line, and tokens grow, %s', async (kind) => {
  await using world = await openWorld(kind)
  await using session = await world.session()
  await using other = await world.session()
  const first = await session.semaphore('a').acquire({ ephemeral: true, count: Infinity })
  const second = other.semaphore('a').acquire({ ephemeral: true })
  await untilWaiters(session.semaphore('a'), 1)
  await first.release()
  await using lease = await second
  expect(lease.token).toBeGreaterThan(first.token)
})

test.for(WORLDS)('S0-08: an aborted acquire leaves the queue, %s', async (kind) => {
  await using world = await openWorld(kind)
  await using session = await world.session()
  await using other = await world.session()
  await using _lease = await session.mutex('a').lock()
  const controller = new AbortController()
  const waiting = other.mutex('a').lock(controller.signal)
  await untilWaiters(session.semaphore('a'), 1)
  controller.abort('enough')
  await expect(waiting).rejects.toBe('enough')
  expect((await other.semaphore('a').describe({ waiters: true })).waiters).toEqual([])
})

test.for(WORLDS)(
  'S0-08: an acquire whose time is over rejects and leaves the queue, %s',
  async (kind) => {
    await using world = await openWorld(kind)
    await using session = await world.session()
    await using other = await world.session()
    const semaphore = session.semaphore('a', { limit: 1 })
    await using _lease = await semaphore.acquire()
    await expect(other.semaphore('a').acquire({ timeout: 20 })).rejects.toThrow(AcquireTimeoutError)
    await expect(other.semaphore('a').acquire({ timeout: 0 })).rejects.toThrow(AcquireTimeoutError)
    expect((await semaphore.describe({ waiters: true })).waiters).toEqual([])
  },
)

test.for(WORLDS)('S0-08: more units than the limit can never be had, %s', async (kind) => {
  await using world = await openWorld(kind)
  await using session = await world.session()
  const semaphore = session.semaphore('a', { limit: 4 })
  await expect(semaphore.acquire({ count: 5 })).rejects.toThrow(InvalidArgumentError)
  await expect(session.semaphore('b').acquire()).rejects.toThrow(NotFoundError)
})

test.for(WORLDS)(
  'S0-09: tryAcquire gives null when it would have to wait, also in await using, %s',
  async (kind) => {
    await using world = await openWorld(kind)
    await using session = await world.session()
    await using other = await world.session()
    await using lease = await session.semaphore('a', { limit: 1 }).tryAcquire()
    expect(lease).not.toBeNull()
    await using none = await other.semaphore('a').tryAcquire()
    expect(none).toBeNull()
  },
)

test.for(WORLDS)(
  'S0-11: a released unit goes to the next at once, and a double release does nothing, %s',
  async (kind) => {
    await using world = await openWorld(kind)
    await using session = await world.session()
    await using other = await world.session()
    const lease = await session.mutex('a').lock()
    await lease.release()
    await using next = await other.mutex('a').tryLock()
    await lease.release()
    expect(next?.signal.aborted).toBe(false)
    expect((await other.semaphore('a').describe()).count).toBe(COUNT_MAX)
  },
)

test.for(WORLDS)('S0-12, S0-13: watch follows owners and data, %s', async (kind) => {
  await using world = await openWorld(kind)
  await using session = await world.session()
  await using other = await world.session()
  const semaphore = session.semaphore('a', { limit: 1 })
  await semaphore.update('v')
  const follows = readUntil(semaphore.watch(), ({ owners, data }) => {
    return owners[0]?.sessionId === other.id && Buffer.from(data).toString() === 'w'
  })
  await using _lease = await other.semaphore('a').acquire()
  await other.semaphore('a').update('w')
  expect((await follows)?.owners).toHaveLength(1)
})

test.for(WORLDS)(
  'watches of absent names wait for the creation when asked to, %s',
  async (kind) => {
    await using world = await openWorld(kind)
    await using session = await world.session()
    await using other = await world.session()
    const seen: (string | null)[] = []
    const follows = readUntil(session.semaphore('a').watch({ absent: 'wait' }), (description) => {
      seen.push(description === null ? null : description.name)
      return description !== null
    })
    await other.semaphore('b', { limit: 1 }).describe()
    await other.semaphore('a').create({ limit: 1 })
    await follows
    expect(seen.at(-1)).toBe('a')
  },
)

test.for(WORLDS)('S0-18: two tasks of one session exclude each other, %s', async (kind) => {
  await using world = await openWorld(kind)
  await using session = await world.session()
  const tokens: bigint[] = []
  let inside = 0
  await Promise.all(
    Array.from({ length: 20 }, async () => {
      await using lock: Lease = await session.mutex('a').lock()
      inside += 1
      expect(inside).toBe(1)
      tokens.push(lock.token)
      await Promise.resolve()
      inside -= 1
    }),
  )
  expect(tokens).toEqual(tokens.toSorted((left, right) => Number(left - right)))
  expect(new Set(tokens).size).toBe(20)
})

test.for(WORLDS)(
  'a lease changes its data and gives back a part of its units, %s',
  async (kind) => {
    await using world = await openWorld(kind)
    await using session = await world.session()
    await using other = await world.session()
    await using lease = await session.semaphore('a', { limit: 3 }).acquire({ count: 3 })
    const waiting = other.semaphore('a').acquire({ count: 2 })
    await lease.update('new')
    await lease.downgrade(1)
    await using second = await waiting
    expect(second.token).toBeGreaterThan(lease.token)
    const { owners } = await other.semaphore('a').describe({ owners: true })
    expect(owners).toMatchObject([
      { orderId: lease.token, count: 1n, data: bytes('new') },
      { orderId: second.token, count: 2n },
    ])
  },
)

test('wrong arguments reject before any message is sent', async () => {
  await using world = await openWorld('in process')
  await using session = await world.session()
  const semaphore = session.semaphore('a')
  expect(() => session.semaphore('x'.repeat(1025))).toThrow(RangeError)
  expect(() => session.semaphore('\ud800')).toThrow(TypeError)
  expect(() => session.semaphore('a', { limit: 0 })).toThrow(RangeError)
  await expect(semaphore.acquire({ count: 0 })).rejects.toThrow(RangeError)
  await expect(semaphore.acquire({ count: 1.5 })).rejects.toThrow(RangeError)
  await expect(semaphore.acquire({ count: -1n })).rejects.toThrow(RangeError)
  await expect(semaphore.acquire({ count: 2n ** 64n })).rejects.toThrow(RangeError)
  await expect(semaphore.acquire({ timeout: -1 })).rejects.toThrow(RangeError)
  await expect(semaphore.acquire({ timeout: 86_400_001 })).rejects.toThrow(RangeError)
  await expect(semaphore.acquire({ timeout: NaN })).rejects.toThrow(RangeError)
  await expect(semaphore.acquire({ data: new Uint8Array(1_048_577) })).rejects.toThrow(RangeError)
  for (const wrong of [5, 'jobs', true, null]) {
    const options: object = JSON.parse(JSON.stringify(wrong))
    expect(() => session.semaphore('a', options)).toThrow(TypeError)
    expect(() => semaphore.watch(options)).toThrow(TypeError)
    await expect(semaphore.acquire(options)).rejects.toThrow(TypeError)
    await expect(semaphore.tryAcquire(options)).rejects.toThrow(TypeError)
    await expect(semaphore.describe(options)).rejects.toThrow(TypeError)
    await expect(semaphore.delete(options)).rejects.toThrow(TypeError)
  }
  await expect(semaphore.update('\udfff')).rejects.toThrow(TypeError)
  const declared = session.semaphore('a', { limit: 1 })
  await expect(declared.acquire({ ephemeral: true })).rejects.toThrow(TypeError)
  await expect(semaphore.describe()).rejects.toThrow(NotFoundError)
})
