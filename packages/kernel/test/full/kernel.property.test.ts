/** The same lives as on every commit, many more of them. */
import { expect, test } from 'vitest'
import { BUSY_MS, counterexample } from '../../../../test/property.ts'
import { agreement } from '../agreement.ts'

// guards: X1, X2, X3, X4, X5, S1, S3, S6, D2, W1, M2
test(
  'any of very many lives of a node agrees with a plain model of it, through restarts',
  { timeout: BUSY_MS },
  async () => {
    expect(await counterexample(agreement, 10_000)).toBeUndefined()
  },
)
