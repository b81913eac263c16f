/** The message pattern of YDB's Go client against our server. */
import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openFileEngine } from '@tenure/engine/file'
import type { Driver } from '@ydbjs/core'
import { StatusIds_StatusCode as Status } from '@ydbjs/api/operation'
import { expect, test } from 'vitest'
import { GoSession } from './go-session.ts'
import { atEnd, eventually, officialWithNode, serve, THROUGH_PROXY } from './ground.ts'
import { Proxy } from './proxy.ts'

async function driverOfServer(): Promise<Driver> {
  return officialWithNode((await serve()).grpcAddress.port)
}

test('a Go client opens a session, uses a semaphore and stops', async () => {
  const session = await GoSession.open(await driverOfServer())
  expect(session.id).toBe(1n)
  expect((await session.create('jobs', 2n)).status).toBe(Status.SUCCESS)
  expect((await session.create('jobs', 2n)).status).toBe(Status.ALREADY_EXISTS)
  expect(await session.acquire('jobs', { count: 2n, data: new Uint8Array([1]) })).toBe(true)
  expect((await session.update('jobs', new Uint8Array([2]))).status).toBe(Status.SUCCESS)
  expect(await session.describe('jobs')).toMatchObject({
    status: Status.SUCCESS,
    semaphoreDescription: { count: 2n, owners: [{ sessionId: 1n, count: 2n }] },
  })
  expect(await session.release('jobs')).toMatchObject({ released: true })
  expect(await session.release('jobs')).toMatchObject({ released: false, status: Status.SUCCESS })
  expect((await session.delete('jobs')).status).toBe(Status.SUCCESS)
  expect((await session.delete('jobs')).status).toBe(Status.NOT_FOUND)
  expect(await session.close()).toBe(true)
  expect(session.reconnects).toEqual([])
})

test('requests on one name that a Go client makes at a time are all answered, in order', async () => {
  const session = await GoSession.open(await driverOfServer())
  const results = await Promise.all([
    session.create('jobs', 1n).then(({ status }) => status),
    session.acquire('jobs'),
    session.release('jobs').then((result) => 'released' in result && result.released),
    session.acquire('jobs'),
    session.describe('jobs').then(({ status }) => status),
  ])
  expect(results).toEqual([Status.SUCCESS, true, true, true, Status.SUCCESS])
  expect(session.reconnects).toEqual([])
})

test('a Go client that waits goes on with other requests on the name once it is pending', async () => {
  const driver = await driverOfServer()
  const holder = await GoSession.open(driver)
  const waiter = await GoSession.open(driver)
  await holder.create('jobs', 1n)
  await holder.acquire('jobs')
  const waiting = waiter.acquire('jobs')
  expect(await waiter.describe('jobs')).toMatchObject({
    semaphoreDescription: { waiters: [{ sessionId: waiter.id }] },
  })
  await holder.close()
  expect(await waiting).toBe(true)
})

test('an acquire that a Go client gives up leaves the queue, and every answer to it has its request', async () => {
  const driver = await driverOfServer()
  const holder = await GoSession.open(driver)
  const waiter = await GoSession.open(driver)
  await holder.create('jobs', 1n)
  await holder.acquire('jobs')
  const controller = new AbortController()
  const waiting = waiter.acquire('jobs', {}, controller.signal)
  await waiter.describe('jobs')
  controller.abort(new Error('given up'))
  await expect(waiting).rejects.toThrow('given up')
  expect(await waiter.describe('jobs')).toMatchObject({ semaphoreDescription: { waiters: [] } })
  expect(waiter.reconnects).toEqual([])
})

test('an acquire whose time runs out tells a Go client so', async () => {
  const driver = await driverOfServer()
  const holder = await GoSession.open(driver)
  const waiter = await GoSession.open(driver)
  expect(await holder.acquire('lock', { ephemeral: true, count: 2n ** 64n - 1n })).toBe(true)
  expect(await waiter.acquire('lock', { ephemeral: true, timeoutMillis: 0n })).toBe(false)
  expect(await waiter.acquire('lock', { ephemeral: true, timeoutMillis: 10n })).toBe(false)
})

// guards: S6
test('a Go client whose connection broke comes back with a larger sequence number and keeps its place', async () => {
  const proxy = await Proxy.open((await serve()).grpcAddress.port)
  const driver = await officialWithNode(proxy.port, THROUGH_PROXY)
  const holder = await GoSession.open(driver, { reconnectMs: 10 })
  const waiter = await GoSession.open(driver, { reconnectMs: 10 })
  await holder.create('jobs', 1n)
  await holder.acquire('jobs')
  const waiting = waiter.acquire('jobs')
  await waiter.describe('jobs')
  proxy.drop()
  await eventually(() => expect(holder.reconnects.length + waiter.reconnects.length).toBe(2))
  expect(await waiter.describe('jobs')).toMatchObject({
    semaphoreDescription: { owners: [{ orderId: 1n }], waiters: [{ orderId: 2n }] },
  })
  expect(await holder.release('jobs')).toMatchObject({ released: true })
  expect(await waiting).toBe(true)
})

test('the pings of the server reach a Go client often enough that it never calls an idle session dead', async () => {
  const session = await GoSession.open(await driverOfServer(), { timeoutMs: 150, keepAliveMs: 400 })
  const pings = (): number => session.transcript.filter((line) => line === '< ping').length
  await eventually(() => expect(pings()).toBeGreaterThan(8))
  expect(session.reconnects).toEqual([])
})

test('a Go client that hears nothing leaves the stream and takes its session over on another', async () => {
  const proxy = await Proxy.open((await serve()).grpcAddress.port)
  const driver = await officialWithNode(proxy.port, {
    ...THROUGH_PROXY,
    channelOptions: { 'grpc.keepalive_time_ms': 50, 'grpc.keepalive_timeout_ms': 50 },
  })
  const session = await GoSession.open(driver, { keepAliveMs: 200, startMs: 500, reconnectMs: 10 })
  await session.create('jobs', 1n)
  await session.acquire('jobs')
  proxy.silence()
  await eventually(() => expect(session.reconnects).not.toEqual([]))
  expect(await session.describe('jobs')).toMatchObject({
    semaphoreDescription: { owners: [{ sessionId: session.id }] },
  })
})

test('a Go client finds its session again after a restart of a server that keeps its nodes on disk', async () => {
  const folder = mkdtempSync(join(tmpdir(), `interop-${randomUUID()}`))
  atEnd(() => rmSync(folder, { recursive: true, force: true }))
  const engine = await openFileEngine(folder)
  const first = await serve({ engine })
  const session = await GoSession.open(await officialWithNode(first.grpcAddress.port), {
    reconnectMs: 20,
  })
  await session.create('jobs', 1n)
  await session.acquire('jobs')
  await first.stop()
  await engine.close()

  const again = await openFileEngine(folder)
  atEnd(() => again.close())
  await serve({ engine: again, listen: first.grpcAddress })
  expect(await session.describe('jobs')).toMatchObject({
    semaphoreDescription: { owners: [{ sessionId: session.id, orderId: 1n }] },
  })
  expect(session.reconnects[0]).toBe('UNAVAILABLE')
  expect(await session.close()).toBe(true)
})
