/**
 * A watch under heavy writes, with reconnects again and again, ends in exactly what is stored.
 *
 * guards: K1, K2, W3
 */
import { expect, test } from 'vitest'
import { watchInStorm } from './watch-storm.ts'

const SEED = Number(process.env['TENURE_TEST_SEED'] ?? Date.now() % 2 ** 31)

test('a watch that reconnects again and again ends in what is stored, and no version goes back', async () => {
  const storm = {
    durationMs: 1_500,
    writesPerSecond: 1_000,
    breakEveryMs: 40,
    keys: 50,
    seed: SEED,
  }
  const { writes, connections, resets, wrong, seen, stored } = await watchInStorm(storm)
  // The history of a server reaches back much further than a reconnect takes.
  expect({ seed: SEED, wrong, resets }).toEqual({ seed: SEED, wrong: [], resets: 0 })
  expect(seen).toEqual(stored)
  expect(writes).toBeGreaterThan(500)
  expect(connections).toBeGreaterThan(5)
})
