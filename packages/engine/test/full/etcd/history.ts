/**
 * A writer whose every commit can be told from the others, and the judge of what is found afterwards.
 *
 * Commit n puts `last`, and two rows that name the claim under which it was made; each eighth one also gives all rows of a wide table the value n, which is more than one transaction holds.
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

/** What was acknowledged, to whoever shares it. */
export class Board {
  /** The greatest number. */
  acknowledged = 0
  /** Under which claim each commit was made. */
  readonly claimOf = new Map<number, string>()
}

/** Reads everything. */
export async function judge(partition: Partition, board: Board): Promise<Found> {
  const floor = board.acknowledged
  const rows = new Map<string, string>()
  for await (const [key, value] of partition.scan(EVERYTHING)) {
    rows.set(Buffer.from(key).toString(), Buffer.from(value).toString())
  }
  const problems: string[] = []
  const last = Number(rows.get('last') ?? 0)
  if (last < floor) problems.push(`${floor} was acknowledged, ${last} is the last`)
  for (let number = 1; number <= last; number += 1) {
    const [first, second] = [rows.get(`a${number}`), rows.get(`b${number}`)]
    const known = board.claimOf.get(number) ?? first
    if (first === undefined || first !== second || first !== known) {
      problems.push(`commit ${number} has rows of ${first} and ${second}, ${known} made it`)
    }
  }
  const wide = [...rows].filter(([key]) => key.startsWith('w'))
  const wideAt = last - (last % WIDE_EVERY)
  if (!isWide(wide, wideAt)) {
    const values = new Set(wide.map(([, value]) => value))
    problems.push(`${wide.length} wide rows of ${[...values].join()}, ${wideAt} was expected`)
  }
  const beyond = rows.size - wide.length - 2 * last - (last === 0 ? 0 : 1)
  if (beyond > 0) problems.push(`${beyond} rows are not of any commit`)
  return { last, problems }
}

function isWide(wide: readonly (readonly [string, string])[], wideAt: number): boolean {
  if (wideAt === 0) return wide.length === 0
  return wide.length === WIDE_ROWS && wide.every(([, value]) => value === String(wideAt))
}

export class Writer {
  readonly #engine: Engine
  readonly #id: string
  #isOver = false
  #claimsLeft = Number.POSITIVE_INFINITY
  #running: Promise<void> | null = null
  #waiting: { readonly target: number; readonly resolve: () => void }[] = []
  /** Of this writer. */
  acknowledgedCount = 0
  claims = 0
  readonly board: Board

  constructor(engine: Engine, options: { id?: string; board?: Board } = {}) {
    this.#engine = engine
    this.#id = options.id ?? 'writer'
    this.board = options.board ?? new Board()
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
        const { last, problems } = await judge(partition, this.board)
        if (problems.length > 0) throw new Error(problems.join('; '))
        await this.#write(partition, last)
      } catch (error) {
        if (!(error instanceof EngineError)) throw error
      }
    }
  }

  async #write(partition: Partition, last: number): Promise<void> {
    const made = `${this.#id} ${partition.epoch}`
    for (let number = last + 1; !this.#isOver; number += 1) {
      const wide = number % WIDE_EVERY === 0
      const table = wide
        ? Array.from({ length: WIDE_ROWS }, (_, row) => put(`w${row}`, `${number}`))
        : []
      await partition.commit([
        put('last', `${number}`),
        put(`a${number}`, made),
        ...table,
        put(`b${number}`, made),
      ])
      this.board.acknowledged = Math.max(this.board.acknowledged, number)
      this.board.claimOf.set(number, made)
      this.acknowledgedCount += 1
      for (const { target, resolve } of this.#waiting) {
        if (this.acknowledgedCount >= target) resolve()
      }
    }
  }
}
