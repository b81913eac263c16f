/**
 * The `workers` example end to end: three workers and a server, each a process of its own.
 *
 * guards: X1, X2, X7, S2, S3
 */
import { connect } from 'tenure'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Program, ServerProcess } from './program.ts'

const TASKS = 10
const CAPACITY = 4
/** Longer than any restart of the server takes. */
const LONG_TIMEOUT_MS = 15_000
/** Processes begin slowly on a machine that has other work. */
const BUSY = { timeout: 60_000 }

let server: ServerProcess

beforeAll(async () => {
  server = await ServerProcess.start()
})

afterAll(() => server[Symbol.asyncDispose]())

function worker(path: string, timeoutMs = 1_000): Program {
  const shares = ['--tasks', `${TASKS}`, '--capacity', `${CAPACITY}`, '--timeout', `${timeoutMs}`]
  return new Program('examples/dist/workers/main.js', [
    '--ydb',
    server.address,
    '-path',
    path,
    '--semaphore-prefix',
    'job-',
    ...shares,
  ])
}

/** How many tasks each session has, as soon as `wanted` is true of that. */
async function shares(path: string, wanted: (counts: number[]) => boolean): Promise<number[]> {
  await using client = connect(server.address)
  await using session = await client.openSession(path, { createNode: true })
  const owners = new Map<string, bigint>()
  const told = new Set<string>()
  const done = new AbortController()
  return await new Promise((resolve, reject) => {
    for (let index = 0; index < TASKS; index += 1) {
      follow(`job-${index}`).catch((error: unknown) => {
        if (!done.signal.aborted) reject(error)
      })
    }
    async function follow(name: string): Promise<void> {
      const seen = session.semaphore(name).watch({ owners: true, absent: 'wait' }, done.signal)
      for await (const described of seen) {
        told.add(name)
        const owner = described?.owners[0]
        if (owner === undefined) owners.delete(name)
        else owners.set(name, owner.sessionId)
        const counts = sizes([...owners.values()])
        if (told.size < TASKS || !wanted(counts)) continue
        done.abort()
        resolve(counts)
      }
    }
  })
}

/** How often each id occurs, greatest first. */
function sizes(ids: readonly bigint[]): number[] {
  const counts = new Map<bigint, number>()
  for (const id of ids) counts.set(id, (counts.get(id) ?? 0) + 1)
  return [...counts.values()].sort((one, other) => other - one)
}

const total = (counts: number[]): number => counts.reduce((sum, count) => sum + count, 0)

/** Whether these are the shares of so many workers that have settled: a filling worker may hold too much for a moment. */
const settled = (workers: number) => (counts: number[]) =>
  counts.length === workers &&
  counts.every((count) => count <= CAPACITY) &&
  total(counts) === Math.min(TASKS, workers * CAPACITY)

test(
  'S1-06 to S1-09: three workers share ten tasks, none more than its capacity',
  BUSY,
  async () => {
    const path = '/local/share'
    await using one = worker(path, LONG_TIMEOUT_MS)
    await using two = worker(path, LONG_TIMEOUT_MS)
    await using three = worker(path, LONG_TIMEOUT_MS)
    const all = [one, two, three]
    await shares(path, settled(3))
    for (const each of all) each.kill('SIGINT')
    for (const each of all) {
      expect(await each.exit).toMatchObject({ code: 0 })
      expect(each.lines.at(-1)).toMatch(/stopped/)
      const begun = each.lines.filter((line) => line.includes('acquired token'))
      const given = each.lines.filter((line) => line.includes('released'))
      expect(given).toHaveLength(begun.length)
      expect(mostAtOnce(each.lines)).toBeLessThanOrEqual(CAPACITY)
    }
  },
)

/** How many tasks a worker ran at a time, by what it said. */
function mostAtOnce(lines: readonly string[]): number {
  let running = 0
  let most = 0
  for (const line of lines) {
    if (line.includes('acquired token')) running += 1
    if (/released|lost/.test(line)) running -= 1
    most = Math.max(most, running)
  }
  return most
}

test('S1-08: the tasks of a killed worker go to those that have room', BUSY, async () => {
  const path = '/local/kill'
  await using one = worker(path)
  await one.says(/acquired token/)
  await using two = worker(path)
  await using three = worker(path)
  await shares(path, settled(3))
  one.kill('SIGKILL')
  expect(await shares(path, settled(2))).toEqual([CAPACITY, CAPACITY])
  await Promise.all([two, three].map((each) => each[Symbol.asyncDispose]()))
})

test(
  'S1-10: a worker that was stopped for too long loses its tasks, and starts over',
  BUSY,
  async () => {
    const path = '/local/pause'
    await using one = worker(path)
    for (let count = 0; count < CAPACITY; count += 1) await one.says(/acquired token/)
    one.kill('SIGSTOP')
    await shares(path, (seen) => total(seen) === 0)
    one.kill('SIGCONT')
    for (let count = 0; count < CAPACITY; count += 1) await one.says(/lost/)
    for (let count = 0; count < CAPACITY; count += 1) await one.says(/acquired token/)
    expect(mostAtOnce(one.lines)).toBe(CAPACITY)
  },
)

test(
  'S1-10: a restart of the server within the timeout takes no task from anybody',
  BUSY,
  async () => {
    const path = '/local/restart'
    await using one = worker(path, LONG_TIMEOUT_MS)
    await using two = worker(path, LONG_TIMEOUT_MS)
    await shares(path, settled(2))
    await server.end('SIGKILL')
    await server.start()
    await shares(path, settled(2))
    for (const each of [one, two])
      expect(each.lines.filter((line) => line.includes('lost'))).toEqual([])
  },
)
