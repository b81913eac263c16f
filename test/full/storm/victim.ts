/** The server under the storm: the built command in a process of its own, over a directory that outlives it. */
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

export class Victim implements AsyncDisposable {
  readonly #folder = mkdtempSync(join(tmpdir(), 'tenure-storm-'))
  readonly #lines: string[] = []
  #child: ChildProcess | null = null
  #isKilled = false
  #failure: Error | null = null

  /** @returns the port */
  async start(): Promise<number> {
    const serve = ['serve', '--json', '--listen', '127.0.0.1:0', '--http', '127.0.0.1:0']
    const child = spawn(process.execPath, [COMMAND, ...serve, '--data', this.#folder], {
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
    return Number(listen.split(':').at(-1))
  }

  get pid(): number {
    return this.#child?.pid ?? 0
  }

  /** What it said last. */
  get words(): string {
    return this.#lines.join('\n')
  }

  /** @throws Error when it ended though nobody killed it */
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

  /** Asks it to stop in good order. @throws Error when it does not, or not in time */
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
