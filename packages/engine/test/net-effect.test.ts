import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Write } from '@tenure/kernel'
import { netEffect } from '../src/net-effect.ts'

const key = fc
  .array(fc.constantFrom(0, 1, 255), { maxLength: 3 })
  .map((bytes) => Uint8Array.from(bytes))

const write: fc.Arbitrary<Write> = fc.oneof(
  fc.record({
    kind: fc.constant('put' as const),
    key,
    value: fc.nat(9).map((byte) => Uint8Array.of(byte)),
  }),
  fc.record({ kind: fc.constant('delete' as const), key }),
  fc.record({ kind: fc.constant('delete-range' as const), start: key, end: key }),
)

const name = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1')

function apply(held: Map<string, string>, writes: readonly Write[]): Map<string, string> {
  for (const each of writes) {
    if (each.kind === 'put') held.set(name(each.key), name(each.value))
    else if (each.kind === 'delete') held.delete(name(each.key))
    else {
      for (const found of held.keys()) {
        if (found >= name(each.start) && found < name(each.end)) held.delete(found)
      }
    }
  }
  return held
}

// guards: L4
test('the net effect of writes, its parts in any order, is that of the writes in their order', () => {
  fc.assert(
    fc.property(
      fc.array(write, { maxLength: 12 }),
      fc.array(fc.tuple(key, fc.constant(Uint8Array.of(7)))),
      fc.nat(5),
      (writes, before, order) => {
        const { puts, deletes, ranges } = netEffect(writes)
        const parts: Write[][] = [
          [...puts],
          deletes.map((gone) => ({ kind: 'delete', key: gone })),
          ranges.map((range) => ({ kind: 'delete-range', ...range })),
        ]
        const [first] = parts.splice(order % 3, 1)
        if (order > 2) parts.reverse()
        const held = new Map(before.map(([at, value]) => [name(at), name(value)]))
        const expected = apply(new Map(held), writes)
        expect(apply(held, [...(first ?? []), ...parts.flat()])).toEqual(expected)
      },
    ),
    { numRuns: 500 },
  )
})

test('no key is in two parts of a net effect, and its ranges ascend', () => {
  fc.assert(
    fc.property(fc.array(write, { maxLength: 20 }), (writes) => {
      const { puts, deletes, ranges } = netEffect(writes)
      const keys = [...puts.map((put) => put.key), ...deletes].map(name)
      expect(new Set(keys).size).toBe(keys.length)
      const borders = ranges.flatMap(({ start, end }) => [name(start), name(end)])
      expect(borders).toEqual(borders.toSorted())
      for (const at of keys) {
        expect(ranges.some(({ start, end }) => at >= name(start) && at < name(end))).toBe(false)
      }
    }),
    { numRuns: 500 },
  )
})
