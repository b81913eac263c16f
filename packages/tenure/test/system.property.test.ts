/**
 * Programs, client library, servers and engine together against a model that knows nothing of faults: after every move each
 * program has been told what it must be told, and an observer sees what must be there.
 */
import { asyncModelRun, asyncProperty, integer } from 'fast-check'
import { expect, test } from 'vitest'
import { counterexample } from '../../../test/property.ts'
import { Model } from './properties/model.ts'
import { moves } from './properties/moves.ts'
import { World } from './properties/world.ts'

const agreement = asyncProperty(moves, integer({ min: 0 }), async (script, seed) => {
  const [world, model] = [new World(seed), new Model()]
  await world.begin(model)
  await asyncModelRun(() => ({ model, real: world }), script)
  await world.end()
})

// guards: X1, X2, X3, X4, X5, X6, X7, S1, S2, S3, S7, W1, W3, L1, L2, L3, D1
test('what programs are told and what is there agree with a plain model, whatever happens to servers, links and commits', async () => {
  expect(await counterexample(agreement, 100)).toBeUndefined()
})
