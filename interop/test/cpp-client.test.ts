/** The message pattern of YDB's C++ client against our server. */
import type { Driver } from '@ydbjs/core'
import { StatusIds_StatusCode as Status } from '@ydbjs/api/operation'
import { expect, test } from 'vitest'
import { CppSession } from './cpp-session.ts'
import { eventually, officialWithNode, serve, THROUGH_PROXY } from './ground.ts'
import { JsSession } from './js-session.ts'
import { Proxy } from './proxy.ts'

async function driverWithJobs(proxy?: Proxy): Promise<Driver> {
  const driver = await (proxy === undefined
    ? officialWithNode((await serve()).grpcAddress.port)
    : officialWithNode(proxy.port, THROUGH_PROXY))
  const session = await JsSession.open(driver)
  session.asks({ case: 'createSemaphore', value: { name: 'jobs', limit: 3n } })
  await session.hears('createSemaphoreResult')
  await session.close()
  return driver
}

test('a C++ client acquires, releases and stops, and nothing makes it abort', async () => {
  const session = await CppSession.open(await driverWithJobs())
  expect(await session.acquire('jobs')).toMatchObject({ status: Status.SUCCESS, acquired: true })
  expect(await session.release('jobs')).toMatchObject({ released: true })
  expect(await session.release('jobs')).toMatchObject({ released: false })
  expect(await session.acquire('other')).toMatchObject({ status: Status.NOT_FOUND })
  await session.close()
  expect(session.fatal).toEqual([])
})

test('the pings of a C++ client are answered in time, so it never gives its stream up', async () => {
  const session = await CppSession.open(await driverWithJobs(), 300)
  await eventually(() => expect(session.pongs).toBeGreaterThan(1))
  expect(session.reconnects).toBe(0)
})

test('a second acquire of a C++ client supersedes its waiting first, and each pending fits', async () => {
  const driver = await driverWithJobs()
  const holder = await CppSession.open(driver)
  const waiter = await CppSession.open(driver)
  await holder.acquire('jobs', 3n)
  const first = waiter.acquire('jobs', 3n)
  const second = waiter.acquire('jobs', 2n)
  expect(await first).toMatchObject({ status: Status.ABORTED, acquired: false })
  await holder.release('jobs')
  expect(await second).toMatchObject({ status: Status.SUCCESS, acquired: true })
  expect([...holder.fatal, ...waiter.fatal]).toEqual([])
})

test('a C++ client that releases while it waits gets ABORTED for the acquire, then its release', async () => {
  const driver = await driverWithJobs()
  const holder = await CppSession.open(driver)
  const waiter = await CppSession.open(driver)
  await holder.acquire('jobs', 3n)
  const waiting = waiter.acquire('jobs')
  const released = waiter.release('jobs')
  expect(await waiting).toMatchObject({ status: Status.ABORTED })
  expect(await released).toMatchObject({ released: true })
  expect(waiter.fatal).toEqual([])
})

// guards: S6
test('after a broken connection the acquires that a C++ client repeats keep their places, and each pending fits', async () => {
  const proxy = await Proxy.open((await serve()).grpcAddress.port)
  const driver = await driverWithJobs(proxy)
  const holder = await CppSession.open(driver)
  const early = await CppSession.open(driver)
  const late = await CppSession.open(driver)
  await holder.acquire('jobs', 3n)
  const order: string[] = []
  const both = [early, late].map(async (session, at) => {
    const result = await session.acquire('jobs', 3n)
    order.push(at === 0 ? 'early' : 'late')
    await session.release('jobs')
    return result
  })
  await waiting(driver, 2)
  proxy.drop()
  await eventually(() => {
    expect([holder, early, late].map((session) => session.reconnects)).toEqual([1, 1, 1])
  })
  await holder.release('jobs')
  for (const result of await Promise.all(both)) expect(result.acquired).toBe(true)
  expect(order).toEqual(['early', 'late'])
  expect([...holder.fatal, ...early.fatal, ...late.fatal]).toEqual([])
})

/** Resolves when so many wait for `jobs`. */
async function waiting(driver: Driver, count: number): Promise<void> {
  const session = await JsSession.open(driver)
  await eventually(async () => {
    session.asks({ case: 'describeSemaphore', value: { name: 'jobs', includeWaiters: true } })
    const { semaphoreDescription } = await session.hears('describeSemaphoreResult')
    expect(semaphoreDescription?.waiters.length).toBe(count)
  })
  await session.close()
}
