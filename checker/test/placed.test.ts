/**
 * Names of sets: equal for equal sets, and for those only.
 *
 * guards: L1
 */
import { expect, test } from 'vitest'
import { Placed } from '../src/placed.ts'
import { Random, SEED } from './random.ts'

const SIZE = 70

test('sets have the same name exactly when they are the same, however they came about', () => {
  const random = new Random(SEED)
  const placed = new Placed(SIZE)
  const numbers = new Set<number>()
  const keys = new Map<string, string>()
  const sets = new Map<string, string>()
  for (let turn = 0; turn < 20_000; turn += 1) {
    // Runs of neighbours fill whole words, as a search does.
    const number = (random.below(4) * 17 + random.below(19)) % SIZE
    if (numbers.delete(number)) placed.remove(number)
    else {
      placed.add(number)
      numbers.add(number)
    }
    if (random.onceIn(500)) {
      const full = 16 * random.below(4)
      for (let low = 0; low < full; low += 1) {
        placed.add(low)
        numbers.add(low)
      }
    }
    const set = [...numbers].sort((one, other) => one - other).join(' ')
    expect({ seed: SEED, turn, set: keys.get(placed.key) ?? set }).toEqual({
      seed: SEED,
      turn,
      set,
    })
    expect({ seed: SEED, turn, key: sets.get(set) ?? placed.key }).toEqual({
      seed: SEED,
      turn,
      key: placed.key,
    })
    keys.set(placed.key, set)
    sets.set(set, placed.key)
  }
})

test('full words below do not make two sets look alike', () => {
  const high = new Placed(SIZE)
  for (let number = 0; number <= 16; number += 1) high.add(number)
  const low = new Placed(SIZE)
  low.add(0)
  expect(high.key).not.toBe(low.key)
})
