// guards: X1, X2, W3
import { AbortedError, SemaphoreLimitMismatchError, SessionClosedError } from 'tenure'
import { expect, test } from 'vitest'
import { aborted, openWorld, reading, untilWaiters, WORLDS } from '../worlds.ts'

const text = (bytes: Uint8Array | undefined): string | undefined =>
  bytes === undefined ? undefined : new TextDecoder().decode(bytes)

test.for(WORLDS)('S0-19: an election makes its semaphore, with one unit, %s', async (kind) => {
  await using world = await openWorld(kind)
  await using session = await world.session()
  await using _leadership = await session.election('chief').campaign('anna')
  const { limit, ephemeral } = await session.semaphore('chief').describe()
  expect({ limit, ephemeral }).toEqual({ limit: 1n, ephemeral: false })
})

test.for(WORLDS)(
  'S0-19: an election on a semaphore with more units is refused, %s',
  async (kind) => {
    await using world = await openWorld(kind)
    await using session = await world.session()
    await session.semaphore('chief').create({ limit: 2 })
    await expect(session.election('chief').campaign('anna')).rejects.toBeInstanceOf(
      SemaphoreLimitMismatchError,
    )
  },
)

test.for(WORLDS)(
  'S0-20: a campaign is won when the leader before is gone, and its data is the owner data, %s',
  async (kind) => {
    await using world = await openWorld(kind)
    const first = await world.session()
    await using second = await world.session()
    const leadership = await first.election('chief').campaign('anna')
    const campaign = second.election('chief').campaign('boris')
    await untilWaiters(first.semaphore('chief'), 1)
    await first.close()
    await using next = await campaign
    expect(next.token).toBeGreaterThan(leadership.token)
    const { owners } = await second.semaphore('chief').describe({ owners: true })
    expect(owners.map(({ sessionId, data }) => [sessionId, text(data)])).toEqual([
      [second.id, 'boris'],
    ])
  },
)

test.for(WORLDS)(
  'S0-21: the signal of a leadership aborts when its session ends, %s',
  async (kind) => {
    await using world = await openWorld(kind)
    const session = await world.session()
    const leadership = await session.election('chief').campaign('anna')
    const lost = aborted(leadership.signal)
    await session.close()
    expect(await lost).toBeInstanceOf(SessionClosedError)
    await leadership[Symbol.asyncDispose]()
  },
)

test.for(WORLDS)(
  'S0-21: the signal of a leadership aborts when somebody deletes the election by force, %s',
  async (kind) => {
    await using world = await openWorld(kind)
    await using session = await world.session()
    await using other = await world.session()
    const leadership = await session.election('chief').campaign('anna')
    const lost = aborted(leadership.signal)
    await other.semaphore('chief').delete({ force: true })
    expect(await lost).toBeInstanceOf(AbortedError)
    await leadership[Symbol.asyncDispose]()
    await using again = await other.election('chief').campaign('boris')
    expect(again.token).toBeGreaterThan(leadership.token)
  },
)

test.for(WORLDS)(
  'S0-22: defect "proclaim not reaching observers": what the leader proclaims is what others are told of it, %s',
  async (kind) => {
    await using world = await openWorld(kind)
    await using session = await world.session()
    await using other = await world.session()
    await using leadership = await session.election('chief').campaign('at the gate')
    await leadership.proclaim('in the hall')
    const leader = await other.election('chief').leader()
    expect(text(leader?.data)).toBe('in the hall')
    expect(leader).toMatchObject({ sessionId: session.id, term: leadership.term })
  },
)

test.for(WORLDS)('S0-23: when the leader resigns the next candidate wins, %s', async (kind) => {
  await using world = await openWorld(kind)
  await using first = await world.session()
  await using second = await world.session()
  const leadership = await first.election('chief').campaign('anna')
  const campaign = second.election('chief').campaign('boris')
  await untilWaiters(first.semaphore('chief'), 1)
  await leadership.resign()
  expect(leadership.signal.aborted).toBe(true)
  await using next = await campaign
  expect(next.signal.aborted).toBe(false)
  await leadership.resign()
})

test.for(WORLDS)(
  'S0-24: a proclaim writes the owner data and leaves the semaphore data alone, %s',
  async (kind) => {
    await using world = await openWorld(kind)
    await using session = await world.session()
    await using leadership = await session.election('chief').campaign('anna')
    const token = leadership.token
    await leadership.proclaim('anna, again')
    const { data, owners } = await session.semaphore('chief').describe({ owners: true })
    expect(data).toHaveLength(0)
    expect(owners.map((owner) => [text(owner.data), owner.orderId])).toEqual([
      ['anna, again', token],
    ])
  },
)

test.for(WORLDS)(
  'S0-25: a proclaim gives observers an item of the same term, and its signal lives on, %s',
  async (kind) => {
    await using world = await openWorld(kind)
    await using session = await world.session()
    await using observer = await world.session()
    await using leadership = await session.election('chief').campaign('one')
    const states = reading(observer.election('chief').observe())
    const before = await states.next()
    expect(before).toMatchObject({ isMe: false, term: leadership.term })
    await leadership.proclaim('two')
    const after = await states.next()
    expect([text(before.data), text(after.data)]).toEqual(['one', 'two'])
    expect(after.term).toBe(before.term)
    expect(before.signal.aborted).toBe(false)
    await states.stop()
    expect(before.signal.aborted).toBe(true)
  },
)

test.for(WORLDS)(
  'S0-25: defect "no leader and empty data looking alike": they are different items, %s',
  async (kind) => {
    await using world = await openWorld(kind)
    await using session = await world.session()
    const states = reading(session.election('chief').observe())
    expect(await states.next()).toMatchObject({
      leader: null,
      isMe: false,
      term: 0n,
      data: new Uint8Array(),
    })
    const leadership = await session.election('chief').campaign('')
    const led = await states.next()
    expect(led).toMatchObject({ isMe: true, term: leadership.term, data: new Uint8Array() })
    expect(led.leader).toMatchObject({ sessionId: session.id, term: leadership.term })
    await leadership.resign()
    expect(await states.next()).toMatchObject({ leader: null, isMe: false })
    expect(led.signal.aborted).toBe(true)
    await states.stop()
  },
)

test.for(WORLDS)(
  'S0-25: the signal of a state aborts although its reader has not asked for the next, %s',
  async (kind) => {
    await using world = await openWorld(kind)
    await using session = await world.session()
    const leadership = await session.election('chief').campaign('anna')
    const states = reading(session.election('chief').observe())
    const { signal } = await states.next()
    const over = aborted(signal)
    await leadership.resign()
    expect(await over).toMatchObject({ message: 'another leads, or nobody' })
    await states.stop()
  },
)

test.for(WORLDS)(
  'S0-25: an observation ends by throwing the reason of its signal, also while nothing happens, %s',
  async (kind) => {
    await using world = await openWorld(kind)
    await using session = await world.session()
    const stop = new AbortController()
    const states = reading(session.election('chief').observe(stop.signal))
    const { signal } = await states.next()
    const waiting = states.next()
    stop.abort(new Error('enough'))
    await expect(waiting).rejects.toThrow('enough')
    expect(signal.aborted).toBe(true)
  },
)

test.for(WORLDS)('S0-25: an observation ends when its session does, %s', async (kind) => {
  await using world = await openWorld(kind)
  const session = await world.session()
  const states = reading(session.election('chief').observe())
  await states.next()
  const [waiting] = await Promise.allSettled([states.next(), session.close()])
  expect(waiting).toMatchObject({ status: 'rejected', reason: session.signal.reason })
  expect(session.signal.reason).toBeInstanceOf(SessionClosedError)
})

test.for(WORLDS)(
  'S0-26: there is no leader before the first campaign and after the last, %s',
  async (kind) => {
    await using world = await openWorld(kind)
    await using session = await world.session()
    const election = session.election('chief')
    expect(await election.leader()).toBeNull()
    const leadership = await election.campaign('anna')
    expect(text((await election.leader())?.data)).toBe('anna')
    await leadership.resign()
    expect(await election.leader()).toBeNull()
  },
)
