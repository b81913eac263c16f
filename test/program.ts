/**
 * Programs of this repository as processes of their own, for the end-to-end tests. What they use of the packages is built: a process begins
 * several times sooner so.
 */
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { wordsOf } from './prebuilt/words.ts'

const ROOT = join(import.meta.dirname, '..')
const COMMAND = 'packages/tenure/dist/main.js'

interface Waiter {
  readonly pattern: RegExp
  resolve(line: string): void
  reject(error: Error): void
}

export interface Exit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

export interface Surroundings {
  readonly environment?: NodeJS.ProcessEnv
  /** Words put before the program: another one that becomes it. */
  readonly inside?: readonly string[]
}

/** One running program, and what it has said. */
export class Program implements AsyncDisposable {
  readonly lines: string[] = []
  readonly exit: Promise<Exit>
  readonly #child: ChildProcess
  readonly #waiters = new Set<Waiter>()
  /** Lines before this one have been seen by `says`. */
  #seen = 0
  #ended = false

  /** @param file path from the root of the repository */
  constructor(file: string, words: readonly string[], surroundings: Surroundings = {}) {
    const { environment = {}, inside = [] } = surroundings
    const node = [process.execPath, ...wordsOf(file)]
    const [command = '', ...rest] = [...inside, ...node, ...words]
    this.#child = spawn(command, rest, {
      cwd: ROOT,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...environment },
    })
    // What cannot be started says so by its end.
    this.#child.once('error', (error) => this.#hear(error.message))
    this.exit = new Promise((resolve) => {
      this.#child.once('close', (code, signal) => {
        this.#ended = true
        for (const waiter of this.#waiters) waiter.reject(this.#silent(waiter.pattern))
        resolve({ code, signal })
      })
    })
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      if (stream !== null) createInterface({ input: stream }).on('line', (line) => this.#hear(line))
    }
  }

  get pid(): number {
    return this.#child.pid ?? 0
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }

  /** The next line that matches, after the last one that was waited for. */
  says(pattern: RegExp): Promise<string> {
    for (let at = this.#seen; at < this.lines.length; at += 1) {
      const line = this.lines[at] ?? ''
      if (!pattern.test(line)) continue
      this.#seen = at + 1
      return Promise.resolve(line)
    }
    this.#seen = this.lines.length
    if (this.#ended) return Promise.reject(this.#silent(pattern))
    return new Promise((resolve, reject) => this.#waiters.add({ pattern, resolve, reject }))
  }

  /** What was said until now is not waited for any more. */
  forget(): void {
    this.#seen = this.lines.length
  }

  /** Kills what still runs. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#ended) this.#child.kill('SIGKILL')
    await this.exit
  }

  #hear(line: string): void {
    this.lines.push(line)
    for (const waiter of this.#waiters) {
      if (!waiter.pattern.test(line)) continue
      this.#waiters.delete(waiter)
      this.#seen = this.lines.length
      waiter.resolve(line)
    }
  }

  #silent(pattern: RegExp): Error {
    return new Error(`the program ended without a word like ${pattern}:\n${this.lines.join('\n')}`)
  }
}

/** How it has ended, and all that it has said. */
export async function ended(program: Program): Promise<Exit & { readonly said: string }> {
  const exit = await program.exit
  return { ...exit, said: program.lines.join('\n') }
}

/** `tenure` with these words. */
export function tenure(...words: string[]): Program {
  return new Program(COMMAND, words)
}

/** `tenure` with these words, started by another program. */
export function tenureInside(inside: readonly string[], ...words: string[]): Program {
  return new Program(COMMAND, words, { inside })
}

export interface ServerSettings extends Surroundings {
  /** The host of both faces; what is not the loopback must be a network that nobody else can reach. */
  readonly host?: string
  /** What it keeps everything in; by default a directory of its own. */
  readonly engine?: string
  /** More options of `tenure serve`. */
  readonly more?: readonly string[]
}

/** A server that can be killed and started again with the same data on the same port. */
export class ServerProcess implements AsyncDisposable {
  readonly #folder: string = mkdtempSync(join(tmpdir(), 'tenure-server-'))
  readonly #settings: ServerSettings
  #listen: string
  #http = ''
  #program: Program | null = null

  private constructor(settings: ServerSettings) {
    this.#settings = settings
    this.#listen = `${settings.host ?? '127.0.0.1'}:0`
  }

  static async start(settings: ServerSettings = {}): Promise<ServerProcess> {
    const server = new ServerProcess(settings)
    try {
      await server.start()
    } catch (error) {
      await server[Symbol.asyncDispose]()
      throw error
    }
    return server
  }

  get address(): string {
    return `grpc://${this.#listen}/local`
  }

  get port(): number {
    return Number(new URL(this.address).port)
  }

  /** `host:port` of metrics and health. */
  get http(): string {
    return this.#http
  }

  get program(): Program {
    if (this.#program === null) throw new Error('the server does not run')
    return this.#program
  }

  /** @param once surroundings of this run alone */
  async start(once: Surroundings = {}): Promise<void> {
    const { host = '127.0.0.1', inside = [], environment = {} } = { ...this.#settings, ...once }
    const { engine = `file:${this.#folder}`, more = [] } = this.#settings
    const words = ['--engine', engine, '--listen', this.#listen, ...more]
    if (host !== '127.0.0.1') words.push('--insecure')
    words.push('--http', `${host}:0`)
    this.#program = new Program(COMMAND, ['serve', '--json', ...words], { environment, inside })
    const ready: { listen: string; http: string } = JSON.parse(
      await this.#program.says(/^{"listen"/),
    )
    this.#listen = ready.listen
    this.#http = ready.http
  }

  /** The values of all metrics, by name; those with labels by name and labels. */
  async metrics(): Promise<Map<string, number>> {
    const text = await (await fetch(`http://${this.#http}/metrics`)).text()
    const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
    return new Map(lines.map((line) => [line.replace(/ \S+$/, ''), Number(line.split(' ').at(-1))]))
  }

  /** Ends the server by a signal and waits until it is gone. */
  async end(signal: NodeJS.Signals): Promise<Exit> {
    const { program } = this
    program.kill(signal)
    const exit = await program.exit
    this.#program = null
    return exit
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#program?.[Symbol.asyncDispose]()
    rmSync(this.#folder, { recursive: true, force: true })
  }
}
