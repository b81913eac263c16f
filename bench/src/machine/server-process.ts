/**
 * A server as a child process: started on its core, waited for, ended with all that it has started itself.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { pinned } from './cores.ts'
import { endGroup, endWithUs } from './leftovers.ts'
import { listening } from './port.ts'

/** A Java program with a cold disk takes some seconds. */
const START_MAX_MS = 60_000
/** After that long a server that was asked to end is killed. */
const STOP_MAX_MS = 10_000
/** Enough of what a server said to tell why it did not start. */
const OUTPUT_KEPT = 4_000

export interface ServerOptions {
  readonly command: readonly string[]
  readonly port: number
  readonly folder: string
  readonly environment?: Readonly<Record<string, string>>
  /** Another user, for programs that refuse to run as root. */
  readonly user?: { readonly userId: number; readonly groupId: number }
}

export class ServerProcess {
  readonly #child: ChildProcess
  readonly pid: number

  private constructor(child: ChildProcess, pid: number) {
    this.#child = child
    this.pid = pid
  }

  /** Resolves when the port answers. @throws with the server's last words when it ends before */
  static async start(options: ServerOptions): Promise<ServerProcess> {
    const [program = '', ...args] = pinned('server', options.command)
    const child = spawn(program, args, {
      cwd: options.folder,
      env: { ...process.env, ...options.environment },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
      ...(options.user && { uid: options.user.userId, gid: options.user.groupId }),
    })
    endWithUs(child)
    let said = ''
    const keep = (text: Buffer): void => {
      said = (said + text.toString()).slice(-OUTPUT_KEPT)
    }
    child.stdout.on('data', keep)
    child.stderr.on('data', keep)
    await once(child, 'spawn')
    if (child.pid === undefined) throw new Error(`${program} has no process id`)

    const waiting = new AbortController()
    const ended = once(child, 'exit').then(() => {
      throw new Error(`${options.command.join(' ')} ended at once: ${said}`)
    })
    const signal = AbortSignal.any([waiting.signal, AbortSignal.timeout(START_MAX_MS)])
    try {
      await Promise.race([listening(options.port, signal), ended])
    } catch (error) {
      endGroup(child)
      throw error
    } finally {
      waiting.abort()
      ended.catch(() => {})
    }
    return new ServerProcess(child, child.pid)
  }

  /** Asks the server to end with `ask`, and ends it when it does not. */
  async stop(ask: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const exit = once(this.#child, 'exit', { signal: AbortSignal.timeout(STOP_MAX_MS) })
    this.#child.kill(ask)
    try {
      await exit
    } catch {
      const killed = once(this.#child, 'exit')
      endGroup(this.#child)
      await killed
    }
    endGroup(this.#child)
  }
}
