/** A process of the siege: it tells line by line what it does, and can be killed at any time. */
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { wordsOf } from '../prebuilt/words.ts'

const ROOT = join(import.meta.dirname, '../..')

export class Teller {
  /** Names the process in what is judged. */
  readonly number: number
  /** When it has said something, or nothing more will come. */
  readonly begun: Promise<void>
  /** When everything that it has said was heard. */
  readonly exit: Promise<void>
  readonly #child: ChildProcess

  /**
   * @param command the path of a program from the root of the repository, and its words
   * @param heard each line; the last call is with `null` and comes when the process is dead
   */
  constructor(
    number: number,
    command: readonly [string, ...string[]],
    heard: (line: string | null, teller: Teller) => void,
  ) {
    const [file, ...words] = command
    this.number = number
    this.#child = spawn(process.execPath, [...wordsOf(file), ...words], {
      cwd: ROOT,
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    const { stdout } = this.#child
    if (stdout === null) throw new Error('the process has no output')
    const lines = createInterface({ input: stdout })
    lines.on('line', (line) => heard(line, this))
    this.begun = new Promise((resolve) => {
      lines.once('line', () => resolve())
      lines.once('close', resolve)
    })
    this.exit = new Promise((resolve) => {
      this.#child.once('close', () => {
        heard(null, this)
        resolve()
      })
    })
  }

  kill(): void {
    this.#child.kill('SIGKILL')
  }

  /** Lets it finish what it has begun. */
  finish(): void {
    this.#child.stdin?.end()
  }
}
