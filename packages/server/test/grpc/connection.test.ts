import { expect, test } from 'vitest'
import { dial } from './frame-client.ts'
import { serveNode } from './harness.ts'

test('a connection carries hello, ping, sessions and their requests', async () => {
  const { server } = await serveNode()
  const client = dial(server)
  expect(await client.until('hello')).toMatchObject({ version: 1, capabilities: ['records'] })
  const ping = client.ping()
  expect(await client.until('pong')).toEqual({ kind: 'pong', id: ping })
  const { channel, sessionId } = await client.open()
  expect(sessionId).toBe(1n)
  expect(await client.reply(client.acquire(channel, 'a'), 'acquired')).toMatchObject({ token: 1n })
  const release = client.ask(channel, { kind: 'release', name: 'a' })
  expect(await client.reply(release, 'released')).toEqual({ kind: 'released', released: true })
  client.say({ kind: 'stop', channel })
  expect(await client.until('ended')).toMatchObject({ channel, code: 'STOPPED' })
})
