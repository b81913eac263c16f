/**
 * Twenty deaths of a server with records under way: at any time, or between a commit and its answers.
 *
 * guards: D1, D2, K1, K2, K3, L1, L2, L4, W3
 */
import { expect, test } from 'vitest'
import { atAnyTime, atPoint } from '../../crash/deaths.ts'
import { besiegeRecords } from '../../crash/record-siege.ts'
import { scaled } from '../../scale.ts'
import { between, drawOf, freshSeed, oneOf } from '../../seed.ts'

const DEATHS = scaled(20)
/** Transactions between a start and a death at a point. */
const PASSINGS_MAX = 60
/** Otherwise somebody might not be answered for too long. */
const POINTED = 2

test('what was said of records outlives all deaths of their server', async () => {
  const seed = freshSeed()
  const draw = drawOf(seed)
  const deaths = Array.from({ length: DEATHS }, (_, at) =>
    at % POINTED === 0
      ? atAnyTime
      : atPoint(
          oneOf(draw, ['before-reply', 'after-sync']),
          Math.ceil(between(draw, 0, PASSINGS_MAX)),
        ),
  )
  const breaches = await besiegeRecords(deaths, draw)
  expect({ seed, breaches }).toEqual({ seed, breaches: [] })
})
