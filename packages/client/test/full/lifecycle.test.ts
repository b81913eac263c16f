/** The same races as on every commit, many more of them. */
import { expect, test } from 'vitest'
import { counterexample } from '../../../../test/property.ts'
import { ends } from '../races/ends.ts'

// guards: X1, X2, X4, S2, W3
test('in very many races whatever is begun ends, and what was released is free', async () => {
  expect(await counterexample(ends, 3_000)).toBeUndefined()
})
