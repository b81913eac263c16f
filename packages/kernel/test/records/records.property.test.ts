/**
 * Random lives of records, played against the kernel and a plain model side by side: every answer, every version and all
 * records must agree, through detached sessions, leases that end, pages of held moments, values that are not in memory,
 * changes that are asked for again, and restarts after every single write.
 */
import { expect, test } from 'vitest'
import { BUSY_MS, counterexample } from '../../../../test/property.ts'
import { agreement } from './life.ts'

// guards: K1, K2, K3, K4, L2, D2
test('any life of records agrees with a plain model of it', { timeout: BUSY_MS }, async () => {
  expect(await counterexample(agreement, 1_000)).toBeUndefined()
})
