/**
 * The buffer that all messages are written into.
 *
 * guards: O1
 */
import { expect, test } from 'vitest'
import { WireWriter } from '../src/wire-writer.ts'

test('a short message behind a long one is not a part of its buffer', () => {
  const writer = new WireWriter()
  for (let count = 0; count < 100_000; count += 1) writer.u64Field(1, 7n)
  expect(writer.take()).toHaveLength(200_000)
  writer.u64Field(1, 7n)
  const short = writer.take()
  expect([...short]).toEqual([8, 7])
  expect(short.buffer.byteLength).toBeLessThanOrEqual(4_096)
})
