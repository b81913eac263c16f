import { expect, test } from 'vitest'
import { PageSet } from '../../src/file/page-set.ts'

test('a set of pages knows them, and tells them in order', () => {
  const pages = new PageSet(100)
  const numbers = [100, 2, 8, 7, 63, 64]
  expect(numbers.map((number) => pages.add(number))).not.toContain(false)
  expect(pages.add(64)).toBe(false)
  expect(pages.size).toBe(6)
  expect(pages.largest).toBe(100)
  expect(pages.delete(100)).toBe(true)
  expect(pages.delete(100)).toBe(false)
  const told: number[] = []
  for (let number = pages.next(0); number >= 0; number = pages.next(number + 1)) told.push(number)
  expect(told).toEqual([2, 7, 8, 63, 64])
  expect(pages.largest).toBe(64)
  expect(new PageSet(9).largest).toBe(-1)
})

test('two sets meet when a page is in both', () => {
  const [one, other] = [new PageSet(20), new PageSet(20)]
  one.add(17)
  other.add(16)
  expect(one.meets(other)).toBe(false)
  other.add(17)
  expect(one.meets(other)).toBe(true)
})
