/** Handlers that cannot be reached are given no tasks: a hand-out in vain costs the task a repeat. */
import { expect, test } from 'vitest'
import { failed } from '../../../src/services/delivery/endpoint.ts'
import { settle } from '../../tablet/manual-clock.ts'
import { deliveryStage, HANDLER } from './stage.ts'

const OTHER = 'grpc://127.0.0.1:7001'

test('a handler that is not up yet costs no task a repeat', async () => {
  const { clock, configure, store, endpoint, listed, deliveries } = await deliveryStage()
  endpoint().isUp = false
  await configure()
  await store('charge')
  await clock.advance(120_000)
  expect(await listed('stored')).toMatchObject([{ repeats: 0 }])
  expect(deliveries.statistics).toMatchObject([
    { origin: HANDLER, isBackingOff: true, handOuts: 0 },
  ])
  endpoint().isUp = true
  await clock.advance(30_000)
  expect(endpoint().last.errand.handOut.repeats).toBe(1)
})

test('a handler that is lost is tried again after pauses that grow up to half a minute', async () => {
  const { clock, configure, store, endpoint } = await deliveryStage()
  await configure()
  await store('charge')
  endpoint().isUp = false
  await clock.advance(2_000)
  const begunMs = clock.monotonicMs()
  const atMs: number[] = []
  const played = endpoint()
  played.reach = async () => {
    atMs.push(clock.monotonicMs() - begunMs)
    return false
  }
  await clock.advance(120_000)
  const pausesMs = atMs.map((at, index) => at - (atMs[index - 1] ?? 0))
  expect(pausesMs.slice(1)).toEqual([1_600, 3_200, 6_400, 12_800, 25_600, 30_000, 30_000])
})

// guards: J2
test('a handler that is lost costs each task that was out there one repeat, however long it is down', async () => {
  const { clock, configure, store, endpoint, listed, deliveries } = await deliveryStage()
  await configure()
  for (const record of ['one', 'two', 'three']) await store(record)
  endpoint().isUp = false
  await clock.advance(600_000)
  const stored = await listed('stored')
  expect(stored.map(({ repeats, failure }) => [repeats, failure])).toEqual([
    [1, 'nobody is there'],
    [1, 'nobody is there'],
    [1, 'nobody is there'],
  ])
  expect(deliveries.statistics).toMatchObject([{ handOuts: 3, failures: 3, isBackingOff: true }])
})

test('a handler that was lost is tried with one task, and trusted again when anything comes back', async () => {
  const { clock, configure, store, endpoint } = await deliveryStage()
  await configure()
  endpoint().isUp = false
  for (const record of ['one', 'two', 'three']) await store(record)
  await clock.advance(2_000)
  endpoint().isUp = true
  await clock.advance(1_000)
  expect(endpoint().arrivals).toHaveLength(1)
  await endpoint().last.end(failed('HTTP 500 Internal Server Error'))
  expect(endpoint().arrivals).toHaveLength(3)
})

test('a task that stays with a handler for a while shows that somebody is there', async () => {
  const { clock, configure, store, endpoint } = await deliveryStage()
  await configure()
  endpoint().isUp = false
  for (const record of ['one', 'two', 'three']) await store(record)
  await clock.advance(2_000)
  endpoint().isUp = true
  await clock.advance(1_000)
  expect(endpoint().arrivals).toHaveLength(1)
  await clock.advance(2_000)
  expect(endpoint().arrivals).toHaveLength(3)
})

test('a handler that accepts connections and breaks each is given one task at a time, ever more seldom', async () => {
  const { clock, configure, store, endpoint, listed } = await deliveryStage()
  await configure()
  await store('charge')
  const breaking = endpoint()
  breaking.carry = () => Promise.resolve(failed('reset', true))
  await clock.advance(600_000)
  const [stored] = await listed('stored')
  expect(stored?.repeats).toBeLessThan(30)
})

// holds: S2-17
test('a handler that cannot be reached holds up no other theme', async () => {
  const { clock, configure, store, endpoint } = await deliveryStage()
  await configure()
  await configure({ theme: 8, handler: OTHER })
  endpoint().isUp = false
  await store('stuck')
  await store('free', 8)
  await clock.advance(2_000)
  expect(endpoint(OTHER).last.records).toEqual(['free'])
})

test('themes with one handler share what is known of it', async () => {
  const { clock, configure, store, endpoint } = await deliveryStage()
  await configure()
  await configure({ theme: 8 })
  expect(endpoint().reaches).toBe(1)
  await store('seven')
  endpoint().isUp = false
  await clock.advance(2_000)
  await store('eight', 8)
  await clock.advance(30_000)
  endpoint().isUp = true
  await clock.advance(30_000)
  await settle()
  expect(endpoint().arrivals.map(({ errand }) => errand.handOut.repeats)).toEqual([2, 1])
})
