/** The session stream on the wire, as a client of any language sees it. */
import { expect, test } from 'vitest'
import { serveNode } from './harness.ts'

test('a stream begins with session_started, then a ping, and serves requests', async () => {
  const { client } = await serveNode()
  const stream = client.stream()
  stream.answers = false
  stream.start()
  expect(await stream.next('sessionStarted')).toMatchObject({ sessionId: 1n, timeoutMillis: 5000n })
  const ping = await stream.next('ping')
  expect(ping.opaque).not.toBe(0n)
  stream.send({ case: 'pong', value: { opaque: ping.opaque } })
  stream.send({
    case: 'acquireSemaphore',
    value: { reqId: 7n, name: 'lock', count: 1n, ephemeral: true },
  })
  expect(await stream.next('acquireSemaphoreResult')).toMatchObject({
    reqId: 7n,
    status: 400_000,
    acquired: true,
  })
  stream.send({ case: 'sessionStop', value: {} })
  expect(await stream.next('sessionStopped')).toMatchObject({ sessionId: 1n })
  expect((await stream.ended).code).toBe(0)
})
