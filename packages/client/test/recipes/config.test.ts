// guards: W3
import { UnsupportedError } from 'tenure'
import { expect, test } from 'vitest'
import { openWorld, reading, WORLDS } from '../worlds.ts'

const text = (bytes: Uint8Array | null): string | null =>
  bytes === null ? null : new TextDecoder().decode(bytes)

test.for(WORLDS)(
  'S0-30: a configuration is the data of a persistent semaphore that nobody holds, %s',
  async (kind) => {
    await using world = await openWorld(kind)
    await using session = await world.session()
    await session.config('menu').publish('soup')
    const { ephemeral, count, data } = await session.semaphore('menu').describe()
    expect({ ephemeral, count, data: text(data) }).toEqual({
      ephemeral: false,
      count: 0n,
      data: 'soup',
    })
  },
)

test.for(WORLDS)(
  'S0-30: a published value outlives the session that published it, %s',
  async (kind) => {
    await using world = await openWorld(kind)
    const first = await world.session()
    await first.config('menu').publish('soup')
    await first.close()
    await using second = await world.session()
    expect(text(await second.config('menu').get())).toBe('soup')
  },
)

test.for(WORLDS)(
  'S0-31: the first publish creates the value and later ones replace it, %s',
  async (kind) => {
    await using world = await openWorld(kind)
    await using session = await world.session()
    const config = session.config('menu')
    expect(await config.get()).toBeNull()
    await config.publish('')
    expect(text(await config.get())).toBe('')
    await config.publish('soup')
    expect(text(await config.get())).toBe('soup')
  },
)

test.for(WORLDS)(
  'S0-31: first publishes at the same time all succeed and one of them stays, %s',
  async (kind) => {
    await using world = await openWorld(kind)
    await using first = await world.session()
    await using second = await world.session()
    const values = ['soup', 'salad', 'bread', 'fruit']
    await Promise.all(
      values.map((value, at) => (at % 2 === 0 ? first : second).config('menu').publish(value)),
    )
    expect(values).toContain(text(await first.config('menu').get()))
  },
)

test.for(WORLDS)(
  'a publish by version is refused where there are no versions, and changes nothing, %s',
  async (kind) => {
    await using world = await openWorld(kind)
    await using session = await world.session()
    await session.config('menu').publish('soup')
    await expect(session.config('menu').publish('salad', { ifVersion: 1n })).rejects.toBeInstanceOf(
      UnsupportedError,
    )
    expect(text(await session.config('menu').get())).toBe('soup')
  },
)

test.for(WORLDS)(
  'S0-32: a watch waits quietly until something is published, then yields each value, %s',
  async (kind) => {
    await using world = await openWorld(kind)
    await using session = await world.session()
    await using reader = await world.session()
    const values = reading(reader.config('menu').watch())
    let quiet = true
    const first = values.next()
    void first.then(() => (quiet = false))
    expect(await reader.config('menu').get()).toBeNull()
    expect(quiet).toBe(true)
    await session.config('menu').publish('')
    expect(text(await first)).toBe('')
    await session.config('menu').publish('soup')
    expect(text(await values.next())).toBe('soup')
    await values.stop()
  },
)

test.for(WORLDS)('S0-32: a slow reader ends on the latest value, %s', async (kind) => {
  await using world = await openWorld(kind)
  await using session = await world.session()
  const config = session.config('menu')
  await config.publish('0')
  const values = reading(config.watch())
  await values.next()
  for (let at = 1; at <= 20; at++) await config.publish(String(at))
  const seen: (string | null)[] = []
  while (seen.at(-1) !== '20') seen.push(text(await values.next()))
  expect(seen.length).toBeLessThan(20)
  await values.stop()
})

test.for(WORLDS)(
  'S0-32: a watch ends by throwing the reason of its signal, also before anything is published, %s',
  async (kind) => {
    await using world = await openWorld(kind)
    await using session = await world.session()
    const stop = new AbortController()
    const waiting = reading(session.config('menu').watch(stop.signal)).next()
    stop.abort(new Error('enough'))
    await expect(waiting).rejects.toThrow('enough')
  },
)

test.for(WORLDS)(
  'S0-31: a publish ends by its signal, with options before it or without, %s',
  async (kind) => {
    await using world = await openWorld(kind)
    await using session = await world.session()
    const config = session.config('menu')
    const stopped = AbortSignal.abort(new Error('enough'))
    await expect(config.publish('soup', stopped)).rejects.toThrow('enough')
    await expect(config.publish('soup', {}, stopped)).rejects.toThrow('enough')
    expect(await config.get()).toBeNull()
  },
)
