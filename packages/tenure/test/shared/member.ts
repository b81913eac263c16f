/** Programs that share a directory, as processes of their own, and who of them is the host. */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { wordsOf } from '../../../../test/prebuilt/words.ts'

const PROGRAM = 'packages/tenure/test/shared/children/member.mjs'

interface Answer {
  readonly id?: number
  readonly result?: unknown
  readonly error?: string
  /** Of what is told unasked. */
  readonly what?: string
  readonly details?: readonly unknown[]
}

interface Done<Result> extends Answer {
  readonly result: Result
}

interface Asked {
  settle(answer: Answer): void
}

export class Member implements AsyncDisposable {
  /** What it has told unasked, such as `seen 1`. */
  readonly told: string[] = []
  readonly #child: ChildProcess
  readonly #asked = new Map<number, Asked>()
  readonly #ended: Promise<unknown>
  #waiting: (() => void)[] = []
  #lastId = 0
  #isOver = false

  private constructor(folder: string) {
    const [program = ''] = wordsOf(PROGRAM)
    this.#child = fork(program, [folder], { serialization: 'advanced', execArgv: [] })
    this.#child.on('message', (answer: Answer) => this.#hear(answer))
    this.#ended = once(this.#child, 'exit')
    void this.#ended.then(() => this.#end())
  }

  static async start(folder: string): Promise<Member> {
    const member = new Member(folder)
    await member.tells('ready')
    return member
  }

  /** One that has a session already. */
  static async join(folder: string): Promise<Member> {
    const member = await Member.start(folder)
    await member.ask('open')
    return member
  }

  get pid(): number {
    return this.#child.pid ?? 0
  }

  ask<T>(deed: string, ...words: unknown[]): Promise<T> {
    if (this.#isOver) return Promise.reject(new Error(`${deed}: the program has ended`))
    this.#lastId += 1
    const id = this.#lastId
    return new Promise((resolve, reject) => {
      this.#asked.set(id, {
        settle({ result, error }: Done<T>) {
          if (error === undefined) resolve(result)
          else reject(new Error(error))
        },
      })
      this.#child.send({ id, deed, words })
    })
  }

  /** Waits until it has told this. */
  async tells(line: string): Promise<void> {
    while (!this.told.includes(line)) {
      if (this.#isOver) throw new Error(`the program ended before it told "${line}"`)
      await new Promise<void>((resolve) => this.#waiting.push(resolve))
    }
  }

  send(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }

  /** As by kill -9. */
  async kill(): Promise<void> {
    this.send('SIGKILL')
    await this.#ended
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#isOver) await this.kill()
  }

  #hear(answer: Answer): void {
    const { id, what, details = [] } = answer
    if (id === undefined) {
      this.told.push([what, ...details].join(' '))
      this.#wake()
      return
    }
    const asked = this.#asked.get(id)
    this.#asked.delete(id)
    asked?.settle(answer)
  }

  #end(): void {
    this.#isOver = true
    for (const asked of this.#asked.values()) asked.settle({ error: 'the program has ended' })
    this.#asked.clear()
    this.#wake()
  }

  #wake(): void {
    for (const wake of this.#waiting) wake()
    this.#waiting = []
  }
}

/** Process ids of those who hold the directory, or have died with it. */
export function holdersOf(folder: string): number[] {
  if (!existsSync(folder)) return []
  const records = readdirSync(folder).filter((name) => /^holder-.*\.json$/.test(name))
  return records.flatMap((name) => {
    try {
      return [Number(JSON.parse(readFileSync(join(folder, name), 'utf8')).pid)]
    } catch {
      // Gone since it was listed, or not written yet.
      return []
    }
  })
}

/** Of programs that have all been answered: the host among them, and the guests. */
export function seatsOf(
  folder: string,
  members: readonly Member[],
): { host: Member; guests: Member[] } {
  const holders = holdersOf(folder)
  const [host, ...others] = members.filter(({ pid }) => holders.includes(pid))
  if (host === undefined || others.length > 0) {
    throw new Error(`the holders are ${holders.join()}, of ${members.map(({ pid }) => pid).join()}`)
  }
  return { host, guests: members.filter((member) => member !== host) }
}
