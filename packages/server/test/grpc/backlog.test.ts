/**
 * What waits for a slow reader: all of it, in order, and nothing of what others were sent.
 *
 * guards: O1, O3
 */
import { array, assert, property, uint8Array } from 'fast-check'
import { expect, test } from 'vitest'
import { Backlog } from '../../src/grpc/backlog.ts'

/** Everything that is in it. */
function drain(backlog: Backlog): Buffer[] {
  const taken: Buffer[] = []
  for (let next = backlog.take(); next !== null; next = backlog.take()) taken.push(next)
  return taken
}

test('what went in comes out, in order', () => {
  assert(
    property(array(uint8Array({ maxLength: 3_000 })), (pieces) => {
      const backlog = new Backlog()
      for (const piece of pieces) backlog.add(Buffer.from(piece))
      const all = Buffer.concat(pieces)
      expect(backlog.bytes).toBe(all.length)
      expect(Buffer.concat(drain(backlog)).equals(all)).toBe(true)
      expect(backlog.bytes).toBe(0)
    }),
  )
})

test('short parts of large buffers keep no more than twice their own size', () => {
  const backlog = new Backlog()
  for (let count = 0; count < 1_000; count += 1) {
    backlog.add(Buffer.alloc(100_000).subarray(50_000, 50_012))
  }
  const kept = drain(backlog).reduce((sum, { buffer }) => sum + buffer.byteLength, 0)
  expect(kept).toBeLessThan(2 * 1_000 * 12)
})
