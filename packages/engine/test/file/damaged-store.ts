/** A closed store, copies of it with damage, and what a process of its own says about each copy. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Engine } from '../../src/engine.ts'
import { openFileEngine } from '../../src/file/index.ts'
import { content } from './children/content.ts'
import { start } from './children/index.ts'
import type { Child } from './children/index.ts'

export const DATA_FILE = 'data.mdb'
export const MARKER_FILE = 'tenure-store'
/** Whether it outlives a power loss is no question here, and memory is faster. */
const MEMORY = '/dev/shm'
const WAYS = ['!', '~', '=']
const REFUSAL = /^DamagedError the store .* is damaged: .* Restore the directory/

export class DamagedStore implements AsyncDisposable {
  /** The data file, undamaged. */
  readonly bytes: Buffer
  readonly #root: string
  readonly #whole: string
  readonly #reader: Child
  #count = 0

  private constructor(root: string, whole: string) {
    this.#root = root
    this.bytes = readFileSync(join(root, 'original', DATA_FILE))
    this.#whole = whole
    this.#reader = start('reader')
  }

  /** @param fill writes what the store is to hold */
  static async make(fill: (engine: Engine) => Promise<void>): Promise<DamagedStore> {
    const root = mkdtempSync(join(existsSync(MEMORY) ? MEMORY : tmpdir(), 'tenure-damage-'))
    const engine = await openFileEngine(join(root, 'original'))
    await fill(engine)
    const whole = await content(engine)
    await engine.close()
    return new DamagedStore(root, whole)
  }

  /**
   * Opens a store with these data in another process, reads all of it, writes to it, and reads it again. It is checked when it is
   * opened, the next time while it is used, and the third time a cut of it is read.
   *
   * @param what tells the case apart, in the message
   * @param harm does more to the directory before it is opened
   * @returns whether it was refused; else everything was there
   * @throws Error when it was neither
   */
  async refused(
    data: Buffer,
    what: unknown,
    harm: (directory: string) => void = () => undefined,
  ): Promise<boolean> {
    const found = await this.found(data, what, harm)
    if (found !== null && found !== this.#whole) throw new Error(`${JSON.stringify(what)}: less`)
    return found === null
  }

  /** The digest of what is found; null when the store was refused. @throws Error for any other end */
  async found(
    data: Buffer,
    what: unknown,
    harm: (directory: string) => void = () => undefined,
  ): Promise<string | null> {
    const directory = join(this.#root, 'damaged')
    rmSync(directory, { recursive: true, force: true })
    mkdirSync(directory)
    writeFileSync(join(directory, DATA_FILE), data)
    writeFileSync(join(directory, MARKER_FILE), '')
    harm(directory)
    this.#count += 1
    this.#reader.process.stdin.write(`${WAYS[this.#count % WAYS.length]}${directory}\n`)
    const line = await this.#reader.lines.next()
    if (line.done === true) throw new Error(`the process ended: ${JSON.stringify(what)}`)
    if (REFUSAL.test(line.value)) return null
    const digest = /^content (\w+)$/.exec(line.value)?.[1]
    if (digest === undefined) throw new Error(`${JSON.stringify(what)}: ${line.value}`)
    return digest
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#reader.process.stdin.end()
    await this.#reader.ended
    rmSync(this.#root, { recursive: true, force: true })
  }
}
