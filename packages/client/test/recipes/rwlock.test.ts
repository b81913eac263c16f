// guards: X1, X3
import { LeaseReleasedError } from 'tenure'
import { expect, test } from 'vitest'
import { openWorld, untilWaiters, WORLDS } from '../worlds.ts'

test.for(WORLDS)(
  'readers of two sessions hold the lock together, and a writer waits for both, %s',
  async (kind) => {
    await using world = await openWorld(kind)
    await using first = await world.session()
    await using second = await world.session()
    const one = await first.rwlock('catalogue').read()
    const two = await second.rwlock('catalogue').read()
    const writing = second.rwlock('catalogue').write()
    await one.release()
    expect(await first.rwlock('catalogue').tryWrite()).toBeNull()
    await two.release()
    await using write = await writing
    expect(write.token).toBeGreaterThan(two.token)
  },
)

test.for(WORLDS)(
  'readers of one session hold the lock together, through any handles, %s',
  async (kind) => {
    await using world = await openWorld(kind)
    await using session = await world.session()
    await using other = await world.session()
    const locks = await Promise.all([
      session.rwlock('catalogue').read(),
      session.rwlock('catalogue').read(),
      session.rwlock('catalogue').read(),
    ])
    await using later = await session.rwlock('catalogue').read()
    for (const lock of locks) await lock.release()
    expect(later.signal.aborted).toBe(false)
    expect(await other.rwlock('catalogue').tryWrite()).toBeNull()
    await later.release()
    await using write = await other.rwlock('catalogue').tryWrite()
    expect(write).not.toBeNull()
  },
)

test.for(WORLDS)(
  'a writer keeps out readers and writers, of its session and of others, %s',
  async (kind) => {
    await using world = await openWorld(kind)
    await using session = await world.session()
    await using other = await world.session()
    await using _write = await session.rwlock('catalogue').write()
    expect(await session.rwlock('catalogue').tryRead()).toBeNull()
    expect(await session.rwlock('catalogue').tryWrite()).toBeNull()
    expect(await other.rwlock('catalogue').tryRead()).toBeNull()
    expect(await other.rwlock('catalogue').tryWrite()).toBeNull()
  },
)

test.for(WORLDS)(
  'readers that come after a waiting writer of another session do not overtake it, %s',
  async (kind) => {
    await using world = await openWorld(kind)
    await using session = await world.session()
    await using other = await world.session()
    const first = await session.rwlock('catalogue').read()
    const writing = other.rwlock('catalogue').write()
    await untilWaiters(session.semaphore('catalogue'), 1)
    expect(await session.rwlock('catalogue').tryRead()).toBeNull()
    const reading = session.rwlock('catalogue').read()
    await first.release()
    const write = await writing
    await write.release()
    await using second = await reading
    expect(second.token).toBeGreaterThan(write.token)
  },
)

test.for(WORLDS)(
  'readers that come after a waiting writer of their session do not overtake it, %s',
  async (kind) => {
    await using world = await openWorld(kind)
    await using session = await world.session()
    const first = await session.rwlock('catalogue').read()
    const writing = session.rwlock('catalogue').write()
    const reading = session.rwlock('catalogue').read()
    expect(await session.rwlock('catalogue').tryRead()).toBeNull()
    await first.release()
    const write = await writing
    await write.release()
    await using second = await reading
    expect(second.token).toBeGreaterThan(write.token)
  },
)

test.for(WORLDS)('a writer that gives up lets readers join again, %s', async (kind) => {
  await using world = await openWorld(kind)
  await using session = await world.session()
  await using _first = await session.rwlock('catalogue').read()
  const giveUp = new AbortController()
  const writing = session.rwlock('catalogue').write(giveUp.signal)
  giveUp.abort(new Error('enough'))
  await expect(writing).rejects.toThrow('enough')
  await using second = await session.rwlock('catalogue').tryRead()
  expect(second).not.toBeNull()
})

test.for(WORLDS)(
  'a reader that gives up does not take the others out of the line, %s',
  async (kind) => {
    await using world = await openWorld(kind)
    await using session = await world.session()
    await using other = await world.session()
    const write = await other.rwlock('catalogue').write()
    const giveUp = new AbortController()
    const leaving = session.rwlock('catalogue').read(giveUp.signal)
    const staying = session.rwlock('catalogue').read()
    await untilWaiters(other.semaphore('catalogue'), 1)
    giveUp.abort(new Error('enough'))
    await expect(leaving).rejects.toThrow('enough')
    await untilWaiters(other.semaphore('catalogue'), 1)
    await write.release()
    await using read = await staying
    expect(read.signal.aborted).toBe(false)
  },
)

test.for(WORLDS)(
  'when all waiting readers of a session give up the line is empty, %s',
  async (kind) => {
    await using world = await openWorld(kind)
    await using session = await world.session()
    await using other = await world.session()
    await using _write = await other.rwlock('catalogue').write()
    const giveUp = new AbortController()
    const readers = [1, 2].map(() => session.rwlock('catalogue').read(giveUp.signal))
    await untilWaiters(other.semaphore('catalogue'), 1)
    giveUp.abort(new Error('enough'))
    for (const outcome of await Promise.allSettled(readers)) expect(outcome.status).toBe('rejected')
    await untilWaiters(other.semaphore('catalogue'), 0)
  },
)

test.for(WORLDS)(
  'a writer that downgrades lets readers in and stays one of them, %s',
  async (kind) => {
    await using world = await openWorld(kind)
    await using session = await world.session()
    await using other = await world.session()
    const lock = await session.rwlock('catalogue').write()
    await lock.downgrade()
    await using near = await session.rwlock('catalogue').tryRead()
    await using far = await other.rwlock('catalogue').tryRead()
    expect([near, far]).not.toContain(null)
    expect(await other.rwlock('catalogue').tryWrite()).toBeNull()
    await lock.release()
    expect(lock.signal.reason).toBeInstanceOf(LeaseReleasedError)
    expect(near?.signal.aborted).toBe(false)
  },
)

test.for(WORLDS)('giving a read lock back twice counts once, %s', async (kind) => {
  await using world = await openWorld(kind)
  await using session = await world.session()
  await using other = await world.session()
  const one = await session.rwlock('catalogue').read()
  await using _two = await session.rwlock('catalogue').read()
  await one.release()
  await one.release()
  await one[Symbol.asyncDispose]()
  expect(await other.rwlock('catalogue').tryWrite()).toBeNull()
})

test.for(WORLDS)('read locks are lost with their session, %s', async (kind) => {
  await using world = await openWorld(kind)
  const session = await world.session()
  const lock = await session.rwlock('catalogue').read()
  await session.close()
  expect(lock.signal.aborted).toBe(true)
  await lock[Symbol.asyncDispose]()
  await expect(session.rwlock('catalogue').read()).rejects.toBe(session.signal.reason)
})
