/**
 * Clients by the thousand: nobody expires, memory stays inside the bounds that docs/reference/limits.md names, and all of it
 * comes back.
 *
 * guards: O1, O4, O5, S1, W1
 */
import { connect } from 'tenure'
import { expect, test } from 'vitest'
import { Loaded, PATH } from './loaded.ts'
import { bytesOf, memoryOf } from './memory.ts'
import type { Memory } from './memory.ts'
import { WireConnection, WireCrowd } from './wire.ts'
import type { WireSession } from './wire.ts'

const SESSIONS = 10_000
const WAITERS = 100_000
/** Documented: what a session with a live stream takes, with a watch, and a session that waits without one. */
const ATTACHED_BYTES_MAX = 16 * 1024
const WAITING_BYTES_MAX = 2 * 1024
/** What a session that comes and goes may leave, by chance of where pages are free. */
const RETURNING_BYTES_MAX = 4 * 1024
/** What code that was compiled meanwhile and the connections themselves may keep. */
const REST_BYTES_MAX = 12 * 1024 * 1024
const NO_DATA = new Uint8Array(0)
/** Long enough for a slow machine to bring all of them in. */
const LONG_MS = 600_000

/** Brings the sessions in, lets each watch the bell, rings it, and sends them away. @returns what they took when all were in */
async function visit({ server }: Loaded, bell: WireSession): Promise<Memory> {
  await using crowd = await WireCrowd.open(server.port, 10)
  const sessions: WireSession[] = []
  let heard = 0
  await crowd.each(
    { path: PATH, timeoutMs: 30_000, count: SESSIONS, lanes: 20 },
    async (session) => {
      sessions.push(session)
      session.heard = ({ kind }) => {
        if (kind === 'changed') heard += 1
      }
      await session.watch('bell')
    },
  )
  const full = await memoryOf(server)
  for (let round = 1; round <= 2; round += 1) {
    await bell.ask({ kind: 'update', name: 'bell', data: Buffer.from(String(round)) })
    await expect.poll(() => heard, { timeout: 60_000 }).toBe(round * SESSIONS)
    await Promise.all(sessions.map((session) => session.watch('bell')))
  }
  await Promise.all(sessions.map((session) => session.stop()))
  return full
}

test('10,000 sessions watch one object: each hears of each change, and leaves nothing behind', async () => {
  await using loaded = await Loaded.start()
  const { server, canary } = loaded
  await using connection = await WireConnection.open(server.port)
  const bell = await connection.session({ path: PATH, timeoutMs: 30_000 })
  await bell.ask({ kind: 'create', name: 'bell', limit: 1n, data: NO_DATA })
  const before = await memoryOf(server)
  const sessions = await loaded.metric('sessions')

  const full = await visit(loaded, bell)
  expect(bytesOf(full) - bytesOf(before)).toBeLessThan(SESSIONS * ATTACHED_BYTES_MAX)
  expect(await loaded.metric('session_expirations_total')).toBe(0)
  expect(await loaded.metric('sessions')).toBe(sessions)
  expect(await loaded.metric('watch_active')).toBe(0)
  const after = await memoryOf(server)
  expect(bytesOf(after) - bytesOf(before)).toBeLessThan(REST_BYTES_MAX)

  // Pages that the process keeps serve the next visit: what is not on the heap does not grow either.
  await visit(loaded, bell)
  const { residentBytes } = await memoryOf(server)
  expect(residentBytes - after.residentBytes).toBeLessThan(SESSIONS * RETURNING_BYTES_MAX)
  expect(await canary.complaints()).toEqual([])
})

test('100,000 waiters stand in line for one semaphore, and leave nothing behind', async () => {
  await using loaded = await Loaded.start()
  const { server, canary } = loaded
  await using crowd = await WireCrowd.open(server.port, 16)
  await using connection = await WireConnection.open(server.port)
  const owner = await connection.session({ path: PATH, timeoutMs: 30_000 })
  await owner.ask({ kind: 'create', name: 'line', limit: 1n, data: NO_DATA })
  await owner.wait('line')
  const before = await memoryOf(server)

  // A session in line needs no stream: it waits for as long as its timeout lets it.
  await crowd.each(
    { path: PATH, timeoutMs: LONG_MS, count: WAITERS, lanes: 20 },
    async (session) => {
      await session.wait('line')
      session.leave()
      await session.ended
    },
  )
  expect(bytesOf(await memoryOf(server)) - bytesOf(before)).toBeLessThan(
    WAITERS * WAITING_BYTES_MAX,
  )
  expect(await loaded.metric('waiters')).toBe(WAITERS)
  expect(await loaded.metric('session_expirations_total')).toBe(0)
  expect(await canary.complaints()).toEqual([])

  await owner.ask({ kind: 'delete', name: 'line', force: true })
  expect(await loaded.metric('waiters')).toBe(0)
  expect(await canary.complaints()).toEqual([])

  await using client = connect(server.address)
  await client.dropNode(PATH)
  expect(await loaded.metric('sessions')).toBe(0)
  expect(bytesOf(await memoryOf(server)) - bytesOf(before)).toBeLessThan(REST_BYTES_MAX)
})
