/** A server inside a program. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { connect } from '../src/connect.ts'
import { serve } from '../src/serve.ts'
import { Run } from './command/terminal.ts'

const ANY = { listen: '127.0.0.1:0', http: null } as const

let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tenure-serve-'))
})

afterEach(() => rmSync(folder, { recursive: true, force: true }))

test('N4: a program can bring its own server, and clients reach it by its address', async () => {
  await using serving = await serve(ANY)
  expect(serving).toMatchObject({ engine: 'memory', durable: false, http: null })
  await using client = connect(serving.address)
  await using session = await client.openSession('/local/x', { createNode: true })
  await using lock = await session.mutex('door').lock()
  expect(lock.token).toBe(1n)
})

// guards: D1, X2
test('what a server kept is there for the next one, and for this process itself', async () => {
  const engine = `file:${folder}`
  const one = await serve({ ...ANY, engine })
  const client = connect(one.address)
  const session = await client.openSession('/local/x', { createNode: true })
  const { token } = await session.mutex('door').lock()
  await client.close()
  await one.close()
  await using local = connect(engine)
  await using again = await local.openSession('/local/x')
  await using lock = await again.mutex('door').lock()
  expect(lock.token).toBeGreaterThan(token)
})

test('a server that cannot listen leaves its directory free', async () => {
  await using first = await serve(ANY)
  const engine = `file:${folder}`
  await expect(serve({ ...ANY, engine, listen: first.listen })).rejects.toMatchObject({
    code: 'EADDRINUSE',
  })
  await using second = await serve({ ...ANY, engine })
  expect(second.durable).toBe(true)
})

test('closing twice is closing once', async () => {
  const serving = await serve(ANY)
  await Promise.all([serving.close(), serving.close()])
  await serving[Symbol.asyncDispose]()
  expect(serving.listen).toMatch(/^127\.0\.0\.1:\d+$/)
})

test.for([
  [{ engine: 'redis:' }, 'is no engine'],
  [{ engine: 'etcd:' }, 'is no address of an etcd cluster'],
  [{ listen: '2136' }, 'is no address to listen on'],
  [{ listen: '127.0.0.1:70000' }, 'is no address to listen on'],
  [{ listen: '0.0.0.0:0' }, 'can be reached from other machines'],
  [{ database: 'local' }, 'a database is named like /local'],
] as const)('%j is refused', async ([options, message]) => {
  await expect(serve({ ...ANY, ...options })).rejects.toThrow(message)
})

test('S7: tenure serve ends with 0 on the first signal, and at once on the second', async () => {
  const run = new Run(['--json', 'serve', '--listen', '127.0.0.1:0', '--http', '127.0.0.1:0'])
  await run.lines(1)
  expect(run.json()).toMatchObject([{ engine: 'memory', durable: false, database: '/local' }])
  run.send('SIGTERM')
  run.send('SIGINT')
  expect(await run.exitCode).toBe(0)
  expect(run.quits).toEqual([130])
  expect(run.err).toContain('stopping on SIGTERM')
})

test('--data and --engine exclude each other', async () => {
  const run = new Run(['serve', '--data', folder, '--engine', 'memory:'])
  expect(await run.exitCode).toBe(64)
  expect(run.err).toContain('--data DIR is --engine file:DIR')
})
