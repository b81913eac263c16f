import * as fc from 'fast-check'
import type { KeyBounds, Write } from '@tenure/kernel'
import { expect, test } from 'vitest'
import { ReadRanges } from '../../src/tablet/read-ranges.ts'

/** So short that ranges and writes often meet. */
const key = fc
  .array(fc.integer({ min: 0, max: 3 }), { maxLength: 2 })
  .map((bytes) => Uint8Array.from(bytes))
const bounds = fc.record({ start: key, end: key })
const write: fc.Arbitrary<Write> = fc.oneof(
  fc.record({ kind: fc.constant('put' as const), key, value: key }),
  fc.record({ kind: fc.constant('delete' as const), key }),
  bounds
    .filter(({ start, end }) => isLess(start, end))
    .map(({ start, end }) => ({ kind: 'delete-range' as const, start, end })),
)

function isLess(left: Uint8Array, right: Uint8Array): boolean {
  return Buffer.compare(left, right) < 0
}

/** One by one, as it is meant. */
function touches(wrote: Write, { start, end }: KeyBounds): boolean {
  if (wrote.kind === 'delete-range') return isLess(wrote.start, end) && isLess(start, wrote.end)
  return !isLess(wrote.key, start) && isLess(wrote.key, end)
}

test('a write touches ranges exactly when it touches one of them, whatever their order and however they meet', () => {
  fc.assert(
    fc.property(fc.array(bounds, { maxLength: 8 }), write, (ranges, wrote) => {
      const held = new ReadRanges()
      for (const range of ranges) held.add(range)
      const some = ranges.filter(({ start, end }) => isLess(start, end))
      expect(held.isTouchedBy(wrote)).toBe(some.some((range) => touches(wrote, range)))
    }),
    { numRuns: 2_000 },
  )
})

test('ranges that are not there any more for others have left nothing behind', () => {
  const held = new ReadRanges()
  for (let at = 0; at < 200; at += 2) {
    held.add({ start: Uint8Array.of(1, at), end: Uint8Array.of(1, at + 1) })
  }
  expect(held.isTouchedBy({ kind: 'delete', key: Uint8Array.of(1, 101) })).toBe(false)
  expect(held.isTouchedBy({ kind: 'delete', key: Uint8Array.of(1, 100) })).toBe(true)
  held.add({ start: Uint8Array.of(1, 50), end: Uint8Array.of(1, 150) })
  expect(held.isTouchedBy({ kind: 'delete', key: Uint8Array.of(1, 101) })).toBe(true)
})
