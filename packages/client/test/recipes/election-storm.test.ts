// guards: X1, X2, W3
import { expect, test } from 'vitest'
import { freshSeed } from '../../../../test/seed.ts'
import { openWorld, WORLDS } from '../worlds.ts'
import { electionStorm } from './election-storm.ts'

test.for(WORLDS)(
  'S4-04, S4-05: however terms end, operations never run together, and each run ends as it should, %s',
  async (kind) => {
    await using world = await openWorld(kind)
    const seed = freshSeed()
    expect(await electionStorm(world, seed, 60), `seed ${seed}`).toEqual([])
  },
)
