/** The built `tenure` command as a process, on a folder of the caller's, if wanted under another program that hurts it. */
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterTest } from './leftovers.ts'
import { wordsOf } from './prebuilt/words.ts'

const COMMAND = 'packages/tenure/dist/main.js'
const STOP_MAX_MS = 10_000

export interface BuiltOptions {
  /** Stands before the command: a program, such as strace, with its words. */
  readonly under?: readonly string[]
  readonly environment?: Readonly<Record<string, string>>
  readonly listen?: string
}

export interface Exit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

/** What a server says when it is ready. */
interface Ready {
  readonly listen: string
  readonly http: string
}

/** The server did not come up: what it said instead, and how it ended. */
export class NotServing extends Error {
  readonly exit: Exit
  readonly lines: readonly string[]

  constructor(exit: Exit, lines: readonly string[]) {
    super(`the server ended before it was ready (${JSON.stringify(exit)}):\n${lines.join('\n')}`)
    this.exit = exit
    this.lines = lines
  }
}

export class BuiltServer implements AsyncDisposable {
  readonly lines: string[] = []
  readonly exit: Promise<Exit>
  readonly #child: ChildProcess
  #ready: Ready = { listen: '', http: '' }

  private constructor(child: ChildProcess) {
    this.#child = child
    this.exit = new Promise((resolve) => {
      child.once('close', (code, signal) => resolve({ code, signal }))
    })
    afterTest(() => this[Symbol.asyncDispose]())
  }

  /** @throws NotServing when it ends before it is ready */
  static async start(folder: string, options: BuiltOptions = {}): Promise<BuiltServer> {
    const { under = [], environment = {}, listen = '127.0.0.1:0' } = options
    const words = ['serve', '--json', '--http', '127.0.0.1:0', '--listen', listen]
    const command = [process.execPath, ...wordsOf(COMMAND), ...words, '--engine', `file:${folder}`]
    const [program = '', ...rest] = [...under, ...command]
    const server = new BuiltServer(
      spawn(program, rest, {
        stdio: ['ignore', 'pipe', 'pipe'],
        env: { ...process.env, ...environment },
      }),
    )
    await server.#listenTo()
    return server
  }

  get address(): string {
    return `grpc://${this.#ready.listen}/local`
  }

  get listen(): string {
    return this.#ready.listen
  }

  get http(): string {
    return `http://${this.#ready.http}`
  }

  /** The process of the server itself, also when it runs under another program. */
  get pid(): number {
    const { pid = 0 } = this.#child
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim()
    return children === '' ? pid : Number(children.split(' ')[0])
  }

  /** Stops every thread of it, and returns once they stand still. */
  stop(): void {
    const { pid } = this
    process.kill(pid, 'SIGSTOP')
    const giveUpAt = performance.now() + STOP_MAX_MS
    while (!standsStill(pid)) {
      if (performance.now() > giveUpAt) throw new Error(`process ${pid} does not stop`)
    }
  }

  goOn(): void {
    process.kill(this.pid, 'SIGCONT')
  }

  async end(signal: NodeJS.Signals): Promise<Exit> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      process.kill(this.pid, signal)
    }
    return this.exit
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end('SIGKILL')
  }

  #listenTo(): Promise<void> {
    return new Promise((resolve, reject) => {
      for (const stream of [this.#child.stdout, this.#child.stderr]) {
        if (stream === null) continue
        createInterface({ input: stream }).on('line', (line) => {
          this.lines.push(line)
          if (!line.startsWith('{"listen"')) return
          this.#ready = JSON.parse(line)
          resolve()
        })
      }
      void this.exit.then((exit) => reject(new NotServing(exit, this.lines)))
    })
  }
}

function standsStill(pid: number): boolean {
  const folder = `/proc/${pid}/task`
  return readdirSync(folder).every((task) => {
    const status = readFileSync(join(folder, task, 'stat'), 'utf8')
    return /^[Tt]$/.test(status.slice(status.lastIndexOf(')') + 2, status.lastIndexOf(')') + 3))
  })
}
