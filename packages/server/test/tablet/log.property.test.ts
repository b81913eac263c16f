/** The session log under any mixture of what clients do, with a clock that is moved and servers that go. */
import { array, assert, asyncProperty, constant, nat, oneof, record } from 'fast-check'
import { expect, test } from 'vitest'
import { PARTS, Play, VISITORS } from './log-play.ts'
import { stage } from './stage.ts'

const RUNS = 20
const ACTS_MIN = 40
const ACTS_MAX = 120

const doing = oneof(...PARTS.map(([each, weight]) => ({ weight, arbitrary: constant(each) })))

const acts = array(record({ doing, who: nat(VISITORS - 1), which: nat(1_000) }), {
  minLength: ACTS_MIN,
  maxLength: ACTS_MAX,
  size: 'max',
})

// guards: J1, J2, J3, J5, D1
test('whatever clients do, each task comes once in an attempt, with exactly what was acknowledged before', async () => {
  await assert(
    asyncProperty(acts, async (script) => {
      const play = new Play(stage())
      await play.begin()
      for (const act of script) await play.do(act)
      expect(await play.end()).toEqual([])
    }),
    { numRuns: RUNS },
  )
})
