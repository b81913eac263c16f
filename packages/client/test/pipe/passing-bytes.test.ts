import { expect, test } from 'vitest'
import { passingCopyOf } from '../../src/pipe/passing-bytes.ts'

test('copies keep their bytes, whatever is copied after them and whatever the caller does with its own', () => {
  const own = Uint8Array.of(0)
  const copies = Array.from({ length: 300 }, (_, at) => {
    own[0] = at & 255
    return [passingCopyOf(own), passingCopyOf(new Uint8Array(at * 10).fill(at & 255))] as const
  })
  for (const [at, [short, long]] of copies.entries()) {
    expect(short).toEqual(Uint8Array.of(at & 255))
    expect(long.length).toBe(at * 10)
    expect(long.every((byte) => byte === (at & 255))).toBe(true)
  }
})
