/**
 * Random lives of a node, played against the kernel and a plain model side by side: every event, every description, every
 * deadline must agree, through restarts from what was written.
 */
import { expect, test } from 'vitest'
import { BUSY_MS, counterexample } from '../../../test/property.ts'
import { agreement } from './agreement.ts'

// guards: X1, X2, X3, X4, X5, S1, S3, S6, D2, W1, M2
test(
  'any life of a node agrees with a plain model of it, through restarts',
  { timeout: BUSY_MS },
  async () => {
    expect(await counterexample(agreement, 1_000)).toBeUndefined()
  },
)
