/** The client library and a real server over gRPC against the model of system.property.test.ts, while connections break. */
import { expect, test } from 'vitest'
import { BUSY_MS, counterexample } from '../../../test/property.ts'
import { wireAgreement } from './properties/agreement.ts'

// guards: X1, X2, X3, X4, W1, W3, L1
test(
  'over gRPC what programs are told and what is there agree with a plain model, while connections break',
  { timeout: BUSY_MS },
  async () => {
    expect(await counterexample(wireAgreement, 5)).toBeUndefined()
  },
)
