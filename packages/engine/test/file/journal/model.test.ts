/** Whatever is written, and whenever it is moved from the journal to LMDB: a store holds what a memory engine holds. */
import { cpSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Write } from '@tenure/kernel'
import { expect, test } from 'vitest'
import type { Engine, Partition } from '../../../src/engine.ts'
import { openFileEngine } from '../../../src/file/index.ts'
import { openMemoryEngine } from '../../../src/memory/index.ts'
import { drawOf, freshSeed } from '../../../../../test/seed.ts'
import type { Draw } from '../../../../../test/seed.ts'
import { contentOf } from '../children/content.ts'
import { below } from '../damages.ts'
import { newFolder } from './killed-store.ts'

const STEPS = 250
const TOGETHER_MAX = 12
const OWNER = { id: 'writer', address: '' }

const threads = [
  { where: 'on the calling thread', blockingMaxMs: 4 },
  { where: 'on the other thread', blockingMaxMs: 0 },
]

function keyOf(draw: Draw): Buffer {
  return Buffer.from(`${below(draw, 300)}`)
}

function writeOf(draw: Draw): Write {
  const chance = draw()
  if (chance < 0.25) return { kind: 'delete', key: keyOf(draw) }
  if (chance < 0.3) {
    const [start, end] = [keyOf(draw), keyOf(draw)]
    return { kind: 'delete-range', start, end }
  }
  return {
    kind: 'put',
    key: keyOf(draw),
    value: Buffer.alloc(below(draw, 6_000), below(draw, 256)),
  }
}

/** Too large for the journal. */
function hugeOf(draw: Draw): Write {
  return { kind: 'put', key: keyOf(draw), value: Buffer.alloc(1_100_000, below(draw, 256)) }
}

/** Whoever has the store stays there. */
function isOfStore(path: string): boolean {
  return !path.includes('holder-')
}

async function rowsOf(
  partition: Partition,
  range: { start: Buffer; end: Buffer },
): Promise<string[]> {
  const rows: string[] = []
  for await (const [key, value] of partition.scan(range)) {
    rows.push(`${Buffer.from(key).toString('latin1')}=${value.length},${value[0]}`)
  }
  return rows
}

/** A store, and a memory engine to which the same is done. */
class Pair {
  readonly #folder = newFolder()
  readonly #draw: Draw
  readonly #blockingMaxMs: number
  readonly #model = openMemoryEngine()
  #directory = join(this.#folder, 'store')
  #engine: Engine | null = null
  #parts: Partition[] = []

  constructor(draw: Draw, blockingMaxMs: number) {
    this.#draw = draw
    this.#blockingMaxMs = blockingMaxMs
  }

  async open(): Promise<void> {
    this.#engine = await openFileEngine(this.#directory, { blockingMaxMs: this.#blockingMaxMs })
    this.#parts = [await this.#engine.claim('p', OWNER), await this.#model.claim('p', OWNER)]
  }

  async commit(commits: readonly Write[][]): Promise<void> {
    await Promise.all(commits.flatMap((writes) => this.#parts.map((part) => part.commit(writes))))
  }

  /** What both find, at chance. */
  async found(): Promise<unknown[]> {
    const key = keyOf(this.#draw)
    const range = { start: keyOf(this.#draw), end: keyOf(this.#draw) }
    return Promise.all(
      this.#parts.map(async (part) => [(await part.get(key))?.length, await rowsOf(part, range)]),
    )
  }

  async contents(): Promise<string[]> {
    return Promise.all(this.#parts.map((part) => contentOf('p', part)))
  }

  /** All is moved to LMDB now. */
  async rest(): Promise<void> {
    await (await this.#engine?.cut())?.close()
  }

  async close(): Promise<void> {
    await this.#engine?.close()
  }

  /** Leaves the store as after a kill. Nobody moves anything just then. */
  async die(): Promise<void> {
    await this.rest()
    await this.commit([[writeOf(this.#draw)]])
    const copy = `${this.#directory}-`
    cpSync(this.#directory, copy, { recursive: true, filter: isOfStore })
    await this.close()
    this.#directory = copy
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
    rmSync(this.#folder, { recursive: true, force: true })
  }
}

test.for(threads)(
  'a store and a memory engine hold the same ($where)',
  { timeout: 60_000 },
  async ({ blockingMaxMs }) => {
    const seed = freshSeed()
    const draw = drawOf(seed)
    await using pair = new Pair(draw, blockingMaxMs)
    await pair.open()
    for (let step = 0; step < STEPS; step += 1) {
      const commits = Array.from({ length: 1 + below(draw, TOGETHER_MAX) }, () =>
        Array.from({ length: 1 + below(draw, 8) }, () => writeOf(draw)),
      )
      if (draw() < 0.01) commits.push([hugeOf(draw)])
      await pair.commit(commits)
      const [mine, models] = await pair.found()
      expect({ seed, step, mine }).toEqual({ seed, step, mine: models })
      const chance = draw()
      if (chance < 0.02) await pair.rest()
      if (chance > 0.04) continue
      await (chance < 0.03 ? pair.close() : pair.die())
      await pair.open()
      const [whole, modelled] = await pair.contents()
      expect({ seed, step, whole }).toEqual({ seed, step, whole: modelled })
    }
  },
)
