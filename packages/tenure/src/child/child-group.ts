/**
 * A command in a process group of its own, from start to end.
 *
 * Signals go to the whole group, so that a command that is a shell does not leave its children behind.
 *
 * The command begins behind a gate: a shell that waits for a word from us and then becomes the command. The word is given
 * when the guard knows the group. If we die before, the gate sees its input end and nothing is run; so there is no moment at
 * which the command runs and nobody watches.
 */
import { spawn } from 'node:child_process'
import { Writable } from 'node:stream'
import type { ChildProcess } from 'node:child_process'
import type { Clock } from '@tenure/client'
import { Guard } from './guard.ts'
import { groupLives } from './process-group.ts'

/** How a command ended: by itself, by a signal, or before it began, when there is no shell to begin it. */
export type ChildEnd =
  | { readonly kind: 'exited'; readonly code: number }
  | { readonly kind: 'signalled'; readonly signal: NodeJS.Signals }
  | { readonly kind: 'not-started'; readonly message: string }

export interface ChildOptions {
  readonly environment: NodeJS.ProcessEnv
  /** From TERM to KILL when the group has to end. */
  readonly graceMs: number
  readonly clock: Clock
  /** What it reads on its standard input; absent: what we would. */
  readonly input?: Uint8Array
}

/** Waits for a line on descriptor 3, then becomes the command. */
const GATE = 'read -r go <&3 && exec "$@" 3<&-'

/** How often to look whether the rest of a group has ended: nothing tells us of it. */
const LOOK_MS = 10

export class ChildGroup {
  readonly #process: ChildProcess
  readonly #options: ChildOptions
  readonly #guard: Guard
  readonly #ended: Promise<ChildEnd>

  /** Starts `command[0]` with the rest as its arguments. As in a shell, 127 is its exit code when it does not exist. */
  constructor(command: readonly string[], options: ChildOptions) {
    this.#options = options
    this.#guard = new Guard(options.graceMs)
    const words = [...environmentWords(options.environment), ...command]
    this.#process = spawn('/bin/sh', ['-c', GATE, 'tenure', ...words], {
      stdio: [options.input === undefined ? 'inherit' : 'pipe', 'inherit', 'inherit', 'pipe'],
      detached: true,
      env: options.environment,
    })
    this.#ended = endOf(this.#process)
    if (this.#process.pid !== undefined) this.#guard.watch(this.#process.pid)
    const gate = this.#process.stdio[3]
    if (gate instanceof Writable) {
      // A gate that was ended by a signal cannot be opened; its end is told as the command's.
      gate.on('error', () => {})
      gate.end('go\n')
    }
    const { stdin } = this.#process
    // Whoever does not read its input to the end has seen enough.
    stdin?.on('error', () => {})
    stdin?.end(options.input)
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

/** Shells lose variables whose names they could not write themselves, such as bash's exported functions. */
const SHELL_NAME = /^[A-Za-z_]\w*$/

/** A command prefix that sets what the shell of the gate would lose; mostly none. */
function environmentWords(environment: NodeJS.ProcessEnv): string[] {
  const lost = Object.entries(environment).filter(
    ([name, value]) => value !== undefined && !SHELL_NAME.test(name),
  )
  return lost.length === 0 ? [] : ['env', ...lost.map(([name, value]) => `${name}=${value}`)]
}

function endOf(child: ChildProcess): Promise<ChildEnd> {
  return new Promise((resolve) => {
    child.once('error', (error) => {
      resolve({ kind: 'not-started', message: error.message })
    })
    child.once('exit', (code, signal) => {
      if (signal !== null) resolve({ kind: 'signalled', signal })
      else resolve({ kind: 'exited', code: code ?? 0 })
    })
  })
}
