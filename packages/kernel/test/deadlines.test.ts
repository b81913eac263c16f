import { array, assert, integer, nat, property, tuple } from 'fast-check'
import { expect, test } from 'vitest'
import { Deadlines, Timed } from '../src/deadlines.ts'

class Named extends Timed {
  readonly name: number

  constructor(name: number) {
    super()
    this.name = name
  }
}

test('what is due comes in the order of time, then in the order of setting, without what was cancelled', () => {
  const moves = array(tuple(nat(40), integer({ min: -1, max: 10 })), { maxLength: 200 })
  assert(
    property(moves, (moves) => {
      const deadlines = new Deadlines<Named>()
      const named = Array.from({ length: 41 }, (_, name) => new Named(name))
      const expected: { name: number; dueMs: number }[] = []
      for (const [name, dueMs] of moves) {
        const at = expected.findIndex((it) => it.name === name)
        if (at >= 0) expected.splice(at, 1)
        const element = named[name]
        if (element === undefined) continue
        if (dueMs < 0) {
          deadlines.cancel(element)
        } else {
          deadlines.set(element, dueMs)
          expected.push({ name, dueMs })
        }
        const times = expected.map((it) => it.dueMs)
        expect(deadlines.nextMs).toBe(Math.min(...times, Infinity))
      }
      // Sorting is stable, so equal times stay in the order of setting.
      const order = expected.sort((left, right) => left.dueMs - right.dueMs).map(({ name }) => name)
      const taken: number[] = []
      for (let it = deadlines.takeDue(10); it !== null; it = deadlines.takeDue(10)) {
        taken.push(it.name)
      }
      expect(taken).toEqual(order)
      expect(deadlines.nextMs).toBe(Infinity)
    }),
  )
})

test('nothing is taken before its time', () => {
  const deadlines = new Deadlines<Named>()
  deadlines.set(new Named(1), 5)
  expect(deadlines.takeDue(4.999)).toBe(null)
  expect(deadlines.takeDue(5)?.name).toBe(1)
  expect(deadlines.takeDue(5)).toBe(null)
})

test('what was cleared can be set again', () => {
  const deadlines = new Deadlines<Named>()
  const one = new Named(1)
  deadlines.set(one, 5)
  deadlines.clear()
  expect(deadlines.nextMs).toBe(Infinity)
  deadlines.cancel(one)
  deadlines.set(one, 7)
  expect(deadlines.nextMs).toBe(7)
})
