// guards: W3
import {
  type ElectionState,
  ElectionState as State,
  ElectionWatcher,
  jsonCodec,
  NotFoundError,
  observe,
  StateFollower,
  StateLeader,
  StateUnknown,
  waitForever,
} from 'tenure'
import { expect, test } from 'vitest'
import { deferred, openWorld, reading, readUntil, WORLDS } from '../worlds.ts'

const texts = (states: readonly ElectionState[]): string[] => states.map(String)

test('S4-01: the states have the numbers of the reference', () => {
  expect([StateUnknown, StateFollower, StateLeader]).toEqual([0, 1, 2])
  expect(new State('unknown').number).toBe(StateUnknown)
  expect(new State('follower').number).toBe(StateFollower)
  expect(new State('leader', { leader: 'anna', term: 4n }).number).toBe(StateLeader)
})

test('S4-08: a state says in words what it is', () => {
  const led = { leader: new TextEncoder().encode('anna'), term: 4n }
  expect([
    new State('unknown').toString(),
    new State('follower').toString(),
    new State('follower', led).toString(),
    new State('leader', { leader: { host: 'a', port: 1 }, term: 5n }).toString(),
  ]).toEqual([
    'unknown',
    'follower, nobody leads',
    "follower in term 4, led by 'anna'",
    "leader in term 5, as { host: 'a', port: 1 }",
  ])
})

test.for(WORLDS)(
  'S4-02: an observer sees who leads without taking part, and makes nothing, %s',
  async (kind) => {
    await using world = await openWorld(kind)
    await using session = await world.session()
    await using other = await world.session()
    const states = reading(observe(other, 'chief'))
    const seen = [await states.next(), await states.next()]
    await expect(other.semaphore('chief').describe()).rejects.toThrow(NotFoundError)
    const leadership = await session.election('chief').campaign('anna')
    seen.push(await states.next())
    await leadership.resign()
    seen.push(await states.next())
    expect(texts(seen)).toEqual([
      'unknown',
      'follower, nobody leads',
      `follower in term ${leadership.term}, led by 'anna'`,
      'follower, nobody leads',
    ])
    await states.stop()
  },
)

test.for(WORLDS)('S4-03: a witness can watch, %s', async (kind) => {
  await using world = await openWorld(kind)
  await using session = await world.session()
  const states = reading(session.election('chief', { self: undefined }).watch())
  expect((await states.next()).state).toBe('unknown')
  expect((await states.next()).state).toBe('follower')
  await states.stop()
})

test.for(WORLDS)(
  'S4-07: a participant sees itself as unknown, follower, leader and follower again, %s',
  async (kind) => {
    await using world = await openWorld(kind)
    await using session = await world.session()
    const election = session.election('chief', { self: 'anna' })
    const states = reading(election.watch())
    const seen = [await states.next(), await states.next()]
    const [seenLeading, term] = [deferred(), deferred()]
    const terms: bigint[] = []
    const run = election.run(async (_signal, leadership) => {
      terms.push(leadership.term)
      term.resolve()
      await seenLeading.promise
    })
    await term.promise
    seen.push(await states.next())
    seenLeading.resolve()
    await run
    seen.push(await states.next())
    expect(texts(seen)).toEqual([
      'unknown',
      'follower, nobody leads',
      `leader in term ${terms[0]}, as 'anna'`,
      'follower, nobody leads',
    ])
    expect(seen[2]?.leader).toEqual(new Uint8Array(Buffer.from('anna')))
    await states.stop()
  },
)

test.for(WORLDS)('S4-07: a slow reader never misses the last state, %s', async (kind) => {
  await using world = await openWorld(kind)
  await using session = await world.session()
  await using other = await world.session()
  const states = reading(observe(other, 'chief'))
  await states.next()
  for (const name of ['anna', 'boris', 'clara']) {
    await (await session.election('chief').campaign(name)).resign()
  }
  await using last = await session.election('chief').campaign('dora')
  const shown = await readUntil(
    (async function* () {
      for (;;) yield await states.next()
    })(),
    ({ term }) => term === last.term,
  )
  expect(String(shown)).toContain("'dora'")
  await states.stop()
})

test.for(WORLDS)(
  'S4-07: a watch ends with the reason of its signal, or of its session, also while nothing happens, %s',
  async (kind) => {
    await using world = await openWorld(kind)
    const session = await world.session()
    const stop = new AbortController()
    const [stopped, ended] = [
      reading(session.election('chief').watch(stop.signal)),
      reading(session.election('chief').watch()),
    ]
    for (const states of [stopped, ended, stopped, ended]) await states.next()
    const waiting = [stopped.next(), ended.next()]
    stop.abort(new Error('enough'))
    const [settled] = await Promise.all([Promise.allSettled(waiting), session.close()])
    expect(settled).toMatchObject([
      { reason: stop.signal.reason },
      { reason: session.signal.reason },
    ])
  },
)

test.for(WORLDS)(
  'S4-07: a watch that was given up before it began has no state, %s',
  async (kind) => {
    await using world = await openWorld(kind)
    await using session = await world.session()
    const states = reading(session.election('chief').watch(AbortSignal.abort('not now')))
    await expect(states.next()).rejects.toBe('not now')
  },
)

test.for(WORLDS)(
  'S4-09: the latest state can be read at once, and whoever comes late gets it, %s',
  async (kind) => {
    await using world = await openWorld(kind)
    await using session = await world.session()
    await using other = await world.session()
    await using watcher = new ElectionWatcher(other.election('chief'))
    expect(String(watcher.state)).toBe('unknown')
    const first = await watcher.notify()
    expect(String(first)).toBe('follower, nobody leads')
    expect(watcher.state).toBe(first)
    const [one, another] = [watcher.notify(), watcher.notify()]
    await using leadership = await session.election('chief').campaign('anna')
    const led = await one
    expect(led.term).toBe(leadership.term)
    expect(await another).toBe(led)
    const late = reading(watcher.notify())
    expect(await late.next()).toBe(led)
    await leadership.resign()
    expect(String(await late.next())).toBe('follower, nobody leads')
    await late.stop()
  },
)

test.for(WORLDS)(
  'S4-09: a watcher that has ended knows nothing, and tells why to all who wait, %s',
  async (kind) => {
    await using world = await openWorld(kind)
    await using session = await world.session()
    await using leadership = await session.election('chief').campaign('anna')
    const stop = new AbortController()
    const watcher = new ElectionWatcher(session.election('chief'), stop.signal)
    await readUntil(watcher.notify(), ({ term }) => term === leadership.term)
    expect(watcher.state.state).toBe('leader')
    const iteration = reading(watcher.notify())
    await iteration.next()
    const waiting = [watcher.notify(), iteration.next()]
    stop.abort(new Error('enough'))
    for (const settled of await Promise.allSettled(waiting)) {
      expect(settled).toMatchObject({ status: 'rejected', reason: stop.signal.reason })
    }
    expect(watcher.state.state).toBe('unknown')
    await expect(watcher.notify()).rejects.toThrow('enough')
    await expect(reading(watcher.notify()).next()).rejects.toThrow('enough')
    await watcher[Symbol.asyncDispose]()
  },
)

test('S4-10: to wait for ever is to wait for the abort', async () => {
  const stop = new AbortController()
  let isOver = false
  const waiting = waitForever(stop.signal).then(() => (isOver = true))
  await new Promise(setImmediate)
  expect(isOver).toBe(false)
  stop.abort()
  await waiting
  await waitForever(stop.signal)
})

test.for(WORLDS)('S4-11: with a codec the leader is a value of the program, %s', async (kind) => {
  interface Place {
    readonly host: string
    readonly port: number
  }
  await using world = await openWorld(kind)
  await using session = await world.session()
  const codec = jsonCodec<Place>()
  const election = session.election('chief', { self: { host: 'a', port: 1 }, codec })
  await election.run(async () => {
    const state = await readUntil(
      observe(session, 'chief', { codec }),
      ({ leader }) => leader !== null,
    )
    expect(state.leader?.port).toBe(1)
    expect(state.leader).toEqual({ host: 'a', port: 1 })
  })
})

test.for(WORLDS)(
  'S4-11: what a codec cannot read ends the watch with its error, %s',
  async (kind) => {
    await using world = await openWorld(kind)
    await using session = await world.session()
    await using _leadership = await session.election('chief').campaign('no JSON')
    const states = observe(session, 'chief', { codec: jsonCodec<string>() })
    await expect(readUntil(states, () => false)).rejects.toThrow(SyntaxError)
    expect(() => session.election('chief', { self: undefined, codec: jsonCodec() })).not.toThrow()
    expect(() => session.election('chief', { self: () => {}, codec: jsonCodec() })).toThrow(
      TypeError,
    )
  },
)
