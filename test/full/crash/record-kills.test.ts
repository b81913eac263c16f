/**
 * Twenty kills of a server with records under way.
 *
 * guards: D1, D2, K1, K2, K3, L1, L2, L4, W3
 */
import { expect, test } from 'vitest'
import { atAnyTime } from '../../crash/deaths.ts'
import { besiegeRecords } from '../../crash/record-siege.ts'
import { scaled } from '../../scale.ts'
import { drawOf, freshSeed } from '../../seed.ts'

const KILLS = scaled(20)

test('what was said of records outlives all deaths of their server', async () => {
  const seed = freshSeed()
  const deaths = Array.from({ length: KILLS }, () => atAnyTime)
  const breaches = await besiegeRecords(deaths, drawOf(seed))
  expect({ seed, breaches }).toEqual({ seed, breaches: [] })
})
