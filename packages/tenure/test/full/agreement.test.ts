/** The same lives of programs and servers as on every commit, many more of them. */
import { expect, test } from 'vitest'
import { BUSY_MS, counterexample } from '../../../../test/property.ts'
import { wireAgreement, worldAgreement } from '../properties/agreement.ts'

// guards: X1, X2, X3, X4, X5, X6, X7, S1, S2, S3, S7, W1, W3, L1, L2, L3, D1, D4
test(
  'in very many lives what programs are told agrees with a plain model, whatever happens to servers, links and commits',
  { timeout: BUSY_MS },
  async () => {
    expect(await counterexample(worldAgreement, 3_000)).toBeUndefined()
  },
)

// guards: X1, X2, X3, X4, W1, W3, L1
test(
  'over gRPC, too, in many lives what programs are told agrees with a plain model',
  { timeout: BUSY_MS },
  async () => {
    expect(await counterexample(wireAgreement, 40)).toBeUndefined()
  },
)
