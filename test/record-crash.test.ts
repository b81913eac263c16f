/**
 * kill -9 of the server with records under way: every write that was acknowledged is there afterwards, with the version that was
 * told, nothing is done twice, and what was written in one commit is there as a whole.
 *
 * guards: D1, D2, K1, K2, K3, L1, L2, L4, W3
 */
import { expect, test } from 'vitest'
import { atAnyTime, atPoint } from './crash/deaths.ts'
import { besiegeRecords } from './crash/record-siege.ts'
import { drawOf, freshSeed } from './seed.ts'

/** Each death that loses answers is followed by a life in which everybody is answered. */
const DEATHS = [
  atAnyTime,
  atPoint('before-reply', 20),
  atAnyTime,
  atPoint('after-sync', 25),
  atAnyTime,
  atPoint('after-append', 30),
  atAnyTime,
]

test('kill -9 while records are written un-happens nothing', { timeout: 60_000 }, async () => {
  const seed = freshSeed()
  const breaches = await besiegeRecords(DEATHS, drawOf(seed))
  expect({ seed, breaches }).toEqual({ seed, breaches: [] })
})
