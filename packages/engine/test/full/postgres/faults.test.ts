import { beforeEach, expect, test, vi } from 'vitest'
import { lacks } from '../../../../../test/needs.ts'
import { hasPostgres, PostgresServer } from '../../../../../test/postgres-server.ts'
import { Proxy } from '../../../../../test/proxy.ts'
import { LATER, OWNER, put, read } from '../../../src/conformance/entries.ts'
import type { Engine } from '../../../src/engine.ts'
import { openPostgresEngine } from '../../../src/postgres/index.ts'
import type { PostgresEngineOptions } from '../../../src/postgres/index.ts'
import { placeIn } from '../../postgres/scratch-schema.ts'
import { underLoad, Writer } from './load.ts'

const PARTITIONS = 4
const PATIENT: PostgresEngineOptions = { patienceMs: 60_000, answerMs: 1_000 }

beforeEach((context) => {
  if (!hasPostgres()) lacks(context, 'postgres')
})

/** @param ports where it connects to, in this order; the server itself when absent */
function open(server: PostgresServer, ports: readonly number[] = [server.port]): Promise<Engine> {
  const hosts = ports.map((port) => ({ host: '127.0.0.1', port }))
  return openPostgresEngine(placeIn(server, { hosts }), PATIENT)
}

const END_SESSIONS =
  "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'tenure'"

// guards: D1, D2, L2, L4
test('sessions that are ended while they commit lose nothing and tear nothing', async () => {
  await using server = await PostgresServer.start()
  const engine = await open(server)
  const { failed } = await underLoad(engine, PARTITIONS, async (progress) => {
    for (let round = 0; round < 20; round += 1) {
      await server.query(END_SESSIONS)
      await progress()
    }
  })
  expect(failed).toBe(0)
  await engine.close()
})

// guards: D1, D2, L4
test('an immediate shutdown and a restart lose nothing that was acknowledged', async () => {
  await using server = await PostgresServer.start()
  const engine = await open(server)
  const { failed } = await underLoad(engine, PARTITIONS, async (progress) => {
    for (const how of ['immediate', 'fast', 'immediate'] as const) {
      await server.end(how)
      await server.begin()
      await progress()
    }
  })
  expect(failed).toBe(0)
  await engine.close()
})

test('a session that crashes takes the server down for a moment, and nothing with it', async () => {
  await using server = await PostgresServer.start()
  const engine = await open(server)
  const { failed } = await underLoad(engine, PARTITIONS, async (progress) => {
    for (let round = 0; round < 2; round += 1) {
      const [[pid] = []] = await server.query(
        "SELECT pid FROM pg_stat_activity WHERE application_name = 'tenure' LIMIT 1",
      )
      process.kill(Number(pid), 'SIGKILL')
      await progress()
    }
  })
  expect(failed).toBe(0)
  await engine.close()
})

// guards: L2, X6
test('a server that stood still goes on where it was, and no commit is done twice', async () => {
  await using server = await PostgresServer.start()
  const engine = await open(server)
  const { failed } = await underLoad(engine, PARTITIONS, async (progress) => {
    for (let round = 0; round < 2; round += 1) {
      server.pause()
      // Longer than an answer is waited for: connections are given up, their statements go on when the server does.
      await new Promise((resolve) => setTimeout(resolve, 3_000))
      server.resume()
      await progress()
    }
  })
  expect(failed).toBe(0)
  await engine.close()
})

// guards: L2, L4
test('connections that break in the middle of questions and answers lose nothing', async () => {
  await using server = await PostgresServer.start()
  await using proxy = await Proxy.open(server.port)
  const engine = await open(server, [proxy.port])
  const { failed } = await underLoad(engine, PARTITIONS, async (progress) => {
    for (let round = 0; round < 60; round += 1) {
      proxy.cutAfter(1 + ((round * 977) % 9_000))
      await progress()
      if (round % 3 === 0) proxy.reset()
    }
    proxy.silence()
    await vi.waitFor(() => expect(proxy.accepted).toBeGreaterThan(70), { timeout: 30_000 })
    proxy.restore()
  })
  expect(failed).toBe(0)
  await engine.close()
})

// guards: X6, L4
test('two writers that take a partition from each other never mix, while sessions are ended', async () => {
  await using server = await PostgresServer.start()
  const place = placeIn(server)
  const one = await openPostgresEngine(place, PATIENT)
  const two = await openPostgresEngine(place, PATIENT)
  let last = 0n
  for (let round = 0; round < 40; round += 1) {
    const [older, newer] = round % 2 === 0 ? [one, two] : [two, one]
    const before = await older.claim('p', OWNER)
    const marks = Array.from({ length: 10 }, (_, index) => `${round}.${index}`)
    const commits = marks.map((value) => before.commit([put('a', value), put('z', value)]))
    const settled = Promise.allSettled(commits)
    if (round % 4 === 0) await server.query(END_SESSIONS)
    const after = await newer.claim('p', LATER)
    expect(after.epoch).toBeGreaterThan(last)
    last = after.epoch
    const found = await read(after)
    const outcomes = await settled
    const acknowledged = outcomes.filter(({ status }) => status === 'fulfilled').length
    const values = new Set(found.map((entry) => entry.slice(2)))
    expect(values.size).toBeLessThan(2)
    const [value = `${round}.-1`] = values
    const [writtenIn, commit] = value.split('.').map(Number)
    const isWhole = writtenIn === round && Number(commit) >= acknowledged - 1
    expect(acknowledged === 0 || isWhole, `${acknowledged} acknowledged, found ${value}`).toBe(true)
    expect(await read(after)).toEqual(found)
  }
  await one.close()
  await two.close()
})

test('a failover to a synchronous standby loses nothing that was acknowledged', async () => {
  await using primary = await PostgresServer.start()
  await using standby = await PostgresServer.start({ standbyOf: primary })
  await primary.query("ALTER SYSTEM SET synchronous_standby_names = '*'")
  await primary.query('SELECT pg_reload_conf()')
  await vi.waitFor(async () => {
    const rows = await primary.query('SELECT 1 FROM pg_stat_replication WHERE sync_state = $1', [
      'sync',
    ])
    expect(rows.length).toBe(1)
  })
  const engine = await open(primary, [primary.port, standby.port])
  const { failed } = await underLoad(engine, PARTITIONS, async (progress) => {
    await progress()
    await primary.end('immediate')
    standby.promote()
    await progress()
  })
  expect(failed).toBe(0)
  await engine.close()
})

// guards: D1, L1
test('what is not on a synchronous standby is not acknowledged, and no read is confirmed without it', async () => {
  await using server = await PostgresServer.start()
  const engine = await open(server)
  const partition = await engine.claim('p', OWNER)
  await partition.commit([put('a', '1')])
  const standbys = async (names: string): Promise<void> => {
    await server.query(`ALTER SYSTEM SET synchronous_standby_names = '${names}'`)
    await server.query('SELECT pg_reload_conf()')
    await vi.waitFor(async () => {
      expect(await server.query('SHOW synchronous_standby_names')).toEqual([[names]])
    })
  }
  await standbys('absent')
  let settled = 0
  const settle = (): void => void (settled += 1)
  const confirmed = partition.confirm().then(settle)
  const committed = partition.commit([put('a', '2')]).then(settle)
  const waiting = "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'"
  // A canceled wait is a commit here, but not on the standby: the answer is a warning.
  for (let round = 0; round < 3; round += 1) {
    await vi.waitFor(async () => expect((await server.query(waiting)).length).toBeGreaterThan(0), {
      timeout: 10_000,
    })
  }
  expect(settled).toBe(0)
  await standbys('')
  await Promise.all([confirmed, committed])
  expect(await read(partition)).toEqual(['a=2'])
  await engine.close()
})

test('a writer that is paused while another takes over writes nothing more', async () => {
  await using server = await PostgresServer.start()
  await using proxy = await Proxy.open(server.port)
  const place = placeIn(server)
  const paused = await openPostgresEngine(
    { ...place, hosts: [{ host: '127.0.0.1', port: proxy.port }] },
    PATIENT,
  )
  const other = await openPostgresEngine(place, PATIENT)
  const first = new Writer(paused, 'p', 'first')
  const running = first.run()
  await vi.waitFor(() => expect(first.acknowledged).toBeGreaterThan(50), { timeout: 30_000 })
  proxy.stall('up')
  first.end()
  const taken = await other.claim('p', LATER)
  const before = await read(taken)
  proxy.restore()
  await running
  expect(await read(taken)).toEqual(before)
  await first.check(other)
  await paused.close()
  await other.close()
})
