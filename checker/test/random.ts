/** Chance that can be had again: one seed, one row of numbers. */

/** Of `TENURE_TEST_SEED`, or of the day's first run as of any other. */
export const SEED: number = Number(process.env['TENURE_TEST_SEED'] ?? '1')

export class Random {
  #state: number

  constructor(seed: number) {
    this.#state = seed
  }

  /** From 0 on, below `bound`. */
  below(bound: number): number {
    this.#state = (this.#state + 0x6d_2b_79_f5) | 0
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * bound)
  }

  /** True once in so many times. */
  onceIn(times: number): boolean {
    return this.below(times) === 0
  }

  of<T>(choices: readonly T[]): T {
    const choice = choices[this.below(choices.length)]
    if (choice === undefined) throw new Error('nothing to choose from')
    return choice
  }
}
