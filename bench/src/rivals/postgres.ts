/**
 * PostgreSQL used as a lock: a row per held name without waiting, a row lock where somebody waits.
 */
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { Client, Pool, type ClientConfig } from 'pg'
import { freePort } from '../machine/port.ts'
import { firstLine, need } from '../machine/program.ts'
import { give } from '../machine/scratch.ts'
import { ServerProcess } from '../machine/server-process.ts'
import { cellKey, cellValue, KEYS_PER_PARTY } from '../subjects/cell-values.ts'
import type { Cell, Locker, Running, Subject, Visitor } from '../subjects/subject.ts'

const CONNECTIONS_MAX = 1_100
/** More connections than this make changes slower, not faster: each is a process of the server. */
export const POSTGRES_CONNECTIONS_MAX = 64
/** An idle connection takes more than a megabyte. */
const IDLE_MAX = 500

export const postgresRow: Subject = {
  id: 'postgres',
  title: 'PostgreSQL rows',
  family: 'rival',
  durable: true,
  settings: `fsync on, synchronous_commit on; INSERT and DELETE, UPDATE where the version fits, SELECT, as prepared statements, at most ${POSTGRES_CONNECTIONS_MAX} connections; at most ${IDLE_MAX} idle ones`,
  workloads: new Set(['pairs', 'swaps', 'reads', 'idle']),
  idleMax: IDLE_MAX,
  start: (folder) => startPostgres(folder),
  visit: (address) =>
    visitPostgres(address, async (pool, count) => {
      await pool.query(
        'CREATE TABLE IF NOT EXISTS held (name text PRIMARY KEY, holder int NOT NULL)',
      )
      return Array.from({ length: count }, (_, party) => new RowLocker(pool, party))
    }),
}

export const postgresRowLock: Subject = {
  id: 'postgres-row-lock',
  title: 'PostgreSQL SELECT FOR UPDATE (lock not durable)',
  family: 'rival',
  durable: false,
  settings:
    'fsync on, synchronous_commit on; one connection per waiter, release is COMMIT; the commit is synced, but a holder is known only as long as its connection and the server live',
  workloads: new Set(['hand-off']),
  start: (folder) => startPostgres(folder),
  visit: (address) =>
    visitPostgres(address, async (pool, count) => {
      await pool.query('CREATE TABLE IF NOT EXISTS gate (name text PRIMARY KEY)')
      const lockers: RowLockLocker[] = []
      for (let party = 0; party < count; party++) {
        const client = new Client(postgresOptions(address))
        await client.connect()
        lockers.push(new RowLockLocker(client))
      }
      return lockers
    }),
}

export async function startPostgres(folder: string): Promise<Running> {
  const installed = [
    '/usr/lib/postgresql/15/bin',
    '/usr/lib/postgresql/16/bin',
    '/usr/lib/postgresql/17/bin',
  ]
  const program = need('postgres', 'postgresql', installed)
  const initdb = need('initdb', 'postgresql', installed)
  const user = await ordinaryUser(folder)
  const data = join(folder, 'data')
  const options = {
    cwd: folder,
    stdio: 'ignore',
    ...(user && { uid: user.userId, gid: user.groupId }),
  } as const
  execFileSync(initdb, ['-D', data, '-U', 'bench', '-A', 'trust', '-E', 'UTF8'], options)
  const port = await freePort()
  const settings = [
    'listen_addresses=127.0.0.1',
    'unix_socket_directories=',
    `max_connections=${CONNECTIONS_MAX}`,
    'fsync=on',
    'synchronous_commit=on',
  ]
  const server = await ServerProcess.start({
    command: [program, '-D', data, '-p', String(port), ...settings.flatMap((line) => ['-c', line])],
    port,
    folder,
    ...(user && { user }),
  })
  return {
    address: String(port),
    pid: server.pid,
    version: /\d[\d.]*/.exec(firstLine([program, '--version']))?.[0] ?? 'unknown',
    stop: (ask) => server.stop(ask === undefined ? 'SIGINT' : ask),
  }
}

/** PostgreSQL refuses to run as root; its package brings a user of its own. */
async function ordinaryUser(
  folder: string,
): Promise<{ userId: number; groupId: number } | undefined> {
  if (process.getuid?.() !== 0) return undefined
  const user = {
    userId: Number(firstLine(['id', '-u', 'postgres'])),
    groupId: Number(firstLine(['id', '-g', 'postgres'])),
  }
  await give(folder, user.userId, user.groupId)
  return user
}

export function postgresOptions(address: string): ClientConfig {
  return { host: '127.0.0.1', port: Number(address), user: 'bench', database: 'postgres' }
}

async function visitPostgres(
  address: string,
  lockers: (pool: Pool, count: number) => Promise<Locker[]>,
): Promise<Visitor> {
  const pools: Pool[] = []
  return {
    lockers(count) {
      const pool = new Pool({
        ...postgresOptions(address),
        max: Math.min(count, POSTGRES_CONNECTIONS_MAX),
      })
      pools.push(pool)
      return lockers(pool, count)
    },
    async cells(count) {
      const pool = new Pool({
        ...postgresOptions(address),
        max: Math.min(count, POSTGRES_CONNECTIONS_MAX),
      })
      pools.push(pool)
      await pool.query(
        'CREATE TABLE IF NOT EXISTS cell (name text PRIMARY KEY, version bigint NOT NULL, value text NOT NULL)',
      )
      const parties = Array.from({ length: count }, (_, party) => party)
      return Promise.all(parties.map((party) => RowCell.make(pool, party)))
    },
    async idle(count) {
      for (let session = 0; session < count; session++) {
        const client = new Client(postgresOptions(address))
        await client.connect()
        await client.query('SELECT 1')
      }
    },
    async close() {
      await Promise.all(pools.map((pool) => pool.end()))
    },
  }
}

class RowLocker implements Locker {
  readonly #pool: Pool
  readonly #party: number

  constructor(pool: Pool, party: number) {
    this.#pool = pool
    this.#party = party
  }

  async acquire(name: string): Promise<void> {
    const { rowCount } = await this.#pool.query({
      name: 'acquire',
      text: 'INSERT INTO held (name, holder) VALUES ($1, $2) ON CONFLICT DO NOTHING',
      values: [name, this.#party],
    })
    if (rowCount !== 1) throw new Error(`PostgreSQL: ${name} is held by somebody else`)
  }

  async release(name: string): Promise<void> {
    const { rowCount } = await this.#pool.query({
      name: 'release',
      text: 'DELETE FROM held WHERE name = $1 AND holder = $2',
      values: [name, this.#party],
    })
    if (rowCount !== 1) throw new Error(`PostgreSQL: ${name} was not held`)
  }
}

class RowLockLocker implements Locker {
  readonly #client: Client

  constructor(client: Client) {
    this.#client = client
  }

  async acquire(name: string): Promise<void> {
    await this.#client.query({
      name: 'place',
      text: 'INSERT INTO gate (name) VALUES ($1) ON CONFLICT DO NOTHING',
      values: [name],
    })
    await this.#client.query('BEGIN')
    await this.#client.query({
      name: 'wait',
      text: 'SELECT name FROM gate WHERE name = $1 FOR UPDATE',
      values: [name],
    })
  }

  async release(): Promise<void> {
    await this.#client.query('COMMIT')
  }
}

class RowCell implements Cell {
  readonly #pool: Pool
  readonly #party: number
  readonly #versions = Array.from({ length: KEYS_PER_PARTY }, () => 0)
  #turn = 0

  private constructor(pool: Pool, party: number) {
    this.#pool = pool
    this.#party = party
  }

  static async make(pool: Pool, party: number): Promise<RowCell> {
    for (let turn = 0; turn < KEYS_PER_PARTY; turn++) {
      await pool.query({
        name: 'fill',
        text: 'INSERT INTO cell (name, version, value) VALUES ($1, 0, $2) ON CONFLICT (name) DO UPDATE SET version = 0',
        values: [cellKey(party, turn), cellValue(party, turn)],
      })
    }
    return new RowCell(pool, party)
  }

  async swap(): Promise<void> {
    const turn = this.#turn++
    const at = turn % KEYS_PER_PARTY
    const key = cellKey(this.#party, turn)
    const version = this.#versions[at] ?? 0
    const { rowCount } = await this.#pool.query({
      name: 'swap',
      text: 'UPDATE cell SET version = version + 1, value = $3 WHERE name = $1 AND version = $2',
      values: [key, version, cellValue(this.#party, turn)],
    })
    if (rowCount !== 1) throw new Error(`PostgreSQL: ${key} has another version`)
    this.#versions[at] = version + 1
  }

  async read(): Promise<void> {
    await this.#pool.query({
      name: 'read',
      text: 'SELECT version, value FROM cell WHERE name = $1',
      values: [cellKey(this.#party, this.#turn++)],
    })
  }
}
