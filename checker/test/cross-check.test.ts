/**
 * The search against brute force, on ten thousand tiny histories of each model: the verdicts are the same.
 *
 * guards: L1, L2
 */
import { inspect } from 'node:util'
import { check, type Verdict } from '@tenure/checker'
import { expect, test } from 'vitest'
import { isLinearizable } from './brute-force.ts'
import { Random, SEED } from './random.ts'
import { possibleHistory, withMistake } from './tiny-history.ts'
import {
  coinWorld,
  logWorld,
  recordWorld,
  registerWorld,
  semaphoreWorld,
  type World,
} from './worlds.ts'

const HISTORIES = 10_000
/** Each verdict comes at least once in so many histories, or the histories say little. */
const RARITY_MAX = 25

/** How often each verdict came, and the seed of the first history about which the two do not agree. */
function verdicts<S, I, O>(world: World<S, I, O>): Record<Verdict['kind'], number> {
  const seen = { linearizable: 0, violation: 0, unknown: 0 }
  for (let number = 0; number < HISTORIES; number += 1) {
    const seed = SEED + number
    const random = new Random(seed)
    const possible = possibleHistory(world, random)
    const isRight = random.onceIn(2)
    const history = isRight ? possible : withMistake(world, possible, random)
    const { kind } = check(world.model, shuffled(history, random))
    const wanted = isLinearizable(world.model, history) ? 'linearizable' : 'violation'
    if (kind !== wanted || (isRight && kind === 'violation')) {
      throw new Error(`TENURE_TEST_SEED=${seed}: ${kind}, not ${wanted}:\n${inspect(history)}`)
    }
    seen[kind] += 1
  }
  return seen
}

function shuffled<T>(items: readonly T[], random: Random): T[] {
  const drawn = items.map((item) => ({ item, place: random.below(items.length) }))
  return drawn.sort((one, other) => one.place - other.place).map(({ item }) => item)
}

const worlds: Record<string, () => Record<Verdict['kind'], number>> = {
  registers: () => verdicts(registerWorld),
  semaphores: () => verdicts(semaphoreWorld),
  records: () => verdicts(recordWorld),
  tasks: () => verdicts(logWorld),
  'a model with chance in it': () => verdicts(coinWorld),
}

test.for(Object.entries(worlds))('the search and brute force agree about %s', ([, count]) => {
  const { linearizable, violation, unknown } = count()
  expect(linearizable).toBeGreaterThan(HISTORIES / RARITY_MAX)
  expect(violation).toBeGreaterThan(HISTORIES / RARITY_MAX)
  expect(unknown).toBe(0)
})
