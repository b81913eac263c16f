/** The same races as on every commit, many more of them. */
import { expect, test } from 'vitest'
import { BUSY_MS, counterexample } from '../../../../test/property.ts'
import { ends } from '../races/ends.ts'

// guards: X1, X2, X4, S2, W3
test(
  'in very many races whatever is begun ends, and what was released is free',
  { timeout: BUSY_MS },
  async () => {
    expect(await counterexample(ends, 3_000)).toBeUndefined()
  },
)
