import { expect, test } from 'vitest'
import { bytesOf, COUNT_MAX, countOf, durationOf, nameOf } from '../src/arguments.ts'

test('counts are whole numbers from 1 to 2^64-1, Infinity is the greatest', () => {
  expect(countOf(1, 'count')).toBe(1n)
  expect(countOf(Infinity, 'count')).toBe(COUNT_MAX)
  expect(countOf(COUNT_MAX, 'count')).toBe(COUNT_MAX)
  for (const wrong of [0, -1, 0.5, NaN, -Infinity, 2 ** 53, 0n, COUNT_MAX + 1n]) {
    expect(() => countOf(wrong, 'count')).toThrow(RangeError)
  }
  for (const wrong of ['1', null, undefined, {}]) {
    expect(() => countOf(untyped(wrong), 'count')).toThrow(TypeError)
  }
})

test('bytes are copied, text becomes UTF-8', () => {
  const own = new Uint8Array([1, 2])
  const copy = bytesOf(own, 'data')
  own[0] = 9
  expect(copy).toEqual(new Uint8Array([1, 2]))
  expect(bytesOf('é', 'data')).toEqual(new Uint8Array([0xc3, 0xa9]))
  for (const wrong of [1, null, [1], new ArrayBuffer(1)]) {
    expect(() => bytesOf(untyped(wrong), 'data')).toThrow(TypeError)
  }
})

test('bytes end at their limit', () => {
  expect(bytesOf(new Uint8Array(4), 'data', 4)).toHaveLength(4)
  expect(() => bytesOf(new Uint8Array(5), 'data', 4)).toThrow(RangeError)
  expect(() => bytesOf('ééé', 'data', 4)).toThrow(RangeError)
})

test('a name is well-formed text of at most 1024 bytes, the empty one included', () => {
  expect(nameOf('')).toBe('')
  expect(nameOf('😀'.repeat(256))).toHaveLength(512)
  expect(() => nameOf('😀'.repeat(257))).toThrow(RangeError)
  expect(() => nameOf('a\ud83d')).toThrow(TypeError)
  expect(() => nameOf(untyped(1))).toThrow(TypeError)
})

test('durations are rounded up to whole milliseconds', () => {
  expect(durationOf(0.1, 'timeout', { min: 0, max: 10 })).toBe(1)
  for (const wrong of [-1, 11, NaN, Infinity]) {
    expect(() => durationOf(wrong, 'timeout', { min: 0, max: 10 })).toThrow(RangeError)
  }
  expect(() => durationOf(untyped('5'), 'timeout', { min: 0, max: 10 })).toThrow(TypeError)
})

/** A value as it comes from a program without types. */
function untyped(value: unknown): never {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- programs without types are what this is about
  return value as never
}
