/** The id of a task: two numbers, their order, their forms. holds: S2-03 */
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { TaskId } from '../../src/pipe/task-id.ts'
import { untyped } from './fake-pipe.ts'

const PART = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })
const ID = fc.tuple(PART, PART).map(([term, index]) => new TaskId(term, index))

test('S2-03: an id has a text of two numbers, from which it is read again', () => {
  expect(new TaskId(3n, 17n).toString()).toBe('3.17')
  expect(JSON.stringify({ id: new TaskId(3n, 17n) })).toBe('{"id":"3.17"}')
  fc.assert(
    fc.property(ID, (id) => {
      expect(TaskId.parse(id.toString())).toEqual(id)
    }),
  )
})

test('S2-03: an id has 16 bytes, big-endian', () => {
  const bytes = new TaskId(3n, 2n ** 63n + 1n).bytes()
  expect([...bytes]).toEqual([0, 0, 0, 0, 0, 0, 0, 3, 128, 0, 0, 0, 0, 0, 0, 1])
})

test('S2-03: ids are ordered by term, then index, and so are their bytes', () => {
  fc.assert(
    fc.property(ID, ID, (one, other) => {
      const order = Math.sign(Buffer.compare(one.bytes(), other.bytes()))
      expect(one.compare(other)).toBe(order)
      expect(one < other).toBe(order < 0)
    }),
  )
  expect(new TaskId(2n, 1n).compare(new TaskId(1n, 9n))).toBe(1)
  expect(new TaskId(1n, 1n).compare(new TaskId(1n, 1n))).toBe(0)
})

test.for(['', '3', '3.', '.17', '3.17.1', 'x.y', ' 3.17', '-1.2', '18446744073709551616.0'])(
  'a text of another form is no id: "%s"',
  (text) => {
    expect(() => TaskId.parse(text)).toThrow(RangeError)
  },
)

test('an id is taken as it is at hand: itself, its text, its parts', () => {
  const id = new TaskId(3n, 17n)
  expect(TaskId.of(id)).toBe(id)
  expect(TaskId.of('3.17')).toEqual(id)
  expect(TaskId.of({ term: 3n, index: 17n })).toEqual(id)
  expect(() => TaskId.of(untyped(17))).toThrow(TypeError)
  expect(() => new TaskId(-1n, 0n)).toThrow(RangeError)
  expect(() => new TaskId(1n, untyped(1))).toThrow(TypeError)
})
