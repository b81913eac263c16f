import { expect, test } from 'vitest'
import { drawOf, freshSeed } from '../../../../test/seed.ts'
import { checksum, RowChecksum } from '../../src/file/checksum.ts'
import { below } from './damages.ts'

test('rows have the same checksum among others as alone', () => {
  const seed = freshSeed()
  const draw = drawOf(seed)
  const bytes = Buffer.alloc(400).map(() => below(draw, 256))
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const sum = new RowChecksum(1)
  for (let time = 0; time < 500; time += 1) {
    const [keyAt, keyBytes] = [below(draw, 100), below(draw, 40)]
    const [at, length] = [below(draw, 100) + 150, below(draw, 150)]
    sum.begin()
    sum.add(view, keyAt, keyBytes)
    sum.add(view, at, length)
    sum.end()
    const parts = [bytes.subarray(keyAt, keyAt + keyBytes), bytes.subarray(at, at + length)]
    expect({ seed, low: sum.low, high: sum.high }).toEqual({ seed, ...checksum(1, parts) })
  }
})
