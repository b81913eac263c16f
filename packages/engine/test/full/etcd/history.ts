/**
 * A writer whose every commit can be told from the others, and the judge of what is found afterwards.
 *
 * Commit n puts `last`, and two rows of its own; each eighth one also gives all rows of a wide table the value n, which is more than one transaction holds.
 */
import type { Engine, Partition } from '../../../src/engine.ts'
import { EngineError } from '../../../src/errors.ts'

const WIDE_ROWS = 300
const WIDE_EVERY = 8
const EVERYTHING = { start: new Uint8Array(), end: new Uint8Array(1901).fill(255) }

const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text))
const put = (key: string, value: string) =>
  ({ kind: 'put', key: bytes(key), value: bytes(value) }) as const

export interface Found {
  /** The number of the last commit. */
  readonly last: number
  /** What is not as it must be. */
  readonly problems: readonly string[]
}

/** Reads everything. @param acknowledged the greatest number that was acknowledged before */
export async function judge(partition: Partition, acknowledged: number): Promise<Found> {
  const rows = new Map<string, string>()
  for await (const [key, value] of partition.scan(EVERYTHING)) {
    rows.set(Buffer.from(key).toString(), Buffer.from(value).toString())
  }
  const problems: string[] = []
  const last = Number(rows.get('last') ?? 0)
  if (last < acknowledged) problems.push(`${acknowledged} was acknowledged, ${last} is the last`)
  for (let number = 1; number <= last; number += 1) {
    const halves = ['a', 'b'].filter((half) => rows.get(`${half}${number}`) === 'x')
    if (halves.length < 2) problems.push(`of commit ${number} only ${halves.join()} is there`)
  }
  const wide = [...rows].filter(([key]) => key.startsWith('w'))
  const wideAt = last - (last % WIDE_EVERY)
  const values = new Set(wide.map(([, value]) => value))
  const isWhole = wide.length === WIDE_ROWS && values.size === 1 && values.has(String(wideAt))
  if (wideAt === 0 ? wide.length > 0 : !isWhole) {
    problems.push(`${wide.length} wide rows of ${[...values].join()}, ${wideAt} was expected`)
  }
  const beyond = rows.size - wide.length - 2 * last - (last === 0 ? 0 : 1)
  if (beyond > 0) problems.push(`${beyond} rows are not of any commit`)
  return { last, problems }
}

export class Writer {
  readonly #engine: Engine
  readonly #id: string
  #isOver = false
  #claimsLeft = Number.POSITIVE_INFINITY
  #running: Promise<void> | null = null
  #waiting: { readonly target: number; readonly resolve: () => void }[] = []
  /** Commits of this writer that were acknowledged. */
  acknowledgedCount = 0
  claims = 0
  /** The greatest number that was acknowledged, by whoever shares this board. */
  readonly board: { acknowledged: number }

  constructor(engine: Engine, options: { id?: string; board?: { acknowledged: number } } = {}) {
    this.#engine = engine
    this.#id = options.id ?? 'writer'
    this.board = options.board ?? { acknowledged: 0 }
  }

  start(): this {
    this.#claimsLeft = Number.POSITIVE_INFINITY
    this.#running = this.#run()
    return this
  }

  /** Resolves when so many more commits are acknowledged. */
  async progress(commits: number): Promise<void> {
    const target = this.acknowledgedCount + commits
    const reached = new Promise<void>((resolve) => this.#waiting.push({ target, resolve }))
    await Promise.race([reached, this.#running])
    if (this.acknowledgedCount < target) throw new Error('the writer ended')
  }

  /** Goes on until the other one has fenced it out, and starts no more by itself. */
  async yieldTo(other: () => unknown): Promise<void> {
    this.#claimsLeft = 0
    other()
    await this.#running
  }

  async stop(): Promise<void> {
    this.#isOver = true
    await this.#running
  }

  async #run(): Promise<void> {
    while (!this.#isOver && (this.claims === 0 || this.#claimsLeft > 0)) {
      try {
        const partition = await this.#engine.claim('p', { id: this.#id, address: '' })
        this.claims += 1
        const floor = this.board.acknowledged
        const { last, problems } = await judge(partition, floor)
        if (problems.length > 0) throw new Error(problems.join('; '))
        await this.#write(partition, last)
      } catch (error) {
        if (!(error instanceof EngineError)) throw error
      }
    }
  }

  async #write(partition: Partition, last: number): Promise<void> {
    for (let number = last + 1; !this.#isOver; number += 1) {
      const wide = number % WIDE_EVERY === 0
      const table = wide
        ? Array.from({ length: WIDE_ROWS }, (_, row) => put(`w${row}`, `${number}`))
        : []
      await partition.commit([
        put('last', `${number}`),
        put(`a${number}`, 'x'),
        ...table,
        put(`b${number}`, 'x'),
      ])
      this.board.acknowledged = Math.max(this.board.acknowledged, number)
      this.acknowledgedCount += 1
      for (const { target, resolve } of this.#waiting) {
        if (this.acknowledgedCount >= target) resolve()
      }
    }
  }
}
