/**
 * Redis with the usual lock recipe: SET NX PX with a value that only the holder knows, released by compare and delete.
 */
import { Redis } from 'ioredis'
import { freePort } from '../machine/port.ts'
import { firstLine, need } from '../machine/program.ts'
import { ServerProcess } from '../machine/server-process.ts'
import { cellKey, cellValue, KEYS_PER_PARTY } from '../subjects/cell-values.ts'
import type { Board, Cell, Locker, Running, Subject, Visitor } from '../subjects/subject.ts'

/** Longer than any measurement: keys must not expire under load. */
const LOCK_TTL_MS = 600_000
const CLIENTS_MAX = 12_000
const CHANNEL = 'board'
const RELEASE =
  "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) else return 0 end"

/** The value and its version are fields of a hash. */
const SWAP =
  "if redis.call('hget', KEYS[1], 'n') == ARGV[1] then redis.call('hset', KEYS[1], 'n', ARGV[2], 'v', ARGV[3]) return 1 else return 0 end"

export const REDIS_DURABLE: readonly string[] = [
  '--appendonly',
  'yes',
  '--appendfsync',
  'always',
  '--save',
  '',
]

export const redis: Subject = {
  id: 'redis',
  title: 'Redis SET NX + Lua',
  family: 'rival',
  durable: true,
  settings:
    'appendonly yes, appendfsync always, no snapshots; ioredis with autopipelining, all parties on one connection; a busy name is asked for again at once (polling)',
  workloads: new Set(['pairs', 'hand-off', 'swaps', 'reads', 'idle']),
  start: (folder) => startRedis(folder, REDIS_DURABLE),
  visit: (address) => visitRedis(address),
}

export const redisChannel: Subject = {
  id: 'redis-channel',
  title: 'Redis pub/sub (not durable)',
  family: 'rival',
  durable: false,
  settings: 'nothing is stored: a lost connection loses messages; one connection per subscriber',
  workloads: new Set(['fan-out']),
  start: (folder) => startRedis(folder, ['--appendonly', 'no', '--save', '']),
  visit: (address) => visitRedis(address),
}

/** @param settings arguments of redis-server */
export async function startRedis(folder: string, settings: readonly string[]): Promise<Running> {
  const program = need('redis-server', 'redis-server')
  const port = await freePort()
  const server = await ServerProcess.start({
    command: [
      program,
      '--bind',
      '127.0.0.1',
      '--port',
      String(port),
      '--dir',
      folder,
      '--maxclients',
      String(CLIENTS_MAX),
      ...settings,
    ],
    port,
    folder,
  })
  return {
    address: String(port),
    pid: server.pid,
    version: /v=(\S+)/.exec(firstLine([program, '--version']))?.[1] ?? 'unknown',
    stop: (ask) => server.stop(ask),
  }
}

async function visitRedis(address: string): Promise<Visitor> {
  const open: Redis[] = []
  const connection = async (pipelining: boolean): Promise<Redis> => {
    const port = Number(address)
    const client = new Redis({ port, lazyConnect: true, enableAutoPipelining: pipelining })
    open.push(client)
    await client.connect()
    return client
  }
  return {
    async lockers(count) {
      const client = await connection(true)
      const script = String(await client.script('LOAD', RELEASE))
      return Array.from({ length: count }, (_, party) => new RedisLocker(client, script, party))
    },
    async cells(count) {
      const client = await connection(true)
      const script = String(await client.script('LOAD', SWAP))
      const parties = Array.from({ length: count }, (_, party) => party)
      return Promise.all(parties.map((party) => RedisCell.make(client, script, party)))
    },
    async board(watchers, seen): Promise<Board> {
      for (let watcher = 0; watcher < watchers; watcher++) {
        const subscriber = await connection(false)
        subscriber.on('message', (_channel, message) => seen(Number(message)))
        await subscriber.subscribe(CHANNEL)
      }
      const publisher = await connection(true)
      return {
        publish: async (version) => void (await publisher.publish(CHANNEL, String(version))),
      }
    },
    async idle(count) {
      for (let session = 0; session < count; session++) await (await connection(false)).ping()
    },
    async close() {
      for (const client of open) client.disconnect()
    },
  }
}

class RedisLocker implements Locker {
  readonly #client: Redis
  readonly #script: string
  readonly #party: number
  #attempts = 0
  #value = ''

  constructor(client: Redis, script: string, party: number) {
    this.#client = client
    this.#script = script
    this.#party = party
  }

  async acquire(name: string): Promise<void> {
    this.#value = `${process.pid}-${this.#party}-${this.#attempts++}`
    while ((await this.#client.set(name, this.#value, 'PX', LOCK_TTL_MS, 'NX')) !== 'OK') {}
  }

  async release(name: string): Promise<void> {
    const deleted = await this.#client.evalsha(this.#script, 1, name, this.#value)
    if (deleted !== 1) throw new Error(`Redis: ${name} was not held any more`)
  }
}

class RedisCell implements Cell {
  readonly #client: Redis
  readonly #script: string
  readonly #party: number
  readonly #versions = Array.from({ length: KEYS_PER_PARTY }, () => 0)
  #turn = 0

  private constructor(client: Redis, script: string, party: number) {
    this.#client = client
    this.#script = script
    this.#party = party
  }

  static async make(client: Redis, script: string, party: number): Promise<RedisCell> {
    for (let turn = 0; turn < KEYS_PER_PARTY; turn++) {
      await client.hset(cellKey(party, turn), { n: '0', v: cellValue(party, turn) })
    }
    return new RedisCell(client, script, party)
  }

  async swap(): Promise<void> {
    const turn = this.#turn++
    const at = turn % KEYS_PER_PARTY
    const key = cellKey(this.#party, turn)
    const version = this.#versions[at] ?? 0
    const value = cellValue(this.#party, turn)
    const done = await this.#client.evalsha(this.#script, 1, key, version, version + 1, value)
    if (done !== 1) throw new Error(`Redis: ${key} has another version`)
    this.#versions[at] = version + 1
  }

  async read(): Promise<void> {
    await this.#client.hget(cellKey(this.#party, this.#turn++), 'v')
  }
}
