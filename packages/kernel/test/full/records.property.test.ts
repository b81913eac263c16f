/** The same lives of records as on every commit, many more of them. */
import { expect, test } from 'vitest'
import { BUSY_MS, counterexample } from '../../../../test/property.ts'
import { agreement } from '../records/life.ts'

// guards: K1, K2, K3, K4, L2, D2
test(
  'any of very many lives of records agrees with a plain model of it',
  { timeout: BUSY_MS },
  async () => {
    expect(await counterexample(agreement, 30_000)).toBeUndefined()
  },
)
