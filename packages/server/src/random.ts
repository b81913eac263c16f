/**
 * Chance as the server sees it. A simulation brings its own, from a seed.
 */
import { randomBytes } from 'node:crypto'

export interface Random {
  /** Evenly from 1 to 2^64-1. */
  nonZeroU64(): bigint
  bytes(length: number): Uint8Array
}

export const systemRandom: Random = {
  nonZeroU64() {
    for (;;) {
      const value = randomBytes(8).readBigUInt64BE()
      if (value !== 0n) return value
    }
  },
  bytes: (length) => randomBytes(length),
}
