/** As on every commit, with so many tasks that a memory which held them would show. */
import { expect, test } from 'vitest'
import { IN_ORDER, comingBack } from '../log/coming-back.ts'

// holds: S2-28, S2-30, S2-31
test('20,000 stored tasks come back in their order through a small memory and a restart', () => {
  expect(comingBack(20_000, { storedInMemoryMax: 256, storedPageMax: 64 })).toEqual(IN_ORDER)
})
