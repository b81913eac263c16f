/** What is written into the logs: the same for every subject. */
import { randomBytes } from 'node:crypto'

/** A store must not get away with writing the same again, nor with compressing it. */
const DIFFERENT = 64

/** @returns gives the next of some records of that size */
export function recordsOf(bytes: number): () => Buffer {
  const records = Array.from({ length: DIFFERENT }, () => randomBytes(bytes))
  let turn = 0
  return () => {
    turn = (turn + 1) % DIFFERENT
    return records[turn] ?? Buffer.alloc(bytes)
  }
}
