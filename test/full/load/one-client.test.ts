/**
 * One client that takes without giving: what it costs the server is bounded, and nobody else notices.
 *
 * guards: O1, O2, O3, O5, S1
 */
import { STATUS } from '@tenure/protocol'
import { expect, test } from 'vitest'
import { Loaded, PATH } from './loaded.ts'
import { bytesOf, memoryOf } from './memory.ts'
import { WireConnection } from './wire.ts'

const MIB = 1024 * 1024
/** O3 allows 4 MiB of unsent bytes; as much again may be on its way through the transport, and what collectors leave. */
const DEAF_BYTES_MAX = 16 * MIB
const LARGE_BYTES = 500_000

test('a stream that never reads is failed with no more than its bound in memory', async () => {
  await using loaded = await Loaded.start()
  const { server, canary } = loaded
  await using connection = await WireConnection.open(server.port)
  const writer = await connection.session({ path: PATH, timeoutMs: 30_000 })
  const data = new Uint8Array(LARGE_BYTES).fill(7)
  await writer.ask({ kind: 'create', name: 'large', limit: 1n, data })
  const before = await memoryOf(server)
  const attached = await loaded.metric('sessions_attached')

  await using other = await WireConnection.open(server.port)
  const deaf = await other.session({ path: PATH, timeoutMs: 30_000 })
  deaf.stopReading()
  for (let requestId = 1n; requestId <= 2_000n; requestId += 1n) {
    deaf.describe('large', { requestId })
  }
  // It is detached again, and its session lives on for its timeout, as after any lost stream.
  await expect.poll(() => loaded.metric('sessions_attached'), { timeout: 20_000 }).toBe(attached)
  expect(await loaded.metric('sessions')).toBe(attached + 1)
  const after = await memoryOf(server)
  expect(bytesOf(after) - bytesOf(before)).toBeLessThan(DEAF_BYTES_MAX)
  expect(await canary.complaints()).toEqual([])
})

test('what is unsent of one stream keeps nothing of other streams in memory', async () => {
  await using loaded = await Loaded.start()
  const { server } = loaded
  await using connection = await WireConnection.open(server.port)
  const reader = await connection.session({ path: PATH, timeoutMs: 30_000 })
  const data = new Uint8Array(LARGE_BYTES).fill(7)
  await reader.ask({ kind: 'create', name: 'large', limit: 1n, data })
  const before = await memoryOf(server)

  await using other = await WireConnection.open(server.port)
  const deaf = await other.session({ path: PATH, timeoutMs: 30_000 })
  deaf.stopReading()
  // The large one closes the window of the transport; small ones stay behind it.
  deaf.describe('large', { requestId: 1n })
  for (let count = 1n; count <= 100n; count += 1n) {
    deaf.send({ kind: 'ping', opaque: count })
    await reader.look('large')
  }
  expect(bytesOf(await memoryOf(server)) - bytesOf(before)).toBeLessThan(DEAF_BYTES_MAX)
})

test('20,000 requests at once on one stream are all answered, and do not hold up others', async () => {
  await using loaded = await Loaded.start()
  const { server, canary } = loaded
  await using connection = await WireConnection.open(server.port)
  const greedy = await connection.session({ path: PATH, timeoutMs: 5_000 })
  await greedy.ask({ kind: 'create', name: 'board', limit: 1n, data: new Uint8Array(0) })
  const answers = await Promise.all(
    Array.from({ length: 20_000 }, (_, at) =>
      greedy.ask({ kind: 'update', name: 'board', data: Buffer.from(String(at)) }),
    ),
  )
  expect(answers.filter(({ status }) => status !== STATUS.SUCCESS)).toEqual([])
  expect(await loaded.metric('session_expirations_total')).toBe(0)
  expect(await canary.complaints()).toEqual([])
})
