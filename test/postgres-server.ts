/** A PostgreSQL server of a test's own, on 127.0.0.1, with its data in a scratch directory. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { accessSync, chownSync, constants, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { Client } from 'pg'
import { freePort } from './free-ports.ts'

/** Where Debian puts what is not on the path, the newest first. */
const FOLDERS = [17, 16, 15, 14, 13].map((version) => `/usr/lib/postgresql/${version}/bin`)

/** Of every database here; nobody is asked for a password. */
const POSTGRES_USER = 'tenure'

/** How a server ends: in good order, in an order that needs recovery, or not at all in order. */
export type PostgresStop = 'fast' | 'immediate' | 'kill'

const SIGNALS = { fast: 'SIGINT', immediate: 'SIGQUIT', kill: 'SIGKILL' } as const

export interface PostgresServerOptions {
  readonly settings?: Readonly<Record<string, string>>
  /** Where the data is; a directory of its own otherwise, which is removed. */
  readonly folder?: string
  /** Begins as a copy of this server, and follows it. */
  readonly standbyOf?: PostgresServer
}

/** Whether the programs are here. */
export function hasPostgres(): boolean {
  return programs() !== null
}

export class PostgresServer implements AsyncDisposable {
  readonly port: number
  readonly #folder: string
  readonly #options: PostgresServerOptions
  #process: ChildProcess | null = null

  private constructor(port: number, folder: string, options: PostgresServerOptions) {
    this.port = port
    this.#folder = folder
    this.#options = options
  }

  static async start(options: PostgresServerOptions = {}): Promise<PostgresServer> {
    const folder = options.folder ?? mkdtempSync(join(tmpdir(), 'tenure-postgres-'))
    const user = ordinaryUser()
    if (user !== null) chownSync(folder, user.uid, user.gid)
    const data = join(folder, 'data')
    const { standbyOf } = options
    if (standbyOf === undefined) {
      run('initdb', ['-D', data, '-U', POSTGRES_USER, '-A', 'trust', '-E', 'UTF8', '--no-sync'])
    } else {
      const source = ['-h', '127.0.0.1', '-p', String(standbyOf.port), '-U', POSTGRES_USER]
      run('pg_basebackup', [...source, '-D', data, '-R', '--no-sync', '-c', 'fast'])
    }
    const server = new PostgresServer(await freePort(), folder, options)
    await server.begin()
    return server
  }

  get data(): string {
    return join(this.#folder, 'data')
  }

  /** Starts it again, and waits until it answers. */
  async begin(settings: Readonly<Record<string, string>> = {}): Promise<void> {
    const all = { ...FIXED, ...this.#options.settings, ...settings }
    const lines = Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`])
    const command = ['-D', this.data, '-p', String(this.port), ...lines]
    const program = join(programs() ?? '', 'postgres')
    this.#process = spawn(program, command, { stdio: 'ignore', cwd: '/', ...ordinaryUser() })
    for (;;) {
      if (this.#process.exitCode !== null) throw new Error(`postgres ended, see ${this.data}`)
      try {
        await this.query('SELECT 1')
        return
      } catch {
        await pause(20)
      }
    }
  }

  async end(how: PostgresStop = 'fast'): Promise<void> {
    const process = this.#process
    this.#process = null
    if (process === null || process.exitCode !== null) return
    const gone = once(process, 'exit')
    process.kill(SIGNALS[how])
    await gone
  }

  /** All of its processes stand still, as on a machine that is paused. */
  pause(): void {
    for (const pid of this.#family()) process.kill(pid, 'SIGSTOP')
  }

  resume(): void {
    for (const pid of this.#family()) process.kill(pid, 'SIGCONT')
  }

  /** A standby begins to take writes. */
  promote(): void {
    run('pg_ctl', ['promote', '-D', this.data, '-w', '-s'])
  }

  async query(text: string, values: readonly unknown[] = []): Promise<unknown[][]> {
    const client = new Client({ ...this.access, connectionTimeoutMillis: 5_000 })
    client.on('error', () => {})
    await client.connect()
    try {
      const result = await client.query<unknown[]>({ text, values: [...values], rowMode: 'array' })
      return result.rows ?? []
    } finally {
      await client.end()
    }
  }

  get access(): { host: string; port: number; user: string; database: string } {
    return { host: '127.0.0.1', port: this.port, user: POSTGRES_USER, database: 'postgres' }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end('immediate')
    if (this.#options.folder === undefined) rmSync(this.#folder, { recursive: true, force: true })
  }

  #family(): readonly number[] {
    const pid = this.#process?.pid
    if (pid === undefined) return []
    const children = execFileSync('ps', ['-o', 'pid=', '--ppid', String(pid)], { encoding: 'utf8' })
    return [pid, ...children.split('\n').map(Number).filter(Boolean)]
  }
}

const FIXED = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  max_connections: '200',
  shared_buffers: '64MB',
}

function programs(): string | null {
  const path = (process.env['PATH'] ?? '').split(delimiter)
  for (const folder of [...FOLDERS, ...path]) {
    if (['postgres', 'initdb'].every((name) => canRun(join(folder, name)))) return folder
  }
  return null
}

export function canRun(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}

function run(name: string, parameters: readonly string[]): void {
  const program = join(programs() ?? '', name)
  execFileSync(program, parameters, { stdio: 'pipe', cwd: '/', ...ordinaryUser() })
}

/** The server refuses to run as root. Debian's package brings a user for it. */
function ordinaryUser(): { uid: number; gid: number } | null {
  if (process.getuid?.() !== 0) return null
  return { uid: idOfPostgres('-u'), gid: idOfPostgres('-g') }
}

function idOfPostgres(flag: string): number {
  return Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }))
}
