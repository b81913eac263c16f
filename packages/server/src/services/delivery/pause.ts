/** Pauses that grow, and differ by chance, so that what failed together is not tried again together. */
import type { Random } from '../../random.ts'
import { PAUSE_MAX_MS, PAUSE_MIN_MS } from './limits.ts'

const U64 = 2 ** 64
const GROWTH = 2

export class Pauses {
  readonly #random: Random
  #nextMs = PAUSE_MIN_MS

  constructor(random: Random) {
    this.#random = random
  }

  /** The length of the next one: a half to the whole of what the next step allows. */
  takeMs(): number {
    const wholeMs = this.#nextMs
    this.#nextMs = Math.min(wholeMs * GROWTH, PAUSE_MAX_MS)
    const part = Number(this.#random.nonZeroU64()) / U64
    return wholeMs * (0.5 + part / 2)
  }

  /** All is well: the next pause is the shortest again. */
  reset(): void {
    this.#nextMs = PAUSE_MIN_MS
  }
}
