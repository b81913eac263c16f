/** Chance as the client sees it. A simulation brings its own, from a seed. */
import { randomBytes } from 'node:crypto'

export interface Random {
  /** Evenly from 0 to less than 1. */
  fraction(): number
  bytes(length: number): Uint8Array
}

export const systemRandom: Random = {
  fraction: () => Math.random(),
  bytes: (length) => Uint8Array.from(randomBytes(length)),
}
