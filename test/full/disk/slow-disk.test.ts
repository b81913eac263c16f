/**
 * A disk that is slower than sessions are patient costs time and nothing else.
 *
 * guards: D1, S1, S4
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { AttachmentEnd } from '@tenure/client'
import { YdbLink } from '@tenure/client'
import { connect } from 'tenure'
import { expect, onTestFinished, test } from 'vitest'
import type { TestContext } from 'vitest'
import { lacks } from '../../needs.ts'
import { BuiltServer } from '../../built-server.ts'
import { visit } from '../power/visit.ts'
import { canHurt, hurting } from './faults.ts'
import type { Fault } from './faults.ts'

const PATH = '/local/slow'
const PUBLISHES = 4
/** A heartbeat that no pause of the server breaks. */
const HEARTBEAT_MS = 30_000

/** Every sync takes as long as a quarter of a session's timeout. */
const slowAlways: Fault = {
  name: 'slow syncs',
  calls: 'fdatasync',
  inject: () => 'delay_enter=900000',
}

/** One sync takes as long as three timeouts. */
const slowOnce: Fault = {
  name: 'a very slow sync',
  calls: 'fdatasync',
  inject: (first) => `delay_enter=3000000:when=${first}`,
}
/** By then the sessions of the test are there. */
const SLOW_AT = 6
/** Every thread that syncs counts for itself. */
const PUBLISHES_MAX = 200
const SLOW_MS = 2_500

async function slowServer(context: TestContext, fault: Fault): Promise<BuiltServer> {
  if (!canHurt()) lacks(context, 'strace')
  const folder = mkdtempSync(join(tmpdir(), 'tenure-slow-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  {
    await using server = await BuiltServer.start(folder)
    await using client = connect(server.address)
    await client.createNode(PATH, {})
    await server.end('SIGTERM')
  }
  return BuiltServer.start(folder, { under: hurting(fault, SLOW_AT, '/dev/null') })
}

test('while every sync takes a quarter of its timeout a session keeps its lock', async (context) => {
  await using server = await slowServer(context, slowAlways)
  await using client = connect(server.address)
  await using session = await client.openSession(PATH, { timeout: 3_600 })
  await using held = await session.mutex('held').lock()
  await using other = await client.openSession(PATH)
  for (let value = 1; value <= PUBLISHES; value += 1) {
    await other.config('value').publish(String(value))
  }
  expect(held.signal.aborted).toBe(false)
  const { owners } = await other.semaphore('held').describe({ owners: true })
  expect(owners).toMatchObject([{ sessionId: session.id, orderId: held.token }])
})

test('a sync that takes longer than a session may be silent does not end it', async (context) => {
  await using server = await slowServer(context, slowOnce)
  const link = new YdbLink(server.address)
  onTestFinished(() => link.close())
  const protectionKey = new Uint8Array(16).fill(7)
  const ends: AttachmentEnd[] = []
  const sessionId = await new Promise<bigint>((resolve) => {
    const request = {
      path: PATH,
      sessionId: 0n,
      timeoutMs: 1_000,
      description: '',
      sequenceNumber: 0n,
      protectionKey,
      heartbeatMs: HEARTBEAT_MS,
    }
    link.attach(request, {
      started: (started) => resolve(started.sessionId),
      contact: () => undefined,
      noticed: () => undefined,
      ended: (end) => ends.push(end),
    })
  })
  await using client = connect(server.address)
  await using session = await client.openSession(PATH)
  let longestMs = 0
  for (let value = 1; value <= PUBLISHES_MAX && longestMs < SLOW_MS; value += 1) {
    const startedAt = performance.now()
    await session.config('value').publish(String(value))
    longestMs = Math.max(longestMs, performance.now() - startedAt)
  }
  expect(longestMs).toBeGreaterThan(SLOW_MS)
  expect(ends).toEqual([])
  const claim = { path: PATH, sessionId, protectionKey }
  expect(await visit(server.address, claim, 'leave')).toEqual({ sessionId, end: 'left' })
})
