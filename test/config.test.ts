/** A server as a process that follows its configuration file. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect } from 'tenure'
import { afterAll, expect, test } from 'vitest'
import { BuiltServer } from './built-server.ts'

const folder = mkdtempSync(join(tmpdir(), 'tenure-config-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

// holds: S2-17
test('SIGHUP makes a server read its configuration again, SIGTERM ends it', async () => {
  const file = join(folder, 'tenure.yaml')
  writeFileSync(file, 'nodes: { orders: { themes: { 1: { name: before } } } }\n')
  const environment = { TENURE_CONFIG: file }
  const server = await BuiltServer.start(join(folder, 'data'), { environment })
  await using client = connect(server.address)
  const name = async (): Promise<string | undefined> =>
    (await client.pipe('/local/orders').themes())[0]?.name
  expect(await name()).toBe('before')
  writeFileSync(file, 'nodes: { orders: { themes: { 1: { name: after } } } }\n')
  process.kill(server.pid, 'SIGHUP')
  await expect.poll(name).toBe('after')
  expect(await server.end('SIGTERM')).toEqual({ code: 0, signal: null })
})
