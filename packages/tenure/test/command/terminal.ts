/** A terminal without a process around it: runs the command in process and keeps what it says. */
import { EventEmitter } from 'node:events'
import { PassThrough, Readable } from 'node:stream'
import { systemClock } from '@tenure/client'
import { connect } from '../../src/connect.ts'
import type { ForwardedSignal } from '../../src/command/interrupts.ts'
import { Interrupts } from '../../src/command/interrupts.ts'
import { runCommand } from '../../src/command/program.ts'

export class Run {
  readonly exitCode: Promise<number>
  /** Exit codes with which the process would have ended at once. */
  readonly quits: number[] = []
  readonly #signals = new EventEmitter()
  readonly #stdout = new Heard()
  readonly #stderr = new Heard()

  constructor(words: readonly string[], { stdin = '', environment = {} }: RunOptions = {}) {
    const interrupts = new Interrupts(this.#signals)
    this.exitCode = runCommand(words, {
      environment: { PATH: process.env['PATH'], ...environment },
      stdin: Readable.from([stdin]),
      stdout: this.#stdout.stream,
      stderr: this.#stderr.stream,
      interrupts,
      clock: systemClock,
      connect,
      quit: (code) => this.quits.push(code),
    }).finally(() => interrupts.close())
  }

  get out(): string {
    return this.#stdout.text
  }

  get err(): string {
    return this.#stderr.text
  }

  send(signal: ForwardedSignal): void {
    this.#signals.emit(signal, signal)
  }

  /** Settles when stdout has that many lines. */
  lines(count: number): Promise<string[]> {
    return this.#stdout.lines(count)
  }

  /** Each line of stdout as JSON. */
  json(): unknown[] {
    return this.out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown)
  }
}

export interface RunOptions {
  readonly stdin?: string
  readonly environment?: Record<string, string>
}

class Heard {
  readonly stream = new PassThrough()
  text = ''
  readonly #waiters = new Set<() => void>()

  constructor() {
    this.stream.setEncoding('utf8').on('data', (text: string) => {
      this.text += text
      for (const waiter of this.#waiters) waiter()
    })
  }

  lines(count: number): Promise<string[]> {
    return new Promise((resolve) => {
      const look = (): void => {
        const lines = this.text.split('\n').slice(0, -1)
        if (lines.length < count) return
        this.#waiters.delete(look)
        resolve(lines)
      }
      this.#waiters.add(look)
      look()
    })
  }
}
