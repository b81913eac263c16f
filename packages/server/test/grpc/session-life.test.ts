/** Liveness of a session on the wire: pings, silence, detach, expiry, restart. */
import { openFileEngine } from '@tenure/engine/file'
import { openMemoryEngine } from '@tenure/engine/memory'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ManualClock } from '../tablet/manual-clock.ts'
import { atEnd, connect, serve, serveNode } from './harness.ts'
import type { RawStream } from './raw-client.ts'

async function silentSession(stream: RawStream, timeoutMillis: bigint): Promise<bigint> {
  stream.answers = false
  stream.start({ timeoutMillis })
  await stream.next('sessionStarted')
  return (await stream.next('ping')).opaque
}

// guards: S2
test.for([
  ['a third of the timeout', 6_000n, 2_000],
  ['5 s for a long timeout', 1_800_000n, 5_000],
  ['10 ms for no timeout', 0n, 10],
] as const)('the server pings every period: %s', async ([, timeoutMillis, periodMs]) => {
  const clock = new ManualClock()
  const { client } = await serveNode({ clock })
  const stream = client.stream()
  let opaque = await silentSession(stream, timeoutMillis)
  for (let round = 0; round < 3; round += 1) {
    stream.send({ case: 'pong', value: { opaque } })
    stream.send({ case: 'ping', value: { opaque: 1n } })
    await stream.next('pong')
    await clock.advance(periodMs - 1)
    stream.send({ case: 'ping', value: { opaque: 2n } })
    await stream.next('pong')
    await clock.advance(1)
    const next = await stream.next('ping')
    expect(next.opaque).not.toBe(opaque)
    opaque = next.opaque
  }
})

// guards: S2
test('a client that does not answer a ping is failed when the next is due', async () => {
  const clock = new ManualClock()
  const { client } = await serveNode({ clock })
  const stream = client.stream()
  await silentSession(stream, 3_000n)
  stream.send({ case: 'ping', value: { opaque: 1n } })
  await stream.next('pong')
  await clock.advance(1_000)
  expect(await stream.next('failure')).toMatchObject({ status: 400_090 })
  expect(await stream.ended).toMatchObject({ code: 0 })
})

// guards: S1, S2
test('a detached session expires after its timeout and not before', async () => {
  const clock = new ManualClock()
  const { client, server } = await serveNode({ clock })
  const stream = client.stream()
  await silentSession(stream, 3_000n)
  stream.halfClose()
  await stream.ended
  await clock.advance(2_990)
  expect(server.statistics().sessions).toBe(1)
  await clock.advance(20)
  expect(server.statistics().sessions).toBe(0)
  const again = client.stream()
  again.start({ sessionId: stream.sessionId })
  expect(await again.next('failure')).toMatchObject({ status: 400_150 })
})

// guards: S4, O4
test('after a pause of the server a client gets another period before it counts as silent', async () => {
  const clock = new ManualClock()
  const { client } = await serveNode({ clock })
  const stream = client.stream()
  const opaque = await silentSession(stream, 3_000n)
  clock.sleep(60_000)
  await clock.advance(0)
  stream.send({ case: 'pong', value: { opaque } })
  stream.send({ case: 'ping', value: { opaque: 1n } })
  expect(await stream.next('pong')).toMatchObject({ opaque: 1n })
  await clock.advance(1_000)
  expect((await stream.next('ping')).opaque).not.toBe(opaque)
})

// guards: S3, S6
test('after a restart sessions, holders and the order of waiters are as they were', async () => {
  const engine = openMemoryEngine()
  const first = await serveNode({ engine })
  const holder = await first.client.session({ timeoutMillis: 30_000n })
  const waiter = await first.client.session({ timeoutMillis: 30_000n })
  holder.send({
    case: 'createSemaphore',
    value: { reqId: 1n, name: 's', limit: 1n, data: Uint8Array.of(1) },
  })
  await holder.next('createSemaphoreResult')
  const acquire = { name: 's', count: 1n, timeoutMillis: 60_000n }
  holder.send({ case: 'acquireSemaphore', value: { ...acquire, reqId: 2n } })
  await holder.next('acquireSemaphoreResult')
  waiter.send({ case: 'acquireSemaphore', value: { ...acquire, reqId: 3n } })
  await waiter.next('acquireSemaphorePending')
  await first.server.stop()
  expect(await holder.next('failure')).toMatchObject({ status: 400_050 })

  const { server } = await serve({ engine })
  const client = connect(server)
  const back = await client.session({ sessionId: waiter.sessionId, timeoutMillis: 30_000n })
  back.send({
    case: 'describeSemaphore',
    value: { reqId: 4n, name: 's', includeOwners: true, includeWaiters: true },
  })
  const { semaphoreDescription } = await back.next('describeSemaphoreResult')
  expect(semaphoreDescription).toMatchObject({
    data: Uint8Array.of(1),
    count: 1n,
    limit: 1n,
    owners: [{ sessionId: holder.sessionId, orderId: 1n, timeoutMillis: 0n }],
    waiters: [{ sessionId: waiter.sessionId, orderId: 2n, timeoutMillis: 60_000n }],
  })
  const next = await client.session()
  expect(next.sessionId).toBe(3n)
})

// guards: D1, X2
test('a restart on disk keeps what was acknowledged, and tokens go on growing', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'tenure-'))
  atEnd(() => rm(directory, { recursive: true, force: true }))
  const engine = await openFileEngine(directory)
  const first = await serveNode({ engine })
  const holder = await first.client.session({ timeoutMillis: 30_000n })
  const acquire = { name: 'lock', count: 1n, ephemeral: true }
  holder.send({ case: 'acquireSemaphore', value: { ...acquire, reqId: 1n } })
  await holder.next('acquireSemaphoreResult')
  await first.server.stop()
  await engine.close()

  const reopened = await openFileEngine(directory)
  atEnd(() => reopened.close())
  const { client } = await serve({ engine: reopened })
  const back = await client.session({ sessionId: holder.sessionId, timeoutMillis: 30_000n })
  back.send({ case: 'acquireSemaphore', value: { ...acquire, name: 'other', reqId: 2n } })
  await back.next('acquireSemaphoreResult')
  for (const [name, orderId] of [
    ['lock', 1n],
    ['other', 2n],
  ] as const) {
    back.send({ case: 'describeSemaphore', value: { name, includeOwners: true } })
    const { semaphoreDescription } = await back.next('describeSemaphoreResult')
    expect(semaphoreDescription?.owners).toMatchObject([{ orderId }])
  }
})
