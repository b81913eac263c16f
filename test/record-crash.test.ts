/**
 * kill -9 of the server with records under way: every write that was acknowledged is there afterwards, with the version that was
 * told, nothing is done twice, and what was written in one commit is there as a whole.
 *
 * guards: D1, D2, K1, K2, K3, L1, L2, L4, W3
 */
import { expect, test } from 'vitest'
import { atAnyTime } from './crash/deaths.ts'
import { besiegeRecords } from './crash/record-siege.ts'
import { drawOf, freshSeed } from './seed.ts'

const KILLS = 5

test('kill -9 while records are written un-happens nothing', { timeout: 60_000 }, async () => {
  const seed = freshSeed()
  const deaths = Array.from({ length: KILLS }, () => atAnyTime)
  const breaches = await besiegeRecords(deaths, drawOf(seed))
  expect({ seed, breaches }).toEqual({ seed, breaches: [] })
})
