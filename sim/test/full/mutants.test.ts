/** Every planted bug is found by the storm: what finds none of them proves nothing. */
import { expect, test } from 'vitest'
import { MUTANTS } from '../../src/mutants/catalogue.ts'
import { rowOf, trial } from '../../src/mutants/trial.ts'

const SEEDS_MAX = 2_000
const SEEDS_FROM = 1

test.each(MUTANTS)('"$name" is found', { timeout: 600_000 }, async (mutant) => {
  const find = await trial(mutant, { from: SEEDS_FROM, seeds: SEEDS_MAX })
  console.log(rowOf(mutant, find))
  expect(find).not.toBeNull()
})
