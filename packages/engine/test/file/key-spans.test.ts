import { assert, constantFrom, property, array, record } from 'fast-check'
import { expect, test } from 'vitest'
import { KeySpans } from '../../src/file/key-spans.ts'

const KEYS = 'abcdefghij'.split('')

const spans = array(record({ start: constantFrom(...KEYS), end: constantFrom(...KEYS) }), {
  maxLength: 8,
})

test('it has the keys of all that were added, and its spans do not touch', () => {
  assert(
    property(spans, (added) => {
      const set = new KeySpans()
      for (const span of added) set.add(span)
      const isAdded = (key: string): boolean =>
        added.some(({ start, end }) => start <= key && key < end)
      expect(KEYS.filter((key) => set.has(key))).toEqual(KEYS.filter(isAdded))
      const endOf = (key: string): string | undefined =>
        isAdded(key) ? [...KEYS, 'k'].find((next) => next > key && !isAdded(next)) : undefined
      expect(KEYS.map((key) => set.endOf(key))).toEqual(KEYS.map(endOf))
      const all = [...set.all()]
      expect(
        all.every(({ start, end }, at) => start < end && !(end >= (all[at + 1]?.start ?? '~'))),
      ).toBe(true)
    }),
  )
})

test('it names those that have keys of a span', () => {
  const set = new KeySpans()
  for (const [start, end] of [
    ['a', 'c'],
    ['d', 'f'],
    ['g', 'i'],
  ] as const)
    set.add({ start, end })
  expect([...set.within({ start: 'c', end: 'd' })]).toEqual([])
  expect([...set.within({ start: 'b', end: 'e' })].map(({ start }) => start)).toEqual(['a', 'd'])
  expect([...set.within({ start: 'e', end: 'z' })].map(({ start }) => start)).toEqual(['d', 'g'])
})
