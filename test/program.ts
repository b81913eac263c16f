/** Programs of this repository as processes of their own, run from source, for the end-to-end tests. */
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

const ROOT = join(import.meta.dirname, '..')
const COMMAND = 'packages/tenure/src/main.ts'

interface Waiter {
  readonly pattern: RegExp
  resolve(line: string): void
  reject(error: Error): void
}

export interface Exit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
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
  constructor(file: string, words: readonly string[], environment: NodeJS.ProcessEnv = {}) {
    this.#child = spawn(
      process.execPath,
      ['--import', 'tsx', '--conditions=@tenure/source', file, ...words],
      { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...environment } },
    )
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

/** `tenure` with these words. */
export function tenure(...words: string[]): Program {
  return new Program(COMMAND, words)
}

/** A server that can be killed and started again with the same data on the same port. */
export class ServerProcess implements AsyncDisposable {
  readonly #folder: string = mkdtempSync(join(tmpdir(), 'tenure-server-'))
  #listen = '127.0.0.1:0'
  #program: Program | null = null

  static async start(): Promise<ServerProcess> {
    const server = new ServerProcess()
    await server.start()
    return server
  }

  get address(): string {
    return `grpc://${this.#listen}/local`
  }

  get program(): Program {
    if (this.#program === null) throw new Error('the server does not run')
    return this.#program
  }

  async start(): Promise<void> {
    const words = ['--engine', `file:${this.#folder}`, '--listen', this.#listen]
    this.#program = tenure('serve', '--json', '--http', '127.0.0.1:0', ...words)
    const ready: { listen: string } = JSON.parse(await this.#program.says(/^{"listen"/))
    this.#listen = ready.listen
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
