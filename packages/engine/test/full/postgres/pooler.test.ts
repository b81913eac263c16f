import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { freePort } from '../../../../../test/free-ports.ts'
import { lacks } from '../../../../../test/needs.ts'
import { canRun, hasPostgres, PostgresServer } from '../../../../../test/postgres-server.ts'
import { conformance } from '../../../src/conformance/index.ts'
import type { Engine } from '../../../src/engine.ts'
import { openPostgresEngine } from '../../../src/postgres/index.ts'
import type { PostgresPlace } from '../../../src/postgres/index.ts'
import { placeIn } from '../../postgres/scratch-schema.ts'
import { underLoad } from './load.ts'

const NOBODY = 65_534
/** Fewer than the connections of one engine: transactions of different connections take turns in one session. */
const SESSIONS = 6

const program = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin']
  .map((folder) => join(folder, 'pgbouncer'))
  .find(canRun)

/** PgBouncer in transaction mode in front of a server. */
class Pooler implements AsyncDisposable {
  readonly port: number
  readonly #folder = mkdtempSync(join(tmpdir(), 'tenure-pooler-'))
  readonly #server: PostgresServer
  #process: ChildProcess | null = null

  constructor(server: PostgresServer, port: number) {
    this.#server = server
    this.port = port
  }

  async begin(): Promise<void> {
    const { host, port, user, database } = this.#server.access
    const file = join(this.#folder, 'pooler.ini')
    const lines = [
      '[databases]',
      `${database} = host=${host} port=${port} user=${user}`,
      '[pgbouncer]',
      'listen_addr = 127.0.0.1',
      `listen_port = ${this.port}`,
      'unix_socket_dir =',
      'auth_type = any',
      'pool_mode = transaction',
      `default_pool_size = ${SESSIONS}`,
      'max_client_conn = 500',
    ]
    writeFileSync(file, `${lines.join('\n')}\n`)
    this.#process = spawn(program ?? '', ['-q', file], { stdio: 'ignore', ...this.#user(file) })
    await vi.waitFor(
      async () => {
        const socket = connect(this.port, '127.0.0.1')
        await once(socket, 'connect')
        socket.destroy()
      },
      { timeout: 10_000 },
    )
  }

  /** It refuses to run as root. */
  #user(file: string): { uid?: number; gid?: number } {
    if (process.getuid?.() !== 0) return {}
    for (const path of [this.#folder, file]) chownSync(path, NOBODY, NOBODY)
    return { uid: NOBODY, gid: NOBODY }
  }

  async end(): Promise<void> {
    const running = this.#process
    this.#process = null
    if (running === null || running.exitCode !== null) return
    const gone = once(running, 'exit')
    running.kill('SIGQUIT')
    await gone
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end()
    rmSync(this.#folder, { recursive: true, force: true })
  }
}

let server: PostgresServer | null = null
let pooler: Pooler | null = null
beforeAll(async () => {
  if (!hasPostgres() || program === undefined) return
  server = await PostgresServer.start()
  pooler = new Pooler(server, await freePort())
  await pooler.begin()
})
afterAll(async () => {
  await pooler?.[Symbol.asyncDispose]()
  await server?.[Symbol.asyncDispose]()
})
beforeEach((context) => {
  if (server === null) lacks(context, hasPostgres() ? 'pgbouncer' : 'postgres')
})

const places = new WeakMap<Engine, PostgresPlace>()

async function openAt(place: PostgresPlace): Promise<Engine> {
  const engine = await openPostgresEngine(place, { patienceMs: 60_000 })
  places.set(engine, place)
  return engine
}

function pooledPlace(): PostgresPlace {
  return placeIn(server!, { hosts: [{ host: '127.0.0.1', port: pooler!.port }] })
}

// guards: L4, D1, X6
conformance(
  {
    name: 'postgres through a transaction pooler',
    open: () => openAt(pooledPlace()),
    reopen: (engine) => openAt(places.get(engine)!),
  },
  { test },
)

test('a pooler that ends, and sessions behind it that end, lose nothing', async () => {
  const engine = await openAt(pooledPlace())
  const { failed } = await underLoad(engine, 4, async (progress) => {
    for (let round = 0; round < 5; round += 1) {
      await server?.query(
        'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND backend_type = $1',
        ['client backend'],
      )
      await progress()
      await pooler?.end()
      await pooler?.begin()
      await progress()
    }
  })
  expect(failed).toBe(0)
  await engine.close()
})
