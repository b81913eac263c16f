/**
 * The `lock` example end to end: two copies of it and a server, each a process of its own.
 *
 * guards: X2, X7, S2, S3
 */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Program, ServerProcess } from './program.ts'

const TIMEOUT_MS = 1_000
/** Longer than any restart of the server takes. */
const LONG_TIMEOUT_MS = 15_000

let server: ServerProcess

beforeAll(async () => {
  server = await ServerProcess.start()
})

afterAll(() => server[Symbol.asyncDispose]())

/** One copy of the example, with the flags of the reference. */
function copy(semaphore: string, timeoutMs = TIMEOUT_MS): Program {
  return new Program(
    'examples/dist/lock/main.js',
    [
      '-ydb',
      server.address,
      '--path',
      '/local/test',
      '--semaphore',
      semaphore,
      '--timeout',
      `${timeoutMs}`,
    ],
    { environment: { YDB_ANONYMOUS_CREDENTIALS: '1' } },
  )
}

async function acquires(program: Program): Promise<bigint> {
  return BigInt((await program.says(/acquired token/)).split(' ').at(-1) ?? '')
}

test('S1-01, S1-02, S1-05: INT to the holder passes the lock on at once, with a greater token', async () => {
  await using first = copy('int', LONG_TIMEOUT_MS)
  const firstToken = await acquires(first)
  await using second = copy('int', LONG_TIMEOUT_MS)
  await second.says(/waiting/)
  const toldAtMs = performance.now()
  first.kill('SIGINT')
  const secondToken = await acquires(second)
  // Well before the session's timeout: it was given back, not lost.
  expect(performance.now() - toldAtMs).toBeLessThan(LONG_TIMEOUT_MS / 2)
  expect(secondToken).toBeGreaterThan(firstToken)
  await first.says(/released/)
  expect(await first.exit).toMatchObject({ code: 0 })
})

test('S1-01: after kill -9 of the holder the lock passes on when its session has expired', async () => {
  await using first = copy('kill')
  const firstToken = await acquires(first)
  await using second = copy('kill')
  await second.says(/waiting/)
  const killedAtMs = performance.now()
  first.kill('SIGKILL')
  expect(await acquires(second)).toBeGreaterThan(firstToken)
  expect(performance.now() - killedAtMs).toBeGreaterThan(TIMEOUT_MS * 0.9)
})

test('S1-03: a holder that was stopped for too long finds its lock lost, and asks again', async () => {
  await using first = copy('stop')
  await acquires(first)
  await using second = copy('stop')
  await second.says(/waiting/)
  first.kill('SIGSTOP')
  const secondToken = await acquires(second)
  first.kill('SIGCONT')
  await first.says(/lost/)
  await first.says(/waiting/)
  second.kill('SIGINT')
  expect(await acquires(first)).toBeGreaterThan(secondToken)
})

test('S1-03: a restart of the server within the timeout takes the lock from nobody', async () => {
  await using first = copy('restart', LONG_TIMEOUT_MS)
  const token = await acquires(first)
  await using second = copy('restart', LONG_TIMEOUT_MS)
  await second.says(/waiting/)
  await server.end('SIGKILL')
  await server.start()
  await first.says(/working/)
  first.kill('SIGINT')
  expect(await acquires(second)).toBeGreaterThan(token)
  expect(first.lines.filter((line) => line.includes('lost'))).toEqual([])
})
