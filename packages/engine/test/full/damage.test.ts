/**
 * Very many damages of a closed store, and every single bit of its meta pages.
 *
 * guards: D5
 */
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { scaled } from '../../../../test/scale.ts'
import { drawOf, freshSeed } from '../../../../test/seed.ts'
import { DATA_FILE, DamagedStore, MARKER_FILE } from '../file/damaged-store.ts'
import { below, fill, flip, harms, META_BYTES, PAGE_BYTES } from '../file/damages.ts'

const TIMES = scaled(200)

const seed = freshSeed()
const draw = drawOf(seed)
let large: DamagedStore
let small: DamagedStore

beforeAll(async () => {
  large = await DamagedStore.make((engine) => fill(engine, draw))
  small = await DamagedStore.make(async (engine) => {
    const partition = await engine.claim('p', { id: 'writer', address: '' })
    for (const row of [1, 2, 3]) {
      await partition.commit([{ kind: 'put', key: Buffer.of(row), value: Buffer.alloc(9, row) }])
    }
  })
})

afterAll(async () => {
  await large[Symbol.asyncDispose]()
  await small[Symbol.asyncDispose]()
})

test.for(harms)(
  `each of ${TIMES} stores $name is served whole or refused`,
  async ({ name, harm, noticedMin }) => {
    let refused = 0
    for (let time = 0; time < TIMES; time += 1) {
      const data = harm(Buffer.from(large.bytes), draw)
      if (await large.refused(data, { seed, name, time })) refused += 1
    }
    expect(refused, `seed ${seed}`).toBeGreaterThanOrEqual((noticedMin * TIMES) / 100)
  },
)

test('whatever single bit of its meta pages flips, a store is served whole or refused', async () => {
  let refused = 0
  for (let at = 0; at < 2 * PAGE_BYTES; at += 1) {
    if (at % PAGE_BYTES >= META_BYTES) continue
    for (let bit = 0; bit < 8; bit += 1) {
      const data = flip(Buffer.from(small.bytes), at, bit)
      if (await small.refused(data, { at, bit })) refused += 1
    }
  }
  expect(refused).toBeGreaterThan(META_BYTES * 8)
})

test('what stands in a meta page after its say is never read', async () => {
  const data = Buffer.from(small.bytes)
  for (let at = 0; at < 2 * PAGE_BYTES; at += 1) {
    if (at % PAGE_BYTES >= META_BYTES) data.writeUInt8(below(draw, 256), at)
  }
  expect(await small.refused(data, seed)).toBe(false)
})

/** What lies beside the data file: each can be lost or become nonsense. */
const besides = [
  MARKER_FILE,
  'data.mdb-lock',
  'holder-00000000000000000000000000000000.sock',
  'holder-00000000000000000000000000000000.json',
]

test.for(besides)('a store whose %s is gone or garbled is served whole', async (name) => {
  for (const bytes of [null, 0, 1, 100, 9000]) {
    const harm = (directory: string): void => {
      const path = join(directory, name)
      rmSync(path, { force: true })
      if (bytes === null) return
      writeFileSync(
        path,
        Buffer.alloc(bytes).map(() => below(draw, 256)),
      )
    }
    expect(await large.refused(large.bytes, { seed, name, bytes }, harm)).toBe(false)
  }
})

test('a store whose data file is gone is refused', async () => {
  expect(await large.refused(large.bytes, 'gone', loseData)).toBe(true)
})

function loseData(directory: string): void {
  rmSync(join(directory, DATA_FILE))
}
