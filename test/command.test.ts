/**
 * The command as a process: what can only be seen from outside.
 *
 * guards: S7, X7, D1
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect } from 'tenure'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Program } from './program.ts'
import { ServerProcess, tenure, tenureInside } from './program.ts'

let server: ServerProcess

beforeAll(async () => {
  server = await ServerProcess.start()
})

afterAll(() => server[Symbol.asyncDispose]())

function lock(name: string, ...command: string[]): Program {
  return tenure('-a', server.address, '--timeout', '1s', 'lock', name, '--', ...command)
}

/** Whether the process still runs; its remains do not count. */
function runs(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}

async function gone(pid: number): Promise<void> {
  while (runs(pid)) await new Promise((resolve) => setImmediate(resolve))
}

test('K2: lock passes the exit code through to the shell', async () => {
  await using program = lock('code', 'sh', '-c', 'exit 42')
  expect(await program.exit).toEqual({ code: 42, signal: null })
})

test('K3: TERM goes to the command, and its end is the end of tenure', async () => {
  await using program = lock('term', 'sh', '-c', 'echo up; while :; do sleep 0.01; done')
  await program.says(/^up$/)
  program.kill('SIGTERM')
  expect(await program.exit).toEqual({ code: 143, signal: null })
})

test('K3: a signal before the grant leaves the queue', async () => {
  await using client = connect(server.address)
  await using session = await client.openSession('/local/tenure', { createNode: true })
  await using _held = await session.mutex('queue').lock()
  await using program = lock('queue', 'true')
  // Changes of a queue are not told, so ask.
  const semaphore = session.semaphore('queue')
  while ((await semaphore.describe({ waiters: true })).waiters.length === 0);
  program.kill('SIGHUP')
  expect(await program.exit).toEqual({ code: 129, signal: null })
  expect((await session.semaphore('queue').describe({ waiters: true })).waiters).toEqual([])
})

test('a command ends with tenure when tenure is killed by -9', async () => {
  await using program = lock('orphan', 'sh', '-c', 'echo pid $$; while :; do sleep 0.01; done')
  const pid = Number((await program.says(/^pid \d+$/)).slice(4))
  program.kill('SIGKILL')
  await gone(pid)
  expect(runs(pid)).toBe(false)
})

test('K4: when the server stays away the command is stopped before its session is over there', async () => {
  await using own = await ServerProcess.start()
  const words = ['-a', own.address, '--timeout', '2s', 'lock', 'lost', '--grace', '500ms', '--']
  await using program = tenure(
    ...words,
    'sh',
    '-c',
    'trap "echo told" TERM; echo up; while :; do sleep 0.01; done',
  )
  await program.says(/^up$/)
  await own.end('SIGKILL')
  const silentAtMs = performance.now()
  await program.says(/^told$/)
  expect(await program.exit).toEqual({ code: 76, signal: null })
  expect(performance.now() - silentAtMs).toBeLessThan(2_000)
  expect(program.lines.at(-1)).toMatch(/the lock "lost" was lost, the command has been stopped/)
})

test('no server gives 69', async () => {
  await using program = tenure(
    '-a',
    'grpc://127.0.0.1:1/local',
    '--timeout',
    '500ms',
    'lock',
    'x',
    '--',
    'true',
  )
  expect((await program.exit).code).toBe(69)
})

test('S7: on TERM the server ends with 0, and sessions live on in its successor', async () => {
  await using own = await ServerProcess.start()
  await using client = connect(own.address)
  await using session = await client.openSession('/local/stop', {
    timeout: 10_000,
    createNode: true,
  })
  await using held = await session.mutex('held').lock()
  expect(await own.end('SIGTERM')).toEqual({ code: 0, signal: null })
  await own.start()
  const { owners } = await session.semaphore('held').describe({ owners: true })
  expect(owners).toMatchObject([{ sessionId: session.id, orderId: held.token }])
  expect(held.signal.aborted).toBe(false)
})

test('a second server on the same port says what stands in the way, 69', async () => {
  const listen = new URL(server.address).host
  await using second = tenure('serve', '--listen', listen, '--http', '127.0.0.1:0')
  expect((await second.exit).code).toBe(69)
  expect(second.lines.join('\n')).toMatch(/EADDRINUSE.*--listen/)
})

test('a second server on the same directory names the process that holds it, 69', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tenure-held-'))
  try {
    const words = ['serve', '--data', folder, '--listen', '127.0.0.1:0', '--http', '127.0.0.1:0']
    await using first = tenure(...words, '--json')
    await first.says(/^{"listen"/)
    await using second = tenure(...words)
    expect((await second.exit).code).toBe(69)
    expect(second.lines.join('\n')).toContain(String(first.pid))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})

test('a server in memory says loudly that nothing is kept', async () => {
  await using program = tenure('serve', '--listen', '127.0.0.1:0', '--http', '127.0.0.1:0')
  await program.says(/tenure serves grpc:/)
  expect(await program.says(/NOTHING IS KEPT/)).toContain('--data DIR')
})

test('an address that others can reach needs --insecure', async () => {
  await using program = tenure('serve', '--listen', '0.0.0.0:0', '--http', '127.0.0.1:0')
  expect((await program.exit).code).toBe(64)
  expect(program.lines.join('\n')).toContain('--insecure')
})

test('what is read slowly through a pipe is all there', async () => {
  await using client = connect(server.address)
  await client.createNode('/local/tenure')
  const storage = client.storage('/local/tenure')
  const keys = Array.from({ length: 1_000 }, (_, at) => `slow/${at}`)
  await Promise.all(keys.map((key) => storage.put({ key, value: key.padEnd(300, '.') })))
  const reader =
    '"$@" | { count=0; while read -r line; do count=$((count + 1)); done; echo "$count lines"; }'
  const words = ['-a', server.address, '--json', 'kv', 'range', '--prefix', 'slow/']
  await using program = tenureInside(['sh', '-c', reader, 'sh'], ...words)
  expect(await program.says(/ lines$/)).toBe('1000 lines')
})
