/** A set in the order of adding, held to a built-in one. */
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { LinkedSet, type Place } from '../src/linked-set.ts'

test('it holds what a built-in set would hold, in the same order', () => {
  const step = fc.oneof(
    { weight: 3, arbitrary: fc.constant('add' as const) },
    { weight: 2, arbitrary: fc.nat({ max: 20 }) },
    { weight: 1, arbitrary: fc.constant('clear' as const) },
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const set = new LinkedSet<number>()
      const model = new Map<number, Place<number>>()
      for (const [number, each] of steps.entries()) {
        if (each === 'add') model.set(number, set.add(number))
        else if (each === 'clear') {
          set.clear()
          model.clear()
        } else {
          const [key] = [...model.keys()].slice(each)
          if (key === undefined) continue
          set.delete(model.get(key) ?? null)
          model.delete(key)
        }
        expect([...set]).toEqual([...model.keys()])
        expect([set.size, set.first]).toEqual([model.size, [...model.keys()][0]])
      }
    }),
  )
})

test('a place is given up once, and only to the set that made it', () => {
  const set = new LinkedSet<string>()
  const other = new LinkedSet<string>()
  const place = set.add('a')
  expect(other.delete(place)).toBe(false)
  expect([set.delete(place), set.delete(place), set.delete(null)]).toEqual([true, false, false])
})

test('the element at hand may go while the set is read', () => {
  const set = new LinkedSet<number>()
  const places = [1, 2, 3].map((number) => set.add(number))
  const seen: number[] = []
  for (const number of set) {
    seen.push(number)
    set.delete(places[number - 1] ?? null)
  }
  expect([seen, set.size]).toEqual([[1, 2, 3], 0])
})
