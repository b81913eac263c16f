/**
 * The first seeds of the storm. The full tier runs many more.
 *
 * guards: L1, L2, L3, L4, X1, X2, X3, X4, X5, X6, X7, S1, S2, S3, S4, S5, S6, S7, W1, W3, D2, D4, O2
 */
import { expect, test } from 'vitest'
import { run } from '../src/run.ts'

const CHUNK_SEEDS = 50
const CHUNKS = [1, 51, 101]

test.each(CHUNKS)('no promise is broken from seed %i on', { timeout: 120_000 }, async (from) => {
  for (let seed = from; seed < from + CHUNK_SEEDS; seed += 1) {
    const { violation } = await run(seed)
    expect({ seed, violation }, `see it again: npm run sim -- --seed ${seed}`).toEqual({
      seed,
      violation: null,
    })
  }
})
