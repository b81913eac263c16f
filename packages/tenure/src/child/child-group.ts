/**
 * A command in a process group of its own, from start to end.
 *
 * Signals go to the whole group, so that a command that is a shell does not leave its children behind.
 */
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import type { Clock } from '@tenure/client'
import { Guard } from './guard.ts'
import { groupLives } from './process-group.ts'

/** How a command ended: by itself, by a signal, or before it began. */
export type ChildEnd =
  | { readonly kind: 'exited'; readonly code: number }
  | { readonly kind: 'signalled'; readonly signal: NodeJS.Signals }
  | { readonly kind: 'not-started'; readonly code: string; readonly message: string }

export interface ChildOptions {
  readonly environment: NodeJS.ProcessEnv
  /** From TERM to KILL when the group has to end. */
  readonly graceMs: number
  readonly clock: Clock
}

/** How often to look whether the rest of a group has ended: nothing tells us of it. */
const LOOK_MS = 10

export class ChildGroup {
  readonly #process: ChildProcess
  readonly #options: ChildOptions
  readonly #guard: Guard
  readonly #ended: Promise<ChildEnd>

  /** Starts `command[0]` with the rest as its arguments. Whether that worked is known from `ended`. */
  constructor(command: readonly string[], options: ChildOptions) {
    const [program = '', ...rest] = command
    this.#options = options
    this.#guard = new Guard(options.graceMs)
    this.#process = spawn(program, rest, {
      stdio: 'inherit',
      detached: true,
      env: options.environment,
    })
    if (this.#process.pid !== undefined) this.#guard.watch(this.#process.pid)
    this.#ended = endOf(this.#process)
  }

  /** Settles when the command itself has ended; others of its group may live on. Never rejects. */
  get ended(): Promise<ChildEnd> {
    return this.#ended
  }

  /** Sends a signal to everyone in the group. */
  send(signal: NodeJS.Signals): void {
    const { pid } = this.#process
    if (pid === undefined) return
    try {
      process.kill(-pid, signal)
    } catch {
      // Nobody of the group is left.
    }
  }

  /** Ends the whole group: TERM, then KILL after the grace. */
  async stop(): Promise<void> {
    this.send('SIGTERM')
    // A stopped process cannot act on TERM.
    this.send('SIGCONT')
    await this.settle()
  }

  /** Waits until nobody of the group is left, and kills the rest when the grace is over. */
  async settle(): Promise<void> {
    const { clock, graceMs } = this.#options
    const killAtMs = clock.monotonicMs() + graceMs
    while (this.#alive()) {
      if (clock.monotonicMs() >= killAtMs) {
        this.send('SIGKILL')
        break
      }
      await new Promise<void>((resolve) => clock.after(LOOK_MS, resolve, true))
    }
    await this.#ended
  }

  /** Ends the watch over the group. What the command has left in the background goes on. */
  dismiss(): void {
    this.#guard.dismiss()
  }

  #alive(): boolean {
    const { pid } = this.#process
    return pid !== undefined && groupLives(pid)
  }
}

function endOf(child: ChildProcess): Promise<ChildEnd> {
  return new Promise((resolve) => {
    child.once('error', (error: NodeJS.ErrnoException) => {
      resolve({ kind: 'not-started', code: error.code ?? 'UNKNOWN', message: error.message })
    })
    child.once('exit', (code, signal) => {
      if (signal !== null) resolve({ kind: 'signalled', signal })
      else resolve({ kind: 'exited', code: code ?? 0 })
    })
  })
}
