/** Writers that go on through faults, and what must be true of all that they wrote. */
import { equal, ok } from 'node:assert/strict'
import { vi } from 'vitest'
import { EVERYTHING, put, remove, text } from '../../../src/conformance/entries.ts'
import type { Engine, Partition } from '../../../src/engine.ts'
import { EngineError } from '../../../src/errors.ts'

/** A commit adds two rows and takes those of the commit so many before it away. */
const WINDOW = 40
const IN_FLIGHT = 8

export interface Count {
  readonly acknowledged: number
  readonly failed: number
}

/** Writes one partition until it is told to end; what fails is not tried again, the next commit goes on. */
export class Writer {
  readonly #engine: Engine
  readonly #name: string
  readonly #owner: string
  readonly #acknowledged = new Set<number>()
  #next = 0
  #failed = 0
  #isOver = false

  constructor(engine: Engine, name: string, owner = 'writer') {
    this.#engine = engine
    this.#name = name
    this.#owner = owner
  }

  get acknowledged(): number {
    return this.#acknowledged.size
  }

  /** Resolves when it has ended. */
  async run(): Promise<void> {
    while (!this.#isOver) {
      try {
        const partition = await this.#engine.claim(this.#name, { id: this.#owner, address: '' })
        await Promise.all(Array.from({ length: IN_FLIGHT }, () => this.#write(partition)))
      } catch (error) {
        if (!(error instanceof EngineError)) throw error
        this.#failed += 1
      }
    }
  }

  end(): void {
    this.#isOver = true
  }

  /** @throws AssertionError when something acknowledged is missing, or something is torn */
  async check(engine: Engine): Promise<Count> {
    const partition = await engine.claim(this.#name, { id: 'judge', address: '' })
    const rows = new Map<string, string>()
    for await (const [key, value] of partition.scan(EVERYTHING)) rows.set(text(key), text(value))
    const last = Number(rows.get('last'))
    ok(last >= Math.max(...this.#acknowledged), `the last commit is ${last}`)
    rows.delete('last')
    for (const [key, value] of rows) {
      const [part, number] = key.split(' ')
      const other = `${part === 'a' ? 'b' : 'a'} ${number}`
      equal(rows.get(other), value, `${key} is without its other part`)
    }
    for (const number of this.#acknowledged) {
      const isThere = rows.has(`a ${number}`)
      if (number > last - WINDOW) ok(isThere, `commit ${number} is missing`)
      // What removes it was acknowledged, too.
      if (this.#acknowledged.has(number + WINDOW)) {
        ok(!isThere, `commit ${number} was taken away, and is there`)
      }
    }
    return { acknowledged: this.#acknowledged.size, failed: this.#failed }
  }

  async #write(partition: Partition): Promise<void> {
    while (!this.#isOver) {
      const number = this.#next++
      await partition.commit([
        put(`a ${number}`, `${number}`),
        remove(`a ${number - WINDOW}`),
        remove(`b ${number - WINDOW}`),
        put('last', `${number}`),
        put(`b ${number}`, `${number}`),
      ])
      this.#acknowledged.add(number)
    }
  }
}

/** Has writers at work while `trouble` lasts, then judges what they wrote. @returns what all of them come to */
export async function underLoad(
  engine: Engine,
  partitions: number,
  trouble: (progress: () => Promise<void>) => Promise<void>,
): Promise<Count> {
  const writers = Array.from({ length: partitions }, (_, index) => new Writer(engine, `p${index}`))
  const running = writers.map((writer) => writer.run())
  const total = (): number => writers.reduce((sum, { acknowledged }) => sum + acknowledged, 0)
  /** Every writer has had something acknowledged since. */
  const progress = async (): Promise<void> => {
    const before = writers.map(({ acknowledged }) => acknowledged)
    await vi.waitFor(
      () => ok(writers.every(({ acknowledged }, at) => acknowledged > (before[at] ?? 0) + 20)),
      { interval: 5, timeout: 60_000 },
    )
  }
  try {
    await progress()
    await trouble(progress)
    await progress()
  } finally {
    for (const writer of writers) writer.end()
    await Promise.all(running)
  }
  let failed = 0
  for (const writer of writers) failed += (await writer.check(engine)).failed
  return { acknowledged: total(), failed }
}
