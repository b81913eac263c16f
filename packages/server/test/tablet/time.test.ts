import { expect, test } from 'vitest'
import { ServedTime } from '../../src/tablet/served-time.ts'
import { ManualClock, settle } from './manual-clock.ts'
import { createNode, nodeAt, stage } from './stage.ts'
import { visit, Visitor } from './visitor.ts'

test('served time goes with the clock while the process runs', async () => {
  const clock = new ManualClock()
  const time = new ServedTime(clock)
  const startMs = time.nowMs()
  await clock.advance(10_000)
  expect(time.nowMs() - startMs).toBe(10_000)
  expect(time.pauses).toBe(0)
})

// guards: S4
test('served time stands still while the process does not run, and never goes back', async () => {
  const clock = new ManualClock()
  const time = new ServedTime(clock)
  const startMs = time.nowMs()
  clock.sleep(60_000)
  const wokenMs = time.nowMs()
  expect(wokenMs - startMs).toBeLessThanOrEqual(350)
  await clock.advance(0)
  expect(time.nowMs()).toBe(wokenMs)
  expect(time.pauses).toBe(1)
  await clock.advance(1_000)
  expect(time.nowMs() - wokenMs).toBe(1_000)
  expect(time.pausedMs).toBeGreaterThan(59_000)
})

// guards: S4
test('a host that slept does not expire sessions', async () => {
  const { clock, host } = stage()
  const node = await createNode(host)
  const visitor = await visit(node)
  visitor.acquire('a')
  await settle()
  visitor.stream.close()
  await settle()
  await clock.advance(1_000)
  clock.sleep(3_600_000)
  await clock.advance(0)
  const back = new Visitor(node)
  back.attach({ session: visitor.session })
  await settle()
  expect(back.said).toEqual(['attached'])
  expect(host.statistics().pauses).toBe(1)
})

// guards: S4
test('input that arrived before a deadline went off is handled first', async () => {
  const { clock, host } = stage()
  const node = await createNode(host)
  const visitor = await visit(node)
  visitor.stream.close()
  await settle()
  const back = new Visitor(node)
  // The client's bytes are read in the turn after the timer went off.
  clock.after(5_000, () => setImmediate(() => back.attach({ session: visitor.session })))
  await clock.advance(5_000)
  expect(back.said).toEqual(['attached'])
})

// guards: X5
test('a waiter gives up when its time is over, without other traffic', async () => {
  const { clock, host } = stage()
  const node = await createNode(host)
  const [holder, waiter] = [await visit(node), await visit(node)]
  holder.acquire('a')
  waiter.acquire('a', { timeoutMs: 3_000n })
  await settle()
  await clock.advance(2_900)
  expect(waiter.said).toEqual(['pending'])
  await clock.advance(100)
  expect(waiter.said).toEqual(['pending', 'not-acquired'])
})

test('an earlier deadline takes the place of a later one', async () => {
  const { clock, host } = stage()
  const node = await createNode(host)
  const [holder, patient, hasty] = [await visit(node), await visit(node), await visit(node)]
  holder.acquire('a')
  patient.acquire('a', { timeoutMs: 60_000n })
  await settle()
  const before = clock.timers
  hasty.acquire('a', { timeoutMs: 1_000n })
  await settle()
  expect(clock.timers).toBe(before)
  await clock.advance(1_000)
  expect(hasty.said).toEqual(['pending', 'not-acquired'])
  await clock.advance(59_000)
  expect(patient.said).toEqual(['pending', 'not-acquired'])
})

// guards: S3
test('after a reload a session has its timeout and the grace period', async () => {
  const first = stage()
  const visitor = await visit(await createNode(first.host))
  await first.host.close()
  const second = stage({}, first.engine)
  await nodeAt(second.host)
  await second.clock.advance(14_900)
  expect(second.host.statistics().sessions).toBe(1)
  await second.clock.advance(200)
  expect(second.host.statistics().sessions).toBe(0)
  expect(visitor.session).toBe(1n)
})

test('expired sessions are counted, stopped ones are not', async () => {
  const { clock, host } = stage()
  const node = await createNode(host)
  const leaving = await visit(node)
  const stopping = await visit(node)
  leaving.stream.close()
  stopping.stop()
  await clock.advance(3_600_000)
  expect(host.statistics().sessions).toBe(0)
  expect(host.statistics().counters.sessionExpirations).toBe(1)
})
