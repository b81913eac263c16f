// guards: S2, W3
import { AlreadyRegisteredError, PreconditionFailedError } from 'tenure'
import type { Endpoint } from 'tenure'
import { expect, test } from 'vitest'
import { openWorld, reading, WORLDS } from '../worlds.ts'

const texts = (endpoints: readonly Endpoint[]): string[] =>
  endpoints.map(({ data }) => new TextDecoder().decode(data))

test.for(WORLDS)(
  'S0-27: a registry is an ephemeral semaphore of which each entry takes one unit, %s',
  async (kind) => {
    await using world = await openWorld(kind)
    await using first = await world.session()
    await using second = await world.session()
    await using _one = await first.registry('kitchen').register('anna')
    await using _two = await second.registry('kitchen').register('boris')
    const { ephemeral, limit, count } = await first.semaphore('kitchen').describe()
    expect({ ephemeral, limit, count }).toEqual({
      ephemeral: true,
      limit: 2n ** 64n - 1n,
      count: 2n,
    })
  },
)

test.for(WORLDS)(
  'S0-28: a session has one entry in a registry, and may come back after it has left, %s',
  async (kind) => {
    await using world = await openWorld(kind)
    await using session = await world.session()
    const entry = await session.registry('kitchen').register('anna')
    await expect(session.registry('kitchen').register('anna too')).rejects.toBeInstanceOf(
      AlreadyRegisteredError,
    )
    await entry.release()
    expect(entry.signal.aborted).toBe(true)
    await using _again = await session.registry('kitchen').register('anna too')
    await entry[Symbol.asyncDispose]()
  },
)

test.for(WORLDS)('S0-28: an update of an entry is seen by watchers, %s', async (kind) => {
  await using world = await openWorld(kind)
  await using session = await world.session()
  await using watcher = await world.session()
  await using entry = await session.registry('kitchen').register('cold')
  const lists = reading(watcher.registry('kitchen').watch())
  expect(texts(await lists.next())).toEqual(['cold'])
  await entry.update('hot')
  expect(texts(await lists.next())).toEqual(['hot'])
  await lists.stop()
})

test.for(WORLDS)(
  'S0-29: a watch on a registry nobody has joined yields an empty list and then the first entry, %s',
  async (kind) => {
    await using world = await openWorld(kind)
    await using session = await world.session()
    await using watcher = await world.session()
    const lists = reading(watcher.registry('kitchen').watch())
    expect(await lists.next()).toEqual([])
    await using _entry = await session.registry('kitchen').register('anna')
    const endpoints = await lists.next()
    expect(texts(endpoints)).toEqual(['anna'])
    expect(endpoints[0]?.sessionId).toBe(session.id)
    await lists.stop()
  },
)

test.for(WORLDS)(
  'S0-29: a watch goes on when the last entry leaves and the next one comes, %s',
  async (kind) => {
    await using world = await openWorld(kind)
    await using watcher = await world.session()
    const first = await world.session()
    await first.registry('kitchen').register('anna')
    const lists = reading(watcher.registry('kitchen').watch())
    expect(texts(await lists.next())).toEqual(['anna'])
    await first.close()
    expect(await lists.next()).toEqual([])
    await using second = await world.session()
    await using _entry = await second.registry('kitchen').register('boris')
    expect(texts(await lists.next())).toEqual(['boris'])
    await lists.stop()
  },
)

test.for(WORLDS)(
  'a watch on a registry ends by throwing the reason of its signal, %s',
  async (kind) => {
    await using world = await openWorld(kind)
    await using session = await world.session()
    const stop = new AbortController()
    const lists = reading(session.registry('kitchen').watch(stop.signal))
    await lists.next()
    const waiting = lists.next()
    stop.abort(new Error('enough'))
    await expect(waiting).rejects.toThrow('enough')
  },
)

test.for(WORLDS)('a name that is in use as a lock is no registry, %s', async (kind) => {
  await using world = await openWorld(kind)
  await using session = await world.session()
  await using other = await world.session()
  await using _lock = await other.mutex('kitchen').lock()
  await expect(session.registry('kitchen').register('anna')).rejects.toBeInstanceOf(
    PreconditionFailedError,
  )
})
