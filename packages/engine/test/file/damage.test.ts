/**
 * A damaged store is served whole or refused, never less; what a write would do to it counts too.
 *
 * guards: D5
 */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { drawOf, freshSeed } from '../../../../test/seed.ts'
import { DamagedStore } from './damaged-store.ts'
import { fill, harms } from './damages.ts'

const TIMES = 15

const seed = freshSeed()
const draw = drawOf(seed)
let store: DamagedStore

beforeAll(async () => {
  store = await DamagedStore.make((engine) => fill(engine, draw))
})

afterAll(async () => {
  await store[Symbol.asyncDispose]()
})

test('an undamaged store is served', async () => {
  expect(await store.refused(store.bytes, seed)).toBe(false)
})

test.for(harms)('a store $name is served whole or refused', async ({ name, harm, noticedMin }) => {
  let refused = 0
  for (let time = 0; time < TIMES; time += 1) {
    const data = harm(Buffer.from(store.bytes), draw)
    if (await store.refused(data, { seed, name, time })) refused += 1
  }
  expect(refused, `seed ${seed}`).toBeGreaterThanOrEqual(Math.floor((noticedMin * TIMES) / 100))
})

test('an emptied store is refused', async () => {
  expect(await store.refused(Buffer.alloc(0), seed)).toBe(true)
})
