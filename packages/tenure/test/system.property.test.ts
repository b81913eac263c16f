/**
 * Programs, client library, servers and engine together against a model that knows nothing of faults: after every move each
 * program has been told what it must be told, and an observer sees what must be there.
 */
import { expect, test } from 'vitest'
import { BUSY_MS, counterexample } from '../../../test/property.ts'
import { worldAgreement } from './properties/agreement.ts'

// guards: X1, X2, X3, X4, X5, X6, X7, S1, S2, S3, S7, W1, W3, L1, L2, L3, D1, D4
test(
  'what programs are told and what is there agree with a plain model, whatever happens to servers, links and commits',
  { timeout: BUSY_MS },
  async () => {
    expect(await counterexample(worldAgreement, 100)).toBeUndefined()
  },
)
