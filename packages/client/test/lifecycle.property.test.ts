/**
 * Everything a program can do, begun in any order and at any moment, while the network and the server do what they like.
 * Afterwards every promise has settled, the server's books are what the program believes, and nothing is left behind.
 */
import { expect, test } from 'vitest'
import { BUSY_MS, counterexample } from '../../../test/property.ts'
import { ends } from './races/ends.ts'

// guards: X1, X2, X4, S2, W3
test('whatever is begun ends, and what was released is free', { timeout: BUSY_MS }, async () => {
  expect(await counterexample(ends, 200)).toBeUndefined()
})
