/** What waits under numbers, held to a built-in map. */
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { IdMap } from '../src/id-map.ts'

test('it holds what a built-in map would hold', () => {
  const id = fc.oneof(fc.integer({ min: 1, max: 40 }), fc.constantFrom(2 ** 32 + 1, 2 ** 53 - 1))
  const step = fc.record({ does: fc.constantFrom('set', 'set', 'delete', 'get'), id })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const map = new IdMap<string>()
      const model = new Map<number, string>()
      for (const [at, { does, id: number }] of steps.entries()) {
        if (does === 'set') {
          map.set(number, `value ${at}`)
          model.set(number, `value ${at}`)
        }
        const deleted =
          does === 'delete' ? [map.delete(number), model.delete(number)] : [true, true]
        expect(deleted[0]).toBe(deleted[1])
        expect(map.get(number)).toBe(model.get(number))
        expect(map.size).toBe(model.size)
      }
      expect([...map.values()].sort()).toEqual([...model.values()].sort())
      for (const number of model.keys()) expect(map.get(number)).toBe(model.get(number))
      map.clear()
      expect([map.size, [...map.values()]]).toEqual([0, []])
    }),
  )
})

test('numbers that grow come and go by the thousand, while an old one stays', () => {
  const map = new IdMap<number>()
  map.set(1, 1)
  for (let id = 2; id < 5_000; id++) {
    map.set(id, id)
    if (id > 300) map.delete(id - 250)
  }
  expect([map.get(1), map.get(4_999), map.get(4_000)]).toEqual([1, 4_999, undefined])
})
