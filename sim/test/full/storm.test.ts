/**
 * Many seeds of the storm on all cores: no promise is broken, and every situation of the list comes about.
 *
 * guards: L1, L2, L3, L4, X1, X2, X3, X4, X5, X6, X7, X8, S1, S2, S3, S4, S5, S6, S7, W1, W3, K1, K2, K3, K4, J1, J2, J3, J4, J5, J6, D1, D2, D4, O2
 */
import { expect, test } from 'vitest'
import { scaled } from '../../../test/scale.ts'
import { runRange } from '../../src/command/range.ts'
import { UNJUDGED_SHARE_MAX } from '../../src/judge/limits.ts'
import { MARKS } from '../../src/report/marks.ts'

const SEEDS = scaled(20_000)
const TIMEOUT_MS = SEEDS * 100

test('no promise is broken, and no situation is missed', { timeout: TIMEOUT_MS }, async () => {
  const report = await runRange({ from: 1, seeds: SEEDS, progress: () => {} })
  expect(report.failure).toBeNull()
  expect(MARKS.filter((mark) => !report.marks.includes(mark))).toEqual([])
  expect(report.unjudged / report.seeds).toBeLessThanOrEqual(UNJUDGED_SHARE_MAX)
})
