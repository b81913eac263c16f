import { Barrier, DoubleBarrier } from 'tenure'
import type { Session } from 'tenure'
import { expect, test } from 'vitest'
import { openWorld, reading, WORLDS } from '../worlds.ts'

const barrierOf = (session: Session, parties: number): Barrier =>
  new Barrier(session.semaphore('start', { limit: parties }), parties)

const doubleBarrierOf = (session: Session, parties: number): DoubleBarrier =>
  new DoubleBarrier(session.semaphore('shift', { limit: parties }), parties)

test.for(WORLDS)('nobody passes until the last party arrives, %s', async (kind) => {
  await using world = await openWorld(kind)
  await using anna = await world.session()
  await using boris = await world.session()
  await using clara = await world.session()
  let passed = 0
  const early = [anna, boris].map(async (session) => {
    const place = await barrierOf(session, 3).arrive()
    passed += 1
    return place
  })
  const arrivals = reading(clara.semaphore('start', { limit: 3 }).watch({ owners: true }))
  while ((await arrivals.next()).owners.length < 2);
  await arrivals.stop()
  expect(passed).toBe(0)
  const late = await barrierOf(clara, 3).arrive()
  const places = await Promise.all(early)
  expect(passed).toBe(2)
  for (const place of [...places, late]) await place.release()
})

test.for(WORLDS)('a slow party still passes after a fast one has left, %s', async (kind) => {
  await using world = await openWorld(kind)
  await using anna = await world.session()
  await using boris = await world.session()
  const [fast] = await Promise.all([
    barrierOf(anna, 2).arrive(),
    barrierOf(boris, 2)
      .arrive()
      .then((place) => place.release()),
  ])
  await fast.release()
  await using clara = await world.session()
  await using place = await barrierOf(clara, 2).arrive()
  expect(place.signal.aborted).toBe(false)
})

test.for(WORLDS)('giving up gives the place back, %s', async (kind) => {
  await using world = await openWorld(kind)
  await using session = await world.session()
  const giveUp = new AbortController()
  const arriving = barrierOf(session, 2).arrive(giveUp.signal)
  const arrivals = reading(session.semaphore('start', { limit: 2 }).watch({ owners: true }))
  while ((await arrivals.next()).owners.length < 1);
  giveUp.abort(new Error('enough'))
  await expect(arriving).rejects.toThrow('enough')
  expect((await session.semaphore('start').describe()).count).toBe(0n)
  await arrivals.stop()
})

test.for(WORLDS)(
  'a party that dies before the barrier is full makes room for another, %s',
  async (kind) => {
    await using world = await openWorld(kind)
    const dying = await world.session()
    await using anna = await world.session()
    await using boris = await world.session()
    const arriving = barrierOf(dying, 2).arrive()
    await dying.semaphore('start', { limit: 2 }).describe()
    const [dead] = await Promise.allSettled([arriving, dying.close()])
    expect(dead.status).toBe('rejected')
    const places = await Promise.all([barrierOf(anna, 2).arrive(), barrierOf(boris, 2).arrive()])
    expect(places).toHaveLength(2)
  },
)

test.for(WORLDS)('nobody leaves a double barrier before all are done, %s', async (kind) => {
  await using world = await openWorld(kind)
  await using anna = await world.session()
  await using boris = await world.session()
  const [one, two] = await Promise.all([
    doubleBarrierOf(anna, 2).enter(),
    doubleBarrierOf(boris, 2).enter(),
  ])
  let gone = false
  const leaving = doubleBarrierOf(anna, 2).leave(one)
  void leaving.then(() => (gone = true))
  await boris.semaphore('shift').describe()
  expect(gone).toBe(false)
  await Promise.all([leaving, doubleBarrierOf(boris, 2).leave(two)])
})

test.for(WORLDS)('a party that dies inside a double barrier counts as done, %s', async (kind) => {
  await using world = await openWorld(kind)
  await using anna = await world.session()
  const dying = await world.session()
  const [one] = await Promise.all([
    doubleBarrierOf(anna, 2).enter(),
    doubleBarrierOf(dying, 2).enter(),
  ])
  const leaving = doubleBarrierOf(anna, 2).leave(one)
  await dying.close()
  await expect(leaving).resolves.toBeUndefined()
})

test('a barrier for nobody is a mistake', async () => {
  await using world = await openWorld('in process')
  await using session = await world.session()
  expect(() => new Barrier(session.semaphore('start'), 0)).toThrow(RangeError)
})
