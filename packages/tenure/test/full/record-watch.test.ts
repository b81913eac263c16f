/**
 * A watch under as many writes as a node is asked to take, with a reconnect each second.
 *
 * guards: K1, K2, W3
 */
import { expect, test } from 'vitest'
import { scaled } from '../../../../test/scale.ts'
import { watchInStorm } from '../records/watch-storm.ts'

const SEED = Number(process.env['TENURE_TEST_SEED'] ?? Date.now() % 2 ** 31)
const WRITES_PER_SECOND = 5_000
const SECONDS = scaled(20)

test(`a watch of a prefix under ${WRITES_PER_SECOND} writes a second, with reconnects every second, ends in what is stored`, async () => {
  const storm = { durationMs: SECONDS * 1_000, breakEveryMs: 1_000, keys: 1_000, seed: SEED }
  const report = await watchInStorm({ ...storm, writesPerSecond: WRITES_PER_SECOND })
  const { writes, connections, resets, wrong, seen, stored } = report
  // The history of a server reaches back much further than a reconnect takes.
  expect({ seed: SEED, wrong, resets }).toEqual({ seed: SEED, wrong: [], resets: 0 })
  expect(seen).toEqual(stored)
  expect(writes).toBeGreaterThan(WRITES_PER_SECOND * SECONDS * 0.9)
  expect(connections).toBeGreaterThan(SECONDS * 0.8)
})
