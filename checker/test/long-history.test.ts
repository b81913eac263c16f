/**
 * Long histories of many clients: right ones pass quickly, and a semaphore with a fault is found out.
 *
 * guards: L1, L2, X1, X2, X3
 */
import { check, explain, semaphoreModel, semaphoreOperations, type Verdict } from '@tenure/checker'
import { expect, test } from 'vitest'
import { play, type Scene } from './desk.ts'
import { Random, SEED } from './random.ts'

const SCENE: Scene = { clients: 4, operations: 80, limit: 3n, fault: 'none', lossPeriod: 15 }
/** A search that hardly ever goes back takes a few steps for each operation. */
const STEPS_MAX = 100_000

function judge(scene: Scene, seed: number): Verdict {
  const history = semaphoreOperations(play(scene, new Random(seed)))
  return check(semaphoreModel(scene.limit), history, { stepsMax: STEPS_MAX })
}

test('what a right semaphore did is always possible', () => {
  for (let seed = SEED; seed < SEED + 200; seed += 1) {
    expect({ seed, said: explain(judge(SCENE, seed)) }).toEqual({ seed, said: 'linearizable' })
  }
})
