/** Ranges found by a key inside them, against a plain list of all of them. */
import { array, constant, nat, oneof, property, record, tuple } from 'fast-check'
import { expect, test } from 'vitest'
import { counterexample } from '../../../test/property.ts'
import { RangeIndex } from '../src/records/range-index.ts'

const KEYS = ['', 'a', 'a\0', 'aa', 'ab', 'b', 'ba', 'c', '\u00ff', '\u00ff\u00ff']

const key = nat(KEYS.length - 1).map((at) => KEYS[at] ?? '')
const range = tuple(
  key,
  oneof({ weight: 4, arbitrary: key }, { weight: 1, arbitrary: constant(null) }),
)
const move = record({ range, seek: key })

interface Plain {
  readonly start: string
  readonly end: string | null
}

function found(index: RangeIndex<Plain>, sought: string): Plain[] {
  const visited: Plain[] = []
  index.visit(sought, (one) => visited.push(one))
  return visited
}

function compare(left: Plain, right: Plain): number {
  if (left.start !== right.start) return left.start < right.start ? -1 : 1
  if (left.end === right.end) return 0
  return right.end === null || (left.end !== null && left.end < right.end) ? -1 : 1
}

test('every range around a key is found, by start and end, and no other', async () => {
  const agrees = property(array(move, { maxLength: 80 }), (moves) => {
    const index = new RangeIndex<Plain>()
    const plain: Plain[] = []
    for (const {
      range: [start, end],
      seek,
    } of moves) {
      const at = plain.findIndex((one) => one.start === start && one.end === end)
      expect(index.find(start, end)).toBe(plain[at])
      if (at < 0) {
        const added = { start, end }
        plain.push(added)
        index.add(start, end, added)
      } else {
        plain.splice(at, 1)
        index.remove(start, end)
      }
      const expected = plain.filter(
        (one) => one.start <= seek && (one.end === null || seek < one.end),
      )
      expect(found(index, seek)).toEqual(expected.sort(compare))
      expect(index.size).toBe(plain.length)
    }
  })
  expect(await counterexample(agrees, 500)).toBeUndefined()
})

test('one range among 100,000 is found without a look at all of them', () => {
  const index = new RangeIndex<number>()
  for (let number = 100_000; number < 200_000; number++) {
    index.add(`${number}`, `${number}~`, number)
  }
  const found: number[] = []
  for (let number = 100_000; number < 200_000; number++) {
    index.visit(`${number}/it`, (one) => found.push(one))
  }
  expect(found).toEqual(Array.from({ length: 100_000 }, (_, at) => 100_000 + at))
  for (let number = 100_000; number < 200_000; number++) index.remove(`${number}`, `${number}~`)
  expect(index.size).toBe(0)
})
