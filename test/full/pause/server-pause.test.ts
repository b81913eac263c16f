/**
 * A server that is stopped for longer than any session's timeout: it lets nobody expire for its own sleep.
 *
 * The clients here are plain ones that believe what the server says: they keep what the SDK would have given up.
 *
 * guards: S1, S4, O4, S2
 */
import { setTimeout as pause } from 'node:timers/promises'
import { expect, test } from 'vitest'
import type { RawStream } from '../../../packages/server/test/grpc/raw-client.ts'
import { RawClient } from '../../../packages/server/test/grpc/raw-client.ts'
import { ServerProcess } from '../../program.ts'
import { Proxy } from '../../proxy.ts'
import { between, drawOf, freshSeed } from '../../seed.ts'

const SESSIONS = 20
const TIMEOUT_MS = 1_500
const PATH = '/local/asleep'
/** Less than what a server lets pass for a sleep of any length. */
const LEFT_MS = 200
/** All of an ephemeral semaphore. */
const WHOLE = 2n ** 64n - 1n
const START = { path: PATH, timeoutMillis: BigInt(TIMEOUT_MS) }

function clientOf({ port }: { readonly port: number }): RawClient {
  return new RawClient({ host: '127.0.0.1', port })
}

/** A way on which answers to pings are under way for a good part of the time, so that a sleep often begins in between. */
async function longWayTo({ port }: ServerProcess): Promise<Proxy> {
  const way = await Proxy.open(port)
  way.slow({ delayMs: TIMEOUT_MS / 6 }, ['up'])
  return way
}

async function sleep(server: ServerProcess, lengthMs: number): Promise<void> {
  server.program.kill('SIGSTOP')
  await pause(lengthMs)
  server.program.kill('SIGCONT')
}

async function expirations(server: ServerProcess): Promise<number | undefined> {
  return (await server.metrics()).get('tenure_session_expirations_total')
}

/** Takes a name for its own. @returns whether it has it */
async function hold(stream: RawStream, name: string): Promise<boolean> {
  const request = { reqId: 1n, name, count: WHOLE, ephemeral: true, timeoutMillis: 0n }
  stream.send({ case: 'acquireSemaphore', value: request })
  return (await stream.next('acquireSemaphoreResult')).acquired
}

/** Each takes a name of its own. @returns how many have it */
async function holdAll(streams: readonly RawStream[], name: string): Promise<number> {
  const held = await Promise.all(streams.map((stream, at) => hold(stream, `${name} ${at}`)))
  return held.filter(Boolean).length
}

test.concurrent('sessions whose clients stayed are there after any sleep of the server', async () => {
  const seed = freshSeed()
  const draw = drawOf(seed)
  await using server = await ServerProcess.start()
  await using way = await longWayTo(server)
  await using client = clientOf(way)
  await client.createNode(PATH)
  const streams = await Promise.all(Array.from({ length: SESSIONS }, () => client.session(START)))
  for (const lengthMs of [100, between(draw, 200, TIMEOUT_MS), 3 * TIMEOUT_MS]) {
    await sleep(server, lengthMs)
    const held = await holdAll(streams, `after ${lengthMs}`)
    expect({ seed, lengthMs, held }).toEqual({ seed, lengthMs, held: SESSIONS })
  }
  // What it takes to find a silent client, and its timeout: whoever was hurt by the sleep would be gone by then.
  await pause(2 * TIMEOUT_MS)
  expect({ seed, expired: await expirations(server) }).toEqual({ seed, expired: 0 })
  expect((await server.metrics()).get('tenure_sessions_attached')).toBe(SESSIONS)
})

test.concurrent('a session whose client went away during the sleep has its full timeout afterwards', async () => {
  await using server = await ServerProcess.start()
  await using client = clientOf(server)
  await client.createNode(PATH)
  const leaving = await client.session(START)
  server.program.kill('SIGSTOP')
  await pause(TIMEOUT_MS)
  leaving.cancel()
  await pause(2 * TIMEOUT_MS)
  server.program.kill('SIGCONT')
  await pause(TIMEOUT_MS * 0.6)
  const { sessionId } = leaving
  const back = await client.session({ ...START, sessionId, seqNo: 1n })
  expect(back.sessionId).toBe(sessionId)
  expect(await expirations(server)).toBe(0)
})

test.concurrent('a session whose client was away already loses none of its time by the sleep', async () => {
  await using server = await ServerProcess.start()
  await using client = clientOf(server)
  await client.createNode(PATH)
  const leaving = await client.session(START)
  leaving.cancel()
  await expect.poll(async () => (await server.metrics()).get('tenure_sessions_attached')).toBe(0)
  await sleep(server, 3 * TIMEOUT_MS)
  await pause(TIMEOUT_MS * 0.3)
  const { sessionId } = leaving
  const back = await client.session({ ...START, sessionId, seqNo: 1n })
  expect(back.sessionId).toBe(sessionId)
  expect(await expirations(server)).toBe(0)
})

test.concurrent('what a client said while the server slept is heard before anybody expires', async () => {
  await using server = await ServerProcess.start()
  await using client = clientOf(server)
  await client.createNode(PATH)
  for (;;) {
    const leaving = await client.session(START)
    const { sessionId } = leaving
    leaving.cancel()
    const leftAtMs = performance.now()
    // So little time is left that the part of the sleep that counts is longer.
    await pause(TIMEOUT_MS - LEFT_MS)
    server.program.kill('SIGSTOP')
    const isInTime = performance.now() - leftAtMs < TIMEOUT_MS
    const coming = client.session({ ...START, sessionId, seqNo: 1n })
    await pause(TIMEOUT_MS)
    server.program.kill('SIGCONT')
    const back = await coming.catch((error: unknown) => error)
    // On a busy machine it may have expired before.
    if (!isInTime) continue
    expect(back).toMatchObject({ sessionId })
    return
  }
})

test.concurrent('short stops of the server, one after the other, disturb nobody', async () => {
  const seed = freshSeed()
  const draw = drawOf(seed)
  await using server = await ServerProcess.start()
  await using way = await longWayTo(server)
  await using client = clientOf(way)
  await client.createNode(PATH)
  const streams = await Promise.all(Array.from({ length: SESSIONS }, () => client.session(START)))
  for (let count = 0; count < 15; count += 1) {
    await sleep(server, between(draw, 50, 300))
    await pause(between(draw, 0, 100))
  }
  expect(await holdAll(streams, 'name')).toBe(SESSIONS)
  expect({ seed, expired: await expirations(server) }).toEqual({ seed, expired: 0 })
})

test.concurrent('a client that is silent for good is gone in its timeout and two pings, not sooner', async () => {
  await using server = await ServerProcess.start()
  await using client = clientOf(server)
  await client.createNode(PATH)
  const silent = await client.session(START)
  expect(await hold(silent, 'held')).toBe(true)
  const waiting = await client.session({ path: PATH, timeoutMillis: 30_000n })
  const request = { reqId: 2n, name: 'held', count: WHOLE, ephemeral: true, timeoutMillis: 30_000n }
  waiting.send({ case: 'acquireSemaphore', value: request })
  await waiting.next('acquireSemaphorePending')
  const before = await server.metrics()
  silent.answers = false
  const silentAtMs = performance.now()
  expect((await waiting.next('acquireSemaphoreResult')).acquired).toBe(true)
  const tookMs = performance.now() - silentAtMs
  const after = await server.metrics()
  const pausedMs =
    1_000 *
    ((after.get('tenure_paused_seconds_total') ?? 0) -
      (before.get('tenure_paused_seconds_total') ?? 0))
  expect(tookMs).toBeGreaterThanOrEqual(TIMEOUT_MS)
  expect(tookMs - pausedMs).toBeLessThan(TIMEOUT_MS + 2 * (TIMEOUT_MS / 3) + 1_000)
})
