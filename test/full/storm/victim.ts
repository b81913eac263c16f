/** A server under the storm: the built command in a process of its own, over what outlives it. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

const ROOT = join(import.meta.dirname, '..', '..', '..')
const COMMAND = 'packages/tenure/dist/main.js'

/** In which it must have stopped, whatever its clients do. */
const STOP_MS = 20_000

/** How many lines of its last words are kept. */
const LINES_MAX = 50

/** What the weather is bad for: one server, or several that are one for their clients. */
export interface Besieged {
  /** After one of several was killed, stopped or paused: so long nobody knows which of them has the node. 0 where there is one. */
  readonly unrestMs: number
  readonly pids: readonly number[]
  /** What was said last. */
  readonly words: string
  /** Starts what does not run. @returns the ports of all */
  start(): Promise<readonly number[]>
  /** @throws Error when one ended though nobody killed it */
  assertAlive(): void
  kill(): Promise<void>
  /** Asks it to stop in good order. @throws Error when it does not, or not in time */
  stop(): Promise<void>
  pause(): void
  resume(): void
}

export class Victim implements Besieged, AsyncDisposable {
  readonly unrestMs = 0
  readonly #folder = mkdtempSync(join(tmpdir(), 'tenure-storm-'))
  readonly #where: readonly string[]
  readonly #lines: string[] = []
  #child: ChildProcess | null = null
  #isKilled = false
  #failure: Error | null = null

  /** @param where the options that say where everything is kept; by default a directory of its own */
  constructor(where?: readonly string[]) {
    this.#where = where ?? ['--data', this.#folder]
  }

  async start(): Promise<readonly number[]> {
    const serve = ['serve', '--json', '--listen', '127.0.0.1:0', '--http', '127.0.0.1:0']
    const child = spawn(process.execPath, [COMMAND, ...serve, ...this.#where], {
      cwd: ROOT,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.#child = child
    this.#isKilled = false
    createInterface({ input: child.stderr }).on('line', (line) => this.#hear(line))
    child.once('exit', (code, signal) => {
      if (this.#isKilled || this.#child !== child) return
      this.#failure = new Error(`the server ended by itself: ${code ?? signal}\n${this.words}`)
    })
    const lines = createInterface({ input: child.stdout })
    const ready = new Promise<string>((resolve, reject) => {
      lines.once('line', resolve)
      child.once('exit', () => reject(new Error(`the server did not start\n${this.words}`)))
    })
    const { listen }: { listen: string } = JSON.parse(await ready)
    return [Number(listen.split(':').at(-1))]
  }

  get pids(): readonly number[] {
    return [this.#child?.pid ?? 0]
  }

  get words(): string {
    return this.#lines.join('\n')
  }

  assertAlive(): void {
    if (this.#failure !== null) throw this.#failure
  }

  async kill(): Promise<void> {
    const child = this.#child
    if (child === null || child.exitCode !== null || child.signalCode !== null) return
    this.#isKilled = true
    const gone = once(child, 'exit')
    child.kill('SIGKILL')
    await gone
  }

  async stop(): Promise<void> {
    const child = this.#child
    if (child === null) return
    this.#isKilled = true
    const overdue = AbortSignal.timeout(STOP_MS)
    const gone = once(child, 'exit', { signal: overdue })
    child.kill('SIGTERM')
    const [code] = await gone
    if (code !== 0) throw new Error(`the server stopped with ${code}\n${this.words}`)
  }

  pause(): void {
    this.#child?.kill('SIGSTOP')
  }

  resume(): void {
    this.#child?.kill('SIGCONT')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill()
    rmSync(this.#folder, { recursive: true, force: true })
  }

  #hear(line: string): void {
    this.#lines.push(line)
    if (this.#lines.length > LINES_MAX) this.#lines.shift()
  }
}
