/** `tenure session`, `tenure semaphore release`, `tenure why` and `tenure elect`: what a person does when somebody hangs. */
import { type Semaphore, YdbLink } from '@tenure/client'
import { openMemoryEngine } from '@tenure/engine/memory'
import { startServer } from '@tenure/server'
import { expect, test, vi } from 'vitest'
import { spanText } from '../../src/command/span.ts'
import { connect } from '../../src/connect.ts'
import { Run } from './terminal.ts'
import { commandWorld, KINDS } from './world.ts'

/** A client hears of it as soon as the server says it. */
const PATIENCE = { interval: 1, timeout: 10_000 } as const

/** Settles when so many wait. Changes of a queue are not told, so it asks. */
async function queued(semaphore: Semaphore, count = 1): Promise<void> {
  while ((await semaphore.describe({ waiters: true })).waiters.length < count);
}

test.for(KINDS)(
  'session list shows who is there, what they hold and for what they wait, %s',
  async (kind) => {
    await using world = await commandWorld(kind)
    await using anna = await world.session('anna')
    await using boris = await world.session('boris')
    await using lock = await anna.mutex('door').lock()
    const leave = new AbortController()
    const waiting = boris.mutex('door').lock(leave.signal)
    await queued(anna.semaphore('door'))
    const text = await world.ends(['session', 'list'])
    expect(text.code).toBe(0)
    expect(text.out).toMatch(
      new RegExp(
        [
          `^session ${anna.id}: connected, timeout 30s, "anna"`,
          `  holds     "door" for [0-9.]+s, alone, token ${lock.token}`,
          `session ${boris.id}: connected, timeout 30s, "boris"`,
          `  waits for "door" for [0-9.]+s, alone, token \\d+\\n$`,
        ].join('\\n'),
      ),
    )
    const json = await world.ends(['--json', 'session', 'list'])
    expect(json.json()).toMatchObject([
      {
        id: `${anna.id}`,
        description: 'anna',
        isAttached: true,
        remainingMs: 30_000,
        holdings: [{ name: 'door', owns: true, token: `${lock.token}`, isAtLeast: false }],
      },
      { id: `${boris.id}`, holdings: [{ name: 'door', owns: false }] },
    ])
    leave.abort(new Error('enough'))
    await expect(waiting).rejects.toThrow('enough')
  },
)

test('session list says how long a session has left whose client is gone', async () => {
  await using world = await commandWorld('on a server')
  // A client of ours never leaves a session without ending it.
  const link = new YdbLink(world.address)
  const request = {
    path: world.path,
    sessionId: 0n,
    timeoutMs: 20_000,
    description: 'gone',
    sequenceNumber: 1n,
    protectionKey: new Uint8Array(16),
    heartbeatMs: 1_000,
  }
  await new Promise<void>((resolve, reject) => {
    const attachment = link.attach(request, {
      started: () => {
        attachment.leave()
        resolve()
      },
      contact: () => {},
      noticed: () => {},
      ended: ({ kind }) => reject(new Error(kind)),
    })
  })
  await vi.waitFor(async () => {
    const { out } = await world.ends(['session', 'list'])
    expect(out).toMatch(/^session \d+: not connected, ends in (20|1\d)s, "gone"\n$/)
  }, PATIENCE)
  await link.close()
})

test.for(KINDS)('session kill ends sessions, and says which were not there, %s', async (kind) => {
  await using world = await commandWorld(kind)
  const [anna, boris] = [await world.session(), await world.session()]
  const run = await world.ends(['session', 'kill', `${anna.id}`, '999', `${boris.id}`])
  expect(run).toMatchObject({
    code: 1,
    out: `ended session ${anna.id}\nended session ${boris.id}\n`,
    err: `tenure: there is no session 999 at ${world.path}\n`,
  })
  const states = (): string[] => [anna.state, boris.state]
  await vi.waitFor(() => expect(states()).toEqual(['expired', 'expired']), PATIENCE)
  expect((await world.ends(['session', 'kill', 'anna'])).code).toBe(64)
})

test.for(KINDS)('semaphore release takes a lock from its holder, %s', async (kind) => {
  await using world = await commandWorld(kind)
  await using session = await world.session()
  const lock = await session.mutex('door').lock()
  const run = await world.ends(['semaphore', 'release', 'door', '--session', `${session.id}`])
  expect(run).toMatchObject({ code: 0, out: `took "door" from session ${session.id}\n` })
  await vi.waitFor(() => expect(lock.signal.aborted).toBe(true), PATIENCE)
  const again = await world.ends(['semaphore', 'release', 'door', '--session', `${session.id}`])
  expect(again.code).toBe(1)
  expect((await world.ends(['semaphore', 'release', 'door'])).code).toBe(64)
})

test.for(KINDS)('K9, B17: why says who holds, who waits, and for how long, %s', async (kind) => {
  await using world = await commandWorld(kind)
  await using anna = await world.session('anna')
  await using boris = await world.session('boris')
  await using lease = await anna.semaphore('pool', { limit: 3 }).acquire({ count: 2, data: 'me' })
  const leave = new AbortController()
  const waiting = boris.semaphore('pool').acquire({ count: 3 }, leave.signal)
  await queued(anna.semaphore('pool'))
  const { code, out } = await world.ends(['why', 'pool'])
  expect(code).toBe(0)
  expect(out).toMatch(
    new RegExp(
      [
        '^"pool": 2 of 3 held, 1 waiting',
        `  held by    session ${anna.id} \\(anna\\) for [0-9.]+s, count 2, token ${lease.token}, data "me"`,
        `  wanted by  session ${boris.id} \\(boris\\) for [0-9.]+s, count 3, token \\d+, data ""\\n$`,
      ].join('\\n'),
    ),
  )
  leave.abort(new Error('enough'))
  await expect(waiting).rejects.toThrow('enough')
})

test.for(KINDS)(
  'B18: why follows what holders wait for, and names a deadlock, %s',
  async (kind) => {
    await using world = await commandWorld(kind)
    const [anna, boris, clara] = [
      await world.session('anna'),
      await world.session('boris'),
      await world.session('clara'),
    ]
    await anna.mutex('left').lock()
    await boris.mutex('right').lock()
    await clara.mutex('gate').lock()
    const waits = [
      anna.mutex('right').lock(),
      boris.mutex('left').lock(),
      clara.mutex('left').lock(),
    ]
    await queued(anna.semaphore('left'), 2)
    await queued(anna.semaphore('right'))
    const { out } = await world.ends(['why', 'left'])
    expect(out).toContain('"left": held by one alone, 2 waiting')
    expect(out).toContain('which waits for "right" itself')
    expect(out).toContain(
      [
        'deadlock: nobody of these can go on until one of them lets go',
        `  session ${anna.id} holds "left" and waits for "right"`,
        `  session ${boris.id} holds "right" and waits for "left"`,
      ].join('\n'),
    )
    const [json] = (await world.ends(['--json', 'why', 'left'])).json()
    expect(json).toMatchObject({
      name: 'left',
      owners: [{ sessionId: `${anna.id}`, waitsFor: [{ name: 'right' }] }],
      waiters: [{ sessionId: `${boris.id}` }, { sessionId: `${clara.id}` }],
      others: [{ name: 'right' }],
      circle: [{ holds: 'left' }, { holds: 'right' }],
      isDeadlock: true,
      isCut: false,
    })
    // Clara waits for those in the circle, and is not in it.
    const [behind] = (await world.ends(['--json', 'why', 'gate'])).json()
    expect(behind).toMatchObject({
      name: 'gate',
      others: [{ name: 'left' }, { name: 'right' }],
      circle: [{ holds: 'left' }, { holds: 'right' }],
    })
    await Promise.all([Promise.allSettled(waits), world.client.close()])
  },
)

test.for(KINDS)('a circle that another holder can end is no deadlock, %s', async (kind) => {
  await using world = await commandWorld(kind)
  const [anna, boris, clara] = [await world.session(), await world.session(), await world.session()]
  for (const session of [anna, clara]) await session.semaphore('pool', { limit: 2 }).acquire()
  await boris.mutex('door').lock()
  const waits = [anna.mutex('door').lock(), boris.semaphore('pool').acquire()]
  await queued(anna.semaphore('door'))
  await queued(anna.semaphore('pool'))
  const { out } = await world.ends(['why', 'pool'])
  expect(out).toContain('a circle: these wait for each other, unless another holder')
  await Promise.all([Promise.allSettled(waits), world.client.close()])
})

test.for(KINDS)('why stops after 32 names, and says so, %s', async (kind) => {
  await using world = await commandWorld(kind)
  const sessions = await Promise.all(Array.from({ length: 40 }, () => world.session()))
  for (const [place, session] of sessions.entries()) await session.mutex(`n${place}`).lock()
  const waits = sessions.slice(0, -1).map((session, place) => session.mutex(`n${place + 1}`).lock())
  for (let place = 1; place < 40; place++) {
    const semaphore = sessions[0]?.semaphore(`n${place}`)
    if (semaphore !== undefined) await queued(semaphore)
  }
  const { out } = await world.ends(['why', 'n0'])
  expect(out).toContain('"n31": held by one alone')
  expect(out).not.toContain('"n32": held by one alone')
  expect(out).toContain('there are more names: only 32 were looked at')
  await Promise.all([Promise.allSettled(waits), world.client.close()])
})

test.for(KINDS)('why of a name that nobody uses says that, with 1, %s', async (kind) => {
  await using world = await commandWorld(kind)
  const run = await world.ends(['why', 'nothing'])
  expect(run.code).toBe(1)
  expect(run.err).toContain('nobody holds "nothing" and nobody waits for it')
})

test.for(KINDS)(
  'elect stops its command when the leadership is taken away, with 76, %s',
  async (kind) => {
    await using world = await commandWorld(kind)
    await using session = await world.session()
    const run = world.start(['elect', 'boss', '--grace', '100ms', '--', 'sh', '-c', 'sleep 60'])
    for await (const { leader } of session.election('boss').observe()) {
      if (leader === null) continue
      await world.client.forceRelease(world.path, 'boss', leader.sessionId)
      break
    }
    expect(await run.exitCode).toBe(76)
    expect(run.err).toContain('the leadership of "boss" was lost, the command has been stopped')
  },
)

test.for(KINDS)('elect --rejoin runs its command again when it leads again, %s', async (kind) => {
  await using world = await commandWorld(kind)
  await using session = await world.session()
  const run = world.start(['elect', 'boss', '--rejoin', '--grace', '100ms', '--', 'sleep', '60'])
  const terms: bigint[] = []
  for await (const { leader } of session.election('boss').observe()) {
    if (leader === null) continue
    terms.push(leader.term)
    if (terms.length === 1) await world.client.forceRelease(world.path, 'boss', leader.sessionId)
    if (terms.length === 2) await world.client.endSession(world.path, leader.sessionId)
    if (terms.length === 3) break
  }
  run.send('SIGTERM')
  expect(await run.exitCode).toBe(143)
  expect(run.err.match(/campaigning again/g)).toHaveLength(2)
  expect(terms).toEqual(terms.toSorted((left, right) => Number(left - right)))
})

test('elect --rejoin waits for a server that went away, and says so', async () => {
  const listen = { host: '127.0.0.1', port: 0 }
  const before = await startServer({ engine: openMemoryEngine(), http: null, listen })
  const { port } = before.grpcAddress
  const address = `grpc://127.0.0.1:${port}/local`
  const words = [
    '-a',
    address,
    '--timeout',
    '500ms',
    'elect',
    'boss',
    '--rejoin',
    '--',
    'sleep',
    '60',
  ]
  const run = new Run(words)
  await using client = connect(address)
  const untilLed = (): Promise<void> =>
    client.withSession(
      '/local/tenure',
      async (session) => {
        for await (const { leader } of session.election('boss').observe())
          if (leader !== null) return
      },
      { createNode: true },
    )
  await untilLed()
  await before.stop()
  await vi.waitFor(() => expect(run.err).toMatch(/was lost.*\n.*nobody answered/), {
    timeout: 10_000,
  })
  const after = await startServer({
    engine: openMemoryEngine(),
    http: null,
    listen: { ...listen, port },
  })
  await untilLed()
  run.send('SIGTERM')
  expect(await run.exitCode).toBe(143)
  await client.close()
  await after.stop()
})

test('elect that finds no server at first ends with 69, also with --rejoin', async () => {
  const words = [
    '-a',
    'grpc://127.0.0.1:1/local',
    '--timeout',
    '300ms',
    'elect',
    'boss',
    '--rejoin',
  ]
  expect(await new Run([...words, '--', 'true']).exitCode).toBe(69)
})

test.for([
  [0, '0s'],
  [2_460, '2.5s'],
  [59_999, '59s'],
  [60_000, '1m'],
  [3_723_000, '1h 2m'],
  [90_000_000, '1d 1h'],
  [86_400_000, '1d'],
] as const)('%i ms is %s to a person', ([ms, text]) => {
  expect(spanText(ms)).toBe(text)
})
