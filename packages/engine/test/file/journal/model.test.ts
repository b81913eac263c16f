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
import { content, contentOf } from '../children/content.ts'
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

async function partOf(
  partition: Partition,
  range: { start: Buffer; end: Buffer },
): Promise<string[]> {
  const rows: string[] = []
  for await (const [key, value] of partition.scan(range)) {
    rows.push(`${Buffer.from(key).toString('latin1')}=${value.length},${value[0]}`)
  }
  return rows
}

async function sameContent(engine: Engine, model: Engine): Promise<boolean> {
  return (await content(engine)) === (await content(model))
}

test.for(threads)(
  'a store and a memory engine hold the same ($where)',
  { timeout: 60_000 },
  async ({ blockingMaxMs }) => {
    const seed = freshSeed()
    const draw = drawOf(seed)
    const folder = newFolder()
    let directory = join(folder, '0')
    let engine = await openFileEngine(directory, { blockingMaxMs })
    const model = openMemoryEngine()
    let mine = await engine.claim('p', OWNER)
    let models = await model.claim('p', OWNER)
    for (let step = 0; step < STEPS; step += 1) {
      const commits = Array.from({ length: 1 + below(draw, TOGETHER_MAX) }, () =>
        Array.from({ length: 1 + below(draw, 8) }, () => writeOf(draw)),
      )
      if (draw() < 0.01)
        commits.push([{ kind: 'put', key: keyOf(draw), value: Buffer.alloc(1_100_000, step) }])
      await Promise.all(commits.flatMap((writes) => [mine.commit(writes), models.commit(writes)]))
      const key = keyOf(draw)
      expect({ seed, step, value: (await mine.get(key))?.length }).toEqual({
        seed,
        step,
        value: (await models.get(key))?.length,
      })
      const range = { start: keyOf(draw), end: keyOf(draw) }
      expect({ seed, step, rows: await partOf(mine, range) }).toEqual({
        seed,
        step,
        rows: await partOf(models, range),
      })
      if (draw() < 0.02) await (await engine.cut()).close()
      if (draw() < 0.03) {
        // As after a kill: nobody moves anything now, since all has arrived.
        if (draw() < 0.5) {
          await engine.close()
          engine = await openFileEngine(directory, { blockingMaxMs })
        } else {
          await (await engine.cut()).close()
          await Promise.all([
            mine.commit([{ kind: 'delete', key }]),
            models.commit([{ kind: 'delete', key }]),
          ])
          const copy = join(folder, `${step}`)
          cpSync(directory, copy, { recursive: true, filter: (path) => !path.includes('holder-') })
          await engine.close()
          directory = copy
          engine = await openFileEngine(directory, { blockingMaxMs })
        }
        mine = await engine.claim('p', OWNER)
        models = await model.claim('p', OWNER)
        const found = await contentOf('p', mine)
        expect({ seed, step, found }).toEqual({ seed, step, found: await contentOf('p', models) })
      }
    }
    expect({ seed, same: await sameContent(engine, model) }).toEqual({ seed, same: true })
    await engine.close()
    rmSync(folder, { recursive: true, force: true })
  },
)
