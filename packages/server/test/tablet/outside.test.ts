import { expect, test } from 'vitest'
import { systemRandom } from '../../src/random.ts'
import { DueClock } from '../../src/tablet/due-clock.ts'
import { Outside } from '../../src/tablet/outside.ts'
import { ManualClock } from './manual-clock.ts'

/** What a kernel is told, without one. */
function toldFrom(seed: number, count: number): number[] {
  const random = { ...systemRandom, bytes: (length: number) => Buffer.alloc(length, seed) }
  const outside = new Outside(new DueClock(new ManualClock()), random)
  const told: number[] = []
  const kernel = { outside: (_wallMs: number, chance: number) => void told.push(chance) }
  for (let at = 0; at < count; at += 1) outside.tell(kernel, at)
  return told
}

test('chance comes from its seed alone, spreads over 32 bits and does not repeat soon', () => {
  const told = toldFrom(1, 4_096)
  expect(toldFrom(1, 4_096)).toEqual(told)
  expect(toldFrom(2, 1)).not.toEqual(told.slice(0, 1))
  expect(new Set(told).size).toBeGreaterThan(4_090)
  expect(told.every((value) => Number.isInteger(value) && value >= 0 && value < 2 ** 32)).toBe(true)
  const quarters = [0, 0, 0, 0]
  for (const value of told) quarters[value >>> 30] = (quarters[value >>> 30] ?? 0) + 1
  for (const quarter of quarters) expect(Math.abs(quarter - 1_024)).toBeLessThan(150)
})
