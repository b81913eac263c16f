/** The command, run in process against a server in process. */
import { fileURLToPath } from 'node:url'
import type { Client, Session } from '@tenure/client'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { connect } from '../../src/connect.ts'
import type { RunOptions } from './terminal.ts'
import { Run } from './terminal.ts'

let address: string
let client: Client
let session: Session
let worlds = 0

beforeEach(async () => {
  worlds += 1
  address = `memory:commands-${worlds}`
  // Keeps the world alive between the commands of a test.
  client = connect(address)
  session = await client.openSession('/local/tenure', { createNode: true })
})

afterEach(() => client.close())

function start(words: string[], options?: RunOptions): Run {
  return new Run(['-a', address, '--timeout', '2s', ...words], options)
}

async function ends(words: string[], options?: RunOptions): Promise<Run & { code: number }> {
  const run = start(words, options)
  return Object.assign(run, { code: await run.exitCode })
}

/** Settles when somebody waits. Changes of a queue are not told, so it asks. */
async function queued(name: string): Promise<void> {
  const semaphore = session.semaphore(name)
  while ((await semaphore.describe({ waiters: true })).waiters.length === 0);
}

/** A command line that takes so many of three units, if they are free. */
function units(count: string): string[] {
  return ['lock', 'units', '--limit', '3', '--count', count, '--no-wait', '--', 'true']
}

const text = (data: Uint8Array): string => new TextDecoder().decode(data)

test('K2: lock passes the exit code of the command through', async () => {
  expect((await ends(['lock', 'jobs', '--', 'sh', '-c', 'exit 3'])).code).toBe(3)
})

test('K2: a command that a signal ended gives 128+n', async () => {
  expect((await ends(['lock', 'jobs', '--', 'sh', '-c', 'kill -9 $$'])).code).toBe(137)
})

test('the lock is free as soon as the command has ended', async () => {
  await ends(['lock', 'jobs', '--', 'true'])
  await using lock = await session.mutex('jobs').tryLock()
  expect(lock).not.toBeNull()
})

test('K5: the command finds name, token and session in its environment', async () => {
  const want =
    '[ "$TENURE_LOCK_NAME" = jobs ] && [ "$TENURE_LOCK_HELD" = true ] && [ "$TENURE_LOCK_TOKEN" -gt 0 ] && [ "$TENURE_LOCK_SESSION" -gt 0 ] && [ "$KEPT" = yes ]'
  const run = await ends(['lock', 'jobs', '--', 'sh', '-c', want], { environment: { KEPT: 'yes' } })
  expect(run.code).toBe(0)
})

test('K6: --no-wait gives up at once with 75', async () => {
  await using _lock = await session.mutex('jobs').lock()
  const run = await ends(['lock', 'jobs', '--no-wait', '--', 'true'])
  expect(run.code).toBe(75)
  expect(run.err).toContain('"jobs" is held by somebody else')
})

test('K6: --wait-timeout gives up in time, with the exit code that was asked for', async () => {
  await using _lock = await session.mutex('jobs').lock()
  const words = [
    'lock',
    'jobs',
    '--wait-timeout',
    '20ms',
    '--conflict-exit-code',
    '1',
    '--',
    'true',
  ]
  expect((await ends(words)).code).toBe(1)
})

test('K6: shared holders run together, an exclusive one does not', async () => {
  await using _shared = await session.rwlock('jobs').read()
  expect((await ends(['lock', 'jobs', '--shared', '--no-wait', '--', 'true'])).code).toBe(0)
  expect((await ends(['lock', 'jobs', '--no-wait', '--', 'true'])).code).toBe(75)
})

test('K6: --limit and --count share out units', async () => {
  const semaphore = session.semaphore('units', { limit: 3 })
  await using _lease = await semaphore.acquire({ count: 2 })
  expect((await ends(units('1'))).code).toBe(0)
  expect((await ends(units('2'))).code).toBe(75)
})

test('a declared limit that is not the real one is refused', async () => {
  await session.semaphore('units').create({ limit: 3 })
  const run = await ends(['lock', 'units', '--limit', '4', '--', 'true'])
  expect(run.code).toBe(1)
  expect(run.err).toContain('units')
})

test('K3: a signal before the grant leaves the queue and gives 128+n', async () => {
  await using _lock = await session.mutex('jobs').lock()
  const run = start(['lock', 'jobs', '--', 'true'])
  await queued('jobs')
  run.send('SIGTERM')
  expect(await run.exitCode).toBe(143)
  expect((await session.semaphore('jobs').describe({ waiters: true })).waiters).toEqual([])
})

test('K4: the command is stopped when its lock is taken away, with 76', async () => {
  const run = start(['lock', 'jobs', '--grace', '100ms', '--', 'sleep', '60'])
  const watched = session.semaphore('jobs').watch({ owners: true, absent: 'wait' })
  for await (const described of watched) if (described?.owners.length === 1) break
  await client.dropNode('/local/tenure')
  expect(await run.exitCode).toBe(76)
  expect(run.err).toContain('the lock "jobs" was lost, the command has been stopped')
})

test('a program that does not exist gives 127', async () => {
  const run = await ends(['lock', 'jobs', '--', '/no/such/program'])
  expect(run.code).toBe(127)
})

test.for([
  [['lock'], "missing required argument 'name'"],
  [['lock', 'jobs'], 'tenure lock jobs -- COMMAND'],
  [['lock', 'jobs', '--timeout', 'soon', '--', 'true'], 'is not a duration'],
  [['lock', 'jobs', '--limit', '0', '--', 'true'], 'is not a whole number from 1'],
  [['lock', 'jobs', '--count', '2', '--', 'true'], '--count needs --limit'],
  [['lock', 'jobs', '--shared', '--limit', '2', '--', 'true'], 'exclude each other'],
  [['lock', 'jobs', '--grace', '10s', '--', 'true'], 'is too long for --timeout'],
  [['lock', 'jobs', '--conflict-exit-code', '256', '--', 'true'], 'is not an exit code'],
  [['frobnicate'], "unknown command 'frobnicate'"],
  [['watch', '--frobnicate', 'x'], "unknown option '--frobnicate'"],
] as const)('%s is a usage error, 64', async ([words, message]) => {
  const run = await ends([...words])
  expect(run.err).toContain(message)
  expect(run.code).toBe(64)
})

test('an address that nobody understands is a usage error', async () => {
  const run = new Run(['-a', 'http://example.org', 'node', 'list'])
  expect(await run.exitCode).toBe(64)
  expect(run.err).toContain('http://example.org')
})

test('no server gives 69 and says what to do', async () => {
  const run = new Run([
    '-a',
    'grpc://127.0.0.1:1/local',
    '--timeout',
    '300ms',
    'config',
    'get',
    'colours',
  ])
  expect(await run.exitCode).toBe(69)
  expect(run.err).toContain('tenure serve')
})

test('serve with a store that cannot be there gives 69 and names it', async () => {
  const file = fileURLToPath(import.meta.url)
  const run = await ends([
    'serve',
    '--data',
    file,
    '--listen',
    '127.0.0.1:0',
    '--http',
    '127.0.0.1:0',
  ])
  expect(run.code).toBe(69)
  expect(run.err).toContain(file)
  expect(run.err.trim().split('\n')).toHaveLength(1)
})

test('every subcommand explains itself', async () => {
  const groups = ['semaphore', 'registry', 'config', 'kv', 'node', 'session']
  for (const name of ['lock', 'elect', 'work', 'watch', 'why', 'serve', ...groups]) {
    const run = await ends([name, '--help'])
    expect(run).toMatchObject({ code: 0, err: '' })
    expect(run.out).toContain(`tenure ${name}`)
  }
})

test('--help ends with 0 and names every subcommand', async () => {
  const run = await ends(['--help'])
  expect(run.code).toBe(0)
  for (const name of [
    'serve',
    'lock',
    'elect',
    'work',
    'semaphore',
    'watch',
    'registry',
    'config',
    'kv',
    'node',
    'session',
    'why',
  ]) {
    expect(run.out).toContain(name)
  }
})

test('--version prints the version of the package', async () => {
  const run = await ends(['--version'])
  expect(run.out).toMatch(/^\d+\.\d+\.\d+\n$/)
  expect(run.code).toBe(0)
})

test('elect runs the command while it leads, and observers see its data', async () => {
  const run = start(['elect', 'boss', '--data', 'me', '--', 'sh', '-c', 'sleep 60'])
  for await (const { leader } of session.election('boss').observe()) {
    if (leader === null) continue
    expect(text(leader.data)).toBe('me')
    break
  }
  run.send('SIGTERM')
  expect(await run.exitCode).toBe(143)
  expect(await session.election('boss').leader()).toBeNull()
})

test('elect takes part or looks on, not both', async () => {
  const run = await ends(['elect', 'boss', '--observe', '--', 'true'])
  expect(run.code).toBe(64)
  expect(run.err).toContain('--observe')
})

test('elect --observe prints a line for every change of leader', async () => {
  const run = start(['--json', 'elect', 'boss', '--observe'])
  await run.lines(1)
  const leadership = await session.election('boss').campaign('me')
  await run.lines(2)
  await leadership.resign()
  await run.lines(3)
  run.send('SIGINT')
  expect(await run.exitCode).toBe(130)
  expect(run.json()).toEqual([
    { name: 'boss', leader: null },
    {
      name: 'boss',
      leader: { sessionId: `${session.id}`, term: `${leadership.token}`, data: 'me' },
    },
    { name: 'boss', leader: null },
  ])
})

test('semaphore create, describe, update and delete', async () => {
  expect((await ends(['semaphore', 'create', 'pool', '--limit', '4', '--data', 'one'])).code).toBe(
    0,
  )
  expect((await ends(['semaphore', 'create', 'pool', '--limit', '4'])).code).toBe(1)
  expect((await ends(['semaphore', 'update', 'pool', '-'], { stdin: 'two' })).code).toBe(0)
  await using lease = await session.semaphore('pool').acquire({ count: 3, data: 'mine' })
  const described = await ends(['--json', 'semaphore', 'describe', 'pool'])
  expect(described.json()).toEqual([
    {
      name: 'pool',
      exists: true,
      limit: '4',
      count: '3',
      ephemeral: false,
      data: 'two',
      owners: [{ sessionId: `${session.id}`, token: `${lease.token}`, count: '3', data: 'mine' }],
      waiters: [],
    },
  ])
  const inUse = await ends(['semaphore', 'delete', 'pool'])
  expect(inUse.code).toBe(1)
  expect((await ends(['semaphore', 'delete', 'pool', '--force'])).code).toBe(0)
  expect((await ends(['semaphore', 'describe', 'pool'])).code).toBe(1)
})

test('semaphore acquire holds until a signal comes', async () => {
  await session.semaphore('pool').create({ limit: 4 })
  const run = start(['semaphore', 'acquire', 'pool', '--count', '4'])
  await run.lines(1)
  expect((await session.semaphore('pool').describe()).count).toBe(4n)
  run.send('SIGINT')
  expect(await run.exitCode).toBe(130)
  expect((await session.semaphore('pool').describe()).count).toBe(0n)
})

test('watch prints the present state, then every change', async () => {
  const run = start(['--json', 'watch', 'door'])
  await run.lines(1)
  const lock = await session.mutex('door').lock()
  await run.lines(2)
  await lock.release()
  await run.lines(3)
  run.send('SIGTERM')
  expect(await run.exitCode).toBe(143)
  expect(run.json()).toMatchObject([
    { exists: false },
    { exists: true, owners: [{ token: `${lock.token}` }] },
    { exists: false },
  ])
})

test('registry register, list and watch', async () => {
  const watching = start(['--json', 'registry', 'watch', 'web'])
  await watching.lines(1)
  const registered = start(['registry', 'register', 'web', '10.0.0.1:80'])
  await watching.lines(2)
  const listed = await ends(['--json', 'registry', 'list', 'web'])
  expect(listed.json()).toMatchObject([{ name: 'web', endpoints: [{ data: '10.0.0.1:80' }] }])
  registered.send('SIGTERM')
  expect(await registered.exitCode).toBe(143)
  await watching.lines(3)
  watching.send('SIGINT')
  expect(await watching.exitCode).toBe(130)
  expect(watching.json()).toMatchObject([{ endpoints: [] }, { endpoints: [{}] }, { endpoints: [] }])
})

test('registry register -- CMD is registered while the command runs', async () => {
  const run = await ends([
    'registry',
    'register',
    'web',
    'here',
    '--',
    'sh',
    '-c',
    '[ "$TENURE_REGISTRY_NAME" = web ]; exit $?',
  ])
  expect(run.code).toBe(0)
})

test('config publish, get and watch', async () => {
  const missing = await ends(['config', 'get', 'colours'])
  expect(missing.code).toBe(1)
  expect(missing.err).toContain('tenure config publish colours')
  const watching = start(['config', 'watch', 'colours'])
  expect((await ends(['config', 'publish', 'colours', 'red'])).code).toBe(0)
  await watching.lines(1)
  expect((await ends(['config', 'publish', 'colours', '-'], { stdin: 'green\n' })).code).toBe(0)
  await watching.lines(2)
  expect((await ends(['config', 'get', 'colours'])).out).toBe('green\n')
  watching.send('SIGINT')
  await watching.exitCode
  expect(watching.out).toBe('red\ngreen\n')
})

test('bytes that are no text are base64 in JSON', async () => {
  await session.config('raw').publish(new Uint8Array([0xff, 0x00]))
  expect((await ends(['--json', 'config', 'get', 'raw'])).json()).toEqual([
    { name: 'raw', dataBase64: '/wA=' },
  ])
})

test('node create, alter, describe, list and drop', async () => {
  const create = [
    'node',
    'create',
    '/local/app',
    '--session-grace-period',
    '5s',
    '--read-consistency',
    'strict',
  ]
  expect((await ends(create)).code).toBe(0)
  expect((await ends(['node', 'alter', '/local/app', '--self-check-period', '2s'])).code).toBe(0)
  expect((await ends(['--json', 'node', 'describe', '/local/app'])).json()).toEqual([
    {
      path: '/local/app',
      config: { selfCheckPeriodMs: 2000, sessionGracePeriodMs: 5000, readConsistency: 'strict' },
    },
  ])
  expect((await ends(['node', 'list'])).out).toBe('/local/app\n/local/tenure\n')
  expect((await ends(['node', 'drop', '/local/app'])).code).toBe(0)
  expect((await ends(['node', 'describe', '/local/app'])).code).toBe(1)
})

test('--path chooses the node, and makes it', async () => {
  await ends(['--path', '/local/elsewhere', 'config', 'publish', 'colours', 'blue'])
  await using elsewhere = await client.openSession('/local/elsewhere')
  expect(text((await elsewhere.config('colours').get()) ?? new Uint8Array())).toBe('blue')
})

test('S1-13: work runs a command for every task that fits, and none twice', async () => {
  const run = start([
    '--json',
    'work',
    '--tasks',
    '3',
    '--capacity',
    '2',
    '--grace',
    '100ms',
    '--',
    'sh',
    '-c',
    '[ -n "$TENURE_TASK_NAME" ] && sleep 60',
  ])
  const other = start([
    '--json',
    'work',
    '--tasks',
    '3',
    '--capacity',
    '2',
    '--grace',
    '100ms',
    '--',
    'sleep',
    '60',
  ])
  await Promise.race([
    Promise.all([run.lines(2), other.lines(1)]),
    Promise.all([run.lines(1), other.lines(2)]),
  ])
  const started = [...run.json(), ...other.json()]
  for (const task of ['job-0', 'job-1', 'job-2']) {
    expect(started).toContainEqual(expect.objectContaining({ task, event: 'started' }))
  }
  expect(started).toHaveLength(3)
  run.send('SIGTERM')
  other.send('SIGINT')
  expect(await run.exitCode).toBe(143)
  expect(await other.exitCode).toBe(130)
})
