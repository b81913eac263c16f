/** Due tasks of themes with a handler are taken there, and what the handler says of them is done. */
import { expect, test } from 'vitest'
import { failed } from '../../../src/services/delivery/endpoint.ts'
import { settle } from '../../tablet/manual-clock.ts'
import { PATH } from '../../tablet/stage.ts'
import { deliveryStage, HANDLER } from './stage.ts'

const OTHER = 'grpc://127.0.0.1:7001'

// holds: S2-01
// guards: J2, J3
test('a due task is taken to the handler of its theme, with its records, and goes when that is done', async () => {
  const { clock, configure, store, endpoint, listed } = await deliveryStage()
  await configure({ name: 'payments' })
  const { task } = await store('charge')
  expect(endpoint().arrivals).toHaveLength(0)
  await clock.advance(2_000)
  const { errand, records, end } = endpoint().last
  expect(records).toEqual(['charge'])
  const wanted = { path: PATH, task, theme: 7, name: 'payments', attempt: 1, repeats: 1 }
  expect(errand.handOut).toMatchObject(wanted)
  expect(await listed('active')).toHaveLength(1)
  await end({ kind: 'delete' })
  expect(await listed('active')).toEqual([])
  expect(await listed('stored')).toEqual([])
})

// holds: S2-15
// guards: J2
test('a task that a handler stores comes back to it after the delay that it wants', async () => {
  const { clock, configure, store, endpoint, listed } = await deliveryStage()
  await configure()
  await store('charge')
  await clock.advance(2_000)
  await endpoint().last.end({ kind: 'store', delaySeconds: 30, failure: 'not now' })
  const [stored] = await listed('stored')
  expect(stored).toMatchObject({ repeats: 1, failure: 'not now' })
  await clock.advance(29_000)
  expect(endpoint().arrivals).toHaveLength(1)
  await clock.advance(2_000)
  expect(endpoint().last.errand.handOut).toMatchObject({ attempt: 2, repeats: 2 })
})

// holds: S2-15
// guards: J2
test('a task whose handler fails is stored with the delay of its theme, and people see why', async () => {
  const { clock, configure, store, endpoint, listed, deliveries } = await deliveryStage()
  await configure({ delaySeconds: 5 })
  await store('charge')
  await clock.advance(6_000)
  await endpoint().last.end(failed('HTTP 500 Internal Server Error'))
  const [stored] = await listed('stored')
  expect(stored?.failure).toBe('HTTP 500 Internal Server Error')
  expect(deliveries.statistics).toMatchObject([{ origin: HANDLER, handOuts: 1, failures: 1 }])
  await clock.advance(6_000)
  expect(endpoint().arrivals).toHaveLength(2)
})

test('what a handler writes down is among the records when the task comes again', async () => {
  const { clock, configure, store, endpoint } = await deliveryStage()
  await configure()
  await store('one')
  await clock.advance(2_000)
  const { errand, end } = endpoint().last
  const appended = errand.wish({ kind: 'append', record: Buffer.from('two') })
  const again = errand.wish({ kind: 'append', record: Buffer.from('three') })
  await settle()
  expect(await Promise.all([appended, again])).toEqual([{ kind: 'done' }, { kind: 'done' }])
  await end(failed('died'))
  await clock.advance(2_000)
  expect(endpoint().last.records).toEqual(['one', 'two', 'three'])
  const replaced = endpoint().last.errand.wish({ kind: 'replace', record: Buffer.from('four') })
  await settle()
  await replaced
  await endpoint().last.end({ kind: 'ended' })
  await clock.advance(2_000)
  expect(endpoint().last.records).toEqual(['four'])
})

test('a handler that ends its call without an end of the task gets it again, and people see that', async () => {
  const { clock, configure, store, endpoint, listed } = await deliveryStage()
  await configure()
  await store('charge')
  await clock.advance(2_000)
  await endpoint().last.end({ kind: 'ended' })
  const [stored] = await listed('stored')
  expect(stored?.failure).toBe('the handler ended the call without a delete or a store')
})

// guards: J3
test('an operation behind the end of a task is refused and does no harm', async () => {
  const { clock, configure, store, endpoint, listed } = await deliveryStage()
  await configure()
  await store('charge')
  await clock.advance(2_000)
  const { errand, end } = endpoint().last
  const deleted = errand.wish({ kind: 'delete' })
  const late = errand.wish({ kind: 'store', delaySeconds: 0, failure: '' })
  await settle()
  expect(await deleted).toEqual({ kind: 'done' })
  expect(await late).toMatchObject({ kind: 'refused', code: 'TASK_CLOSED' })
  await end({ kind: 'ended' })
  expect(await listed('stored')).toEqual([])
})

test('a record that is too large is refused, and the task stays as it was', async () => {
  const { clock, configure, store, endpoint } = await deliveryStage()
  await configure({ taskBytesMax: 10 })
  await store('charge')
  await clock.advance(2_000)
  const { errand, end } = endpoint().last
  const outcome = errand.wish({ kind: 'append', record: Buffer.alloc(11) })
  await settle()
  expect(await outcome).toMatchObject({ kind: 'refused', code: 'TASK_TOO_LARGE' })
  await end({ kind: 'ended' })
  await clock.advance(2_000)
  expect(endpoint().last.records).toEqual(['charge'])
})

// holds: S2-15
test('a handler that never answers loses its task when its time is over', async () => {
  const { clock, configure, store, endpoint, listed } = await deliveryStage()
  await configure({ handlerSeconds: 60, delaySeconds: 5 })
  await store('charge')
  await clock.advance(6_000)
  const { errand } = endpoint().last
  await clock.advance(58_000)
  expect(errand.signal.aborted).toBe(false)
  await clock.advance(2_000)
  expect(errand.signal.aborted).toBe(true)
  const [stored] = await listed('stored')
  expect(stored?.failure).toBe('the handler has not ended within 60 s')
  await expect(errand.wish({ kind: 'delete' })).rejects.toThrow('called off')
  await clock.advance(6_000)
  expect(endpoint().arrivals).toHaveLength(2)
})

test('handlerSeconds 0 gives a handler all the time of the world', async () => {
  const { clock, configure, store, endpoint } = await deliveryStage()
  await configure({ handlerSeconds: 0 })
  await store('charge')
  await clock.advance(1_000_000)
  expect(endpoint().arrivals).toHaveLength(1)
  expect(endpoint().last.errand.signal.aborted).toBe(false)
})

test('no more tasks are out at the same time than the theme allows', async () => {
  const { clock, configure, store, endpoint, deliveries } = await deliveryStage()
  await configure({ concurrency: 2 })
  for (const record of ['one', 'two', 'three']) await store(record)
  await clock.advance(2_000)
  expect(endpoint().arrivals.map(({ records }) => records[0])).toEqual(['one', 'two'])
  expect(deliveries.statistics).toMatchObject([{ out: 2, handOuts: 2, failures: 0 }])
  await endpoint().arrivals[0]?.end({ kind: 'delete' })
  expect(endpoint().last.records).toEqual(['three'])
})

test('records beyond the first page of a hand-out are fetched before the handler is asked', async () => {
  const limits = { kernel: { taskPageRecordsMax: 2 } }
  const { clock, opener, configure, endpoint } = await deliveryStage({ limits })
  await configure()
  opener.open('0')
  await settle()
  const { opened } = opener
  for (let number = 1; number < 7; number += 1) opener.append(opened, String(number))
  opener.store(opened)
  await settle()
  await clock.advance(2_000)
  expect(endpoint().last.records).toEqual(['0', '1', '2', '3', '4', '5', '6'])
})

test('what the node does not take at present is asked for until it does', async () => {
  const limits = { tablet: { commandsMax: 1 } }
  const { clock, configure, store, endpoint, engine, opener } = await deliveryStage({ limits })
  await configure()
  await store('one')
  await clock.advance(2_000)
  engine.holding = true
  opener.open('two')
  const { errand, end } = endpoint().last
  const outcome = errand.wish({ kind: 'append', record: Buffer.from('more') })
  await clock.advance(10_000)
  engine.letAll()
  await clock.advance(3_000)
  expect(await outcome).toEqual({ kind: 'done' })
  await end({ kind: 'store', delaySeconds: 1, failure: '' })
  await clock.advance(2_000)
  expect(endpoint().last.records).toEqual(['one', 'more'])
})

// guards: J2
test('a node without room gives its tasks to handlers again when it has some', async () => {
  const { clock, configure, store, endpoint, engine, host } = await deliveryStage()
  await configure()
  await store('one')
  await clock.advance(2_000)
  engine.full = true
  await endpoint().last.end({ kind: 'delete' })
  await clock.advance(10_000)
  expect(host.statistics()).toMatchObject({ fullTablets: 1 })
  engine.full = false
  await clock.advance(60_000)
  expect(endpoint().last.errand.handOut).toMatchObject({ attempt: 2 })
})

// guards: J2, J3
test('a node that is lost takes its tasks from their handlers, and hands them out again in later attempts', async () => {
  const { clock, configure, store, endpoint, engine, opener } = await deliveryStage()
  await configure()
  await store('charge')
  await clock.advance(2_000)
  const { errand } = endpoint().last
  engine.moods.push('fails-before')
  opener.open('lost')
  await settle()
  expect(opener.end).toBe('failed')
  expect(errand.signal.aborted).toBe(true)
  await expect(errand.wish({ kind: 'delete' })).rejects.toThrow('called off')
  await clock.advance(5_000)
  expect(endpoint().last.errand.handOut).toMatchObject({ task: errand.handOut.task, attempt: 2 })
})

// holds: S2-32
// guards: J3
test('a node that another server has taken is left to that server', async () => {
  const limits = { tablet: { selfCheckMs: 500 } }
  const { clock, configure, engine, deliveries } = await deliveryStage({ limits })
  await configure()
  await engine.claim(PATH, { id: 'another', address: '' })
  await clock.advance(60_000)
  expect(engine.claims).toBe(2)
  expect(deliveries.statistics).toEqual([])
})

test('a node that was dropped is delivered from no more, and again when it is made anew', async () => {
  const { clock, configure, store, endpoint, opener, deliveries } = await deliveryStage()
  await configure()
  opener.dropNode()
  await settle()
  expect(deliveries.statistics).toEqual([])
  opener.createNode()
  opener.attach()
  await settle()
  await configure()
  await store('charge')
  await clock.advance(2_000)
  expect(endpoint().last.records).toEqual(['charge'])
})

// holds: S2-17
test('a theme that is given another handler has new tasks taken there, and what is out ends where it is', async () => {
  const { clock, configure, store, endpoint, listed } = await deliveryStage()
  await configure()
  await store('old')
  await clock.advance(2_000)
  await configure({ handler: OTHER })
  await store('new')
  await clock.advance(2_000)
  expect(endpoint().arrivals).toHaveLength(1)
  expect(endpoint().isClosed).toBe(false)
  expect(endpoint(OTHER).last.records).toEqual(['new'])
  await endpoint().last.end({ kind: 'delete' })
  const [left, ...rest] = await listed('active')
  expect([left?.attempt, rest]).toEqual([1, []])
  expect(endpoint().isClosed).toBe(true)
})

// holds: S2-17
test('a theme that is left without a handler has nothing more handed out, and its node may leave the memory', async () => {
  const { clock, configure, store, endpoint, deliveries, host } = await deliveryStage()
  await configure()
  await store('one')
  await clock.advance(2_000)
  await configure({ handler: '' })
  await store('two')
  await clock.advance(2_000)
  expect(endpoint().arrivals).toHaveLength(1)
  await endpoint().last.end({ kind: 'delete' })
  expect(deliveries.statistics).toEqual([])
  expect(host.statistics()).toMatchObject({ sessions: 1, taskHandlers: 0 })
})

test('settings that do not concern the handler change nothing of what is under way', async () => {
  const { clock, configure, store, endpoint } = await deliveryStage()
  await configure()
  await store('one')
  await clock.advance(2_000)
  await configure({ delaySeconds: 3, name: 'other' })
  expect(endpoint().last.errand.signal.aborted).toBe(false)
  await store('two')
  await clock.advance(4_000)
  expect(endpoint().last.errand.handOut.name).toBe('other')
})

// holds: S2-34
// guards: J2
test('a server that stops takes its tasks back, and they are stored', async () => {
  const { clock, configure, store, endpoint, listed, deliveries, host } = await deliveryStage()
  await configure()
  await store('charge')
  await clock.advance(2_000)
  deliveries.stop()
  await settle()
  expect(endpoint().last.errand.signal.aborted).toBe(true)
  expect(endpoint().isClosed).toBe(true)
  expect(await listed('stored')).toMatchObject([{ repeats: 1 }])
  expect(host.statistics().sessions).toBe(1)
  await clock.advance(60_000)
  expect(endpoint().arrivals).toHaveLength(1)
})

test('a server that starts loads the nodes that have handlers, and delivers what is due there', async () => {
  const before = await deliveryStage()
  await before.configure()
  await before.store('charge')
  before.deliveries.stop()
  await before.host.close()
  const { engine } = before
  const after = await deliveryStage({ engine })
  await after.clock.advance(10_000)
  expect(after.endpoint().last.records).toEqual(['charge'])
})

test('a handler whose address cannot be understood is told of, and holds up nothing', async () => {
  const told: string[] = []
  const log = { info() {}, warn() {}, error: (message: string) => void told.push(message) }
  const { clock, configure, store, endpoint } = await deliveryStage({ log })
  await configure({ theme: 8, handler: 'somewhere' })
  await configure()
  expect(told).toContain('a theme has a handler that is no address')
  await store('charge')
  await clock.advance(2_000)
  expect(endpoint().arrivals).toHaveLength(1)
})
