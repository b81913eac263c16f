import { Client } from 'pg'
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { lacks } from '../../../../test/needs.ts'
import { hasPostgres, PostgresServer } from '../../../../test/postgres-server.ts'
import { Proxy } from '../../../../test/proxy.ts'
import { EVERYTHING, OWNER, LATER, put, read, removeRange } from '../../src/conformance/entries.ts'
import type { Engine } from '../../src/engine.ts'
import { EngineError, FencedError } from '../../src/errors.ts'
import { netEffect } from '../../src/net-effect.ts'
import { openPostgresEngine } from '../../src/postgres/index.ts'
import { Statements } from '../../src/postgres/statements.ts'
import { placeIn } from './scratch-schema.ts'

/** How a test asks for what it cannot be told of. */
const PATIENCE = { interval: 5, timeout: 10_000 } as const

let started: PostgresServer | null = null
beforeAll(async () => {
  if (hasPostgres()) started = await PostgresServer.start()
}, 60_000)
afterAll(() => started?.[Symbol.asyncDispose]())
beforeEach((context) => {
  if (started === null) lacks(context, 'postgres')
})

function server(): PostgresServer {
  if (started === null) throw new Error('there is no server')
  return started
}

interface Stage extends AsyncDisposable {
  readonly engine: Engine
  readonly schema: string
  /** What the partition `p` says of its mark. */
  mark(): Promise<bigint>
  /** Holds the row of the partition `p` as a commit or a claim does; what it does meanwhile takes effect with `commit`. */
  hold(change?: string): Promise<Holding>
  /** Resolves when so many statements wait for a row. */
  waiting(count: number): Promise<void>
}

interface Holding {
  commit(): Promise<void>
  rollback(): Promise<void>
}

/** @param port where the engine connects to; the server itself when absent */
async function openStage(options: { port?: number; patienceMs?: number } = {}): Promise<Stage> {
  const port = options.port ?? server().port
  const place = placeIn(server(), { hosts: [{ host: '127.0.0.1', port }] })
  const engine = await openPostgresEngine(place, { patienceMs: options.patienceMs ?? 10_000 })
  const { schema } = place
  const clients: Client[] = []
  return {
    engine,
    schema,
    async mark() {
      const [[mark] = []] = await server().query(`SELECT mark FROM ${schema}.partitions`)
      return BigInt(String(mark))
    },
    async hold(change = 'SELECT 1') {
      const client = new Client(server().access)
      clients.push(client)
      await client.connect()
      await client.query('BEGIN')
      await client.query(`SELECT * FROM ${schema}.partitions FOR NO KEY UPDATE`)
      await client.query(change.replaceAll('$schema', schema))
      return {
        commit: async () => void (await client.query('COMMIT')),
        rollback: async () => void (await client.query('ROLLBACK')),
      }
    },
    async waiting(count) {
      await vi.waitFor(async () => {
        const rows = await server().query(
          "SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE $1",
          [`%${schema}%`],
        )
        expect(rows.length).toBe(count)
      }, PATIENCE)
    },
    async [Symbol.asyncDispose]() {
      await engine.close()
      await Promise.all(clients.map((client) => client.end()))
    },
  }
}

// guards: X6
test('a commit that waits for a claim to end is fenced out by it, whole', async () => {
  await using stage = await openStage()
  const partition = await stage.engine.claim('p', OWNER)
  await partition.commit([put('a', 'old')])
  const claim = await stage.hold('UPDATE $schema.partitions SET epoch = epoch + 1')
  const committed = partition
    .commit([put('a', 'new'), put('b', 'new'), removeRange('c', 'd')])
    .catch((error: unknown) => error)
  await stage.waiting(1)
  await claim.commit()
  expect(await committed).toBeInstanceOf(FencedError)
  expect(await read(await stage.engine.claim('p', LATER))).toEqual(['a=old'])
})

test('a commit that waits for a claim that is given up takes effect', async () => {
  await using stage = await openStage()
  const partition = await stage.engine.claim('p', OWNER)
  const claim = await stage.hold('UPDATE $schema.partitions SET epoch = epoch + 1')
  const committed = partition.commit([put('a', 'new')])
  await stage.waiting(1)
  await claim.rollback()
  await committed
  expect(await read(partition)).toEqual(['a=new'])
})

// guards: L2, D1
test('a commit whose answer is lost is found to be done', async () => {
  await using proxy = await Proxy.open(server().port)
  await using stage = await openStage({ port: proxy.port })
  const partition = await stage.engine.claim('p', OWNER)
  const before = await stage.mark()
  proxy.stall('down')
  const committed = partition.commit([put('a', '1')])
  await vi.waitFor(async () => expect(await stage.mark()).toBe(before + 1n), PATIENCE)
  proxy.drop()
  proxy.restore()
  await committed
  await partition.commit([put('b', '2')])
  expect(await stage.mark()).toBe(before + 2n)
  expect(await read(partition)).toEqual(['a=1', 'b=2'])
})

test('a commit that never arrived is sent again', async () => {
  await using proxy = await Proxy.open(server().port)
  await using stage = await openStage({ port: proxy.port })
  const partition = await stage.engine.claim('p', OWNER)
  const before = await stage.mark()
  proxy.stall('up')
  const committed = partition.commit([put('a', '1')])
  proxy.drop()
  proxy.restore()
  await committed
  expect(await stage.mark()).toBe(before + 1n)
  expect(await read(partition)).toEqual(['a=1'])
})

test('a commit takes effect once, although its first try is still under way when it is asked about', async () => {
  await using proxy = await Proxy.open(server().port)
  await using stage = await openStage({ port: proxy.port })
  const partition = await stage.engine.claim('p', OWNER)
  const before = await stage.mark()
  const holding = await stage.hold()
  const committed = partition.commit([put('a', '1')])
  await stage.waiting(1)
  // The server does not notice that the first connection is gone while it waits for the row.
  proxy.drop()
  await stage.waiting(2)
  await holding.rollback()
  await committed
  await partition.commit([put('a', '2')])
  await stage.waiting(0)
  expect(await stage.mark()).toBe(before + 2n)
  expect(await read(partition)).toEqual(['a=2'])
})

test('a try of a commit that arrives late, after another was done, changes nothing', async () => {
  await using stage = await openStage()
  const partition = await stage.engine.claim('p', OWNER)
  const fence = { number: '1', epoch: partition.epoch, mark: await stage.mark() }
  const writes = [put('a', '1')]
  const late = new Statements(stage.schema).commit(fence, netEffect(writes))
  await partition.commit(writes)
  await partition.commit([put('a', '2')])
  expect(await server().query(late.text, late.values)).toEqual([[null]])
  expect(await read(partition)).toEqual(['a=2'])
  expect(await stage.mark()).toBe(fence.mark + 2n)
})

test.for([
  ['ended by an administrator', 'pg_terminate_backend'],
  ['canceled', 'pg_cancel_backend'],
] as const)('a commit that is %s is done by another try', async ([, end]) => {
  await using stage = await openStage()
  const partition = await stage.engine.claim('p', OWNER)
  const holding = await stage.hold()
  const committed = partition.commit([put('a', '1')])
  await stage.waiting(1)
  await server().query(
    `SELECT ${end}(pid) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE $1`,
    [`%${stage.schema}%`],
  )
  await holding.rollback()
  await committed
  expect(await read(partition)).toEqual(['a=1'])
})

// guards: X6
test('whether a lost commit was written is unknown once another claim stands', async () => {
  await using proxy = await Proxy.open(server().port)
  await using stage = await openStage({ port: proxy.port })
  const partition = await stage.engine.claim('p', OWNER)
  const before = await stage.mark()
  proxy.stall('down')
  const committed = partition.commit([put('a', '1')]).catch((error: unknown) => error)
  await vi.waitFor(async () => expect(await stage.mark()).toBe(before + 1n), PATIENCE)
  await server().query(`UPDATE ${stage.schema}.partitions SET epoch = epoch + 1`)
  proxy.drop()
  proxy.restore()
  const failure = await committed
  expect(failure).toBeInstanceOf(EngineError)
  expect(failure).not.toBeInstanceOf(FencedError)
  await expect(partition.commit([])).rejects.toThrow(EngineError)
  await expect(partition.confirm()).rejects.toThrow(FencedError)
})

// guards: D5
test('a database that has lost acknowledged commits is not written on', async () => {
  await using stage = await openStage()
  const partition = await stage.engine.claim('p', OWNER)
  await partition.commit([put('a', '1')])
  await server().query(`UPDATE ${stage.schema}.partitions SET mark = mark - 1`)
  await expect(partition.commit([put('b', '2')])).rejects.toThrow('the database has lost some')
  await expect(partition.commit([put('b', '2')])).rejects.toThrow(EngineError)
  expect(await read(partition)).toEqual(['a=1'])
})

test('what waits while a commit is under way goes into the next one together', async () => {
  await using stage = await openStage()
  const partition = await stage.engine.claim('p', OWNER)
  const before = await stage.mark()
  const outcomes = await Promise.allSettled(
    Array.from({ length: 100 }, (_, index) =>
      partition.commit([put(index === 50 ? 'k'.repeat(2_000) : `k${index}`, '')]),
    ),
  )
  expect(outcomes.filter(({ status }) => status === 'rejected').length).toBe(1)
  expect(await stage.mark()).toBe(before + 2n)
  expect((await read(partition)).length).toBe(99)
})

test('a database that is away for too long fails a commit, and its claim with it', async () => {
  await using proxy = await Proxy.open(server().port)
  await using stage = await openStage({ port: proxy.port, patienceMs: 100 })
  const partition = await stage.engine.claim('p', OWNER)
  proxy.cut()
  await expect(partition.commit([put('a', '1')])).rejects.toThrow('not to be had for 0.1 s')
  await expect(partition.confirm()).rejects.toThrow(EngineError)
  proxy.restore()
  await expect(partition.commit([put('a', '1')])).rejects.toThrow(EngineError)
  const next = await stage.engine.claim('p', OWNER)
  await next.commit([put('a', '2')])
  expect(await read(next)).toEqual(['a=2'])
})

// guards: L1
test('a scan goes on over another connection while nothing has changed, and ends when something has', async () => {
  await using proxy = await Proxy.open(server().port)
  await using stage = await openStage({ port: proxy.port })
  const partition = await stage.engine.claim('p', OWNER)
  const rows = Array.from({ length: 3_000 }, (_, index) => put(`k${10_000 + index}`, 'v'))
  await partition.commit(rows)
  let count = 0
  for await (const _ of partition.scan(EVERYTHING)) if (++count === 10) proxy.drop()
  expect(count).toBe(3_000)
  const seen = partition.scan(EVERYTHING)[Symbol.asyncIterator]()
  await seen.next()
  await partition.commit([put('k', 'new')])
  proxy.drop()
  const rest = (async () => {
    while ((await seen.next()).done !== true);
  })()
  await expect(rest).rejects.toThrow('has changed since')
})

test('scans that nobody ends leave room for commits', async () => {
  await using stage = await openStage()
  const partition = await stage.engine.claim('p', OWNER)
  await partition.commit(Array.from({ length: 300 }, (_, index) => put(`k${index}`, 'v')))
  const scans = Array.from({ length: 40 }, () => partition.scan(EVERYTHING)[Symbol.asyncIterator]())
  const firsts = scans.map((scan) => scan.next())
  await Promise.race(firsts)
  await partition.commit([put('a', '1')])
  expect(await partition.get(Buffer.from('a'))).toEqual(Buffer.from('1'))
  await Promise.all(
    scans.map(async (scan, index) => {
      await firsts[index]
      await scan.return?.()
    }),
  )
})

// guards: D6
test('a server that would lose acknowledged commits is refused, unless that is allowed', async () => {
  const place = placeIn(server(), { settings: '-c synchronous_commit=off' })
  await expect(openPostgresEngine(place)).rejects.toThrow('synchronous_commit is off')
  const engine = await openPostgresEngine(place, { allowUnsafe: true })
  expect(engine.unsafe).toEqual([expect.stringContaining('synchronous_commit is off')])
  const partition = await engine.claim('p', OWNER)
  await partition.commit([put('a', '1')])
  await engine.close()
})

// guards: D6
test('a commit is not acknowledged when its session was made unsafe meanwhile', async () => {
  await using stage = await openStage()
  const partition = await stage.engine.claim('p', OWNER)
  expect(stage.engine.unsafe).toEqual([])
  await server().query('ALTER SYSTEM SET synchronous_commit = off')
  await server().query('SELECT pg_reload_conf()')
  try {
    await vi.waitFor(
      () => expect(partition.commit([])).rejects.toThrow('synchronous_commit was off'),
      PATIENCE,
    )
  } finally {
    await server().query('ALTER SYSTEM RESET ALL')
    await server().query('SELECT pg_reload_conf()')
  }
})

test('a database of another encoding is refused', async () => {
  await server().query("CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0")
  const place = placeIn(server(), { database: 'latin' })
  await expect(openPostgresEngine(place)).rejects.toThrow("make one with ENCODING 'UTF8'")
})

test('servers that start at the same moment make the tables together', async () => {
  const place = placeIn(server())
  const engines = await Promise.all(Array.from({ length: 6 }, () => openPostgresEngine(place)))
  const claims = await Promise.all(engines.map((engine) => engine.claim('p', OWNER)))
  expect(new Set(claims.map(({ epoch }) => epoch)).size).toBe(6)
  await Promise.all(engines.map((engine) => engine.close()))
})

test('tables of a later release are left alone', async () => {
  const place = placeIn(server())
  const engine = await openPostgresEngine(place)
  await engine.close()
  await server().query(`INSERT INTO ${place.schema}.migrations VALUES (1000, now())`)
  await expect(openPostgresEngine(place)).rejects.toThrow('use the release that made it')
})

test('a server may use tables that it may not make', async () => {
  const place = placeIn(server())
  await (await openPostgresEngine(place)).close()
  await server().query('CREATE ROLE guest LOGIN')
  await server().query(`GRANT USAGE ON SCHEMA ${place.schema} TO guest`)
  await server().query(`GRANT ALL ON ALL TABLES IN SCHEMA ${place.schema} TO guest`)
  const engine = await openPostgresEngine({ ...place, user: 'guest' })
  const partition = await engine.claim('p', OWNER)
  await partition.commit([put('a', '1')])
  expect(await read(partition)).toEqual(['a=1'])
  await engine.close()
  const other = { ...placeIn(server()), user: 'guest' }
  await expect(openPostgresEngine(other)).rejects.toThrow('permission denied')
})

// guards: A4
test('a wrong password is told at once and not quoted', async () => {
  const place = placeIn(server(), { user: 'nobody here', password: 'secret' })
  const failure = await openPostgresEngine(place).catch((error: unknown) => error)
  expect(failure).toBeInstanceOf(EngineError)
  expect(String(failure)).toContain('28000')
  expect(String(failure)).not.toContain('secret')
})
