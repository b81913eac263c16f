/** The same storm over an election as on every commit, for much longer. */
import { expect, test } from 'vitest'
import { scaled } from '../../../../test/scale.ts'
import { freshSeed } from '../../../../test/seed.ts'
import { electionStorm } from '../recipes/election-storm.ts'
import { openWorld, WORLDS } from '../worlds.ts'

// guards: X1, X2, W3
test.for(WORLDS)(
  'in very many terms operations never run together, and each run ends as it should, %s',
  async (kind) => {
    await using world = await openWorld(kind)
    const seed = freshSeed()
    expect(await electionStorm(world, seed, scaled(1_000)), `seed ${seed}`).toEqual([])
  },
)
