/**
 * A set of small numbers that knows a short exact name of itself.
 *
 * A search places operations roughly in the order of their numbers, so that all below some number are in the set and all above
 * another are not. The name tells the words between the two, and where they begin.
 */

/** Bits of a word: those of one character of a string. */
const WORD_BITS = 16
const FULL_WORD = 0xff_ff

export class Placed {
  readonly #words: Uint16Array
  /** All words below are full. */
  #low = 0
  /** All words from here on are empty. */
  #high = 0

  /** @param size the numbers are below it */
  constructor(size: number) {
    this.#words = new Uint16Array(Math.ceil(size / WORD_BITS))
  }

  add(number: number): void {
    const at = Math.floor(number / WORD_BITS)
    this.#words[at] = this.#word(at) | (1 << (number % WORD_BITS))
    this.#high = Math.max(this.#high, at + 1)
    while (this.#word(this.#low) === FULL_WORD) this.#low += 1
  }

  remove(number: number): void {
    const at = Math.floor(number / WORD_BITS)
    this.#words[at] = this.#word(at) & ~(1 << (number % WORD_BITS))
    this.#low = Math.min(this.#low, at)
    while (this.#high > 0 && this.#word(this.#high - 1) === 0) this.#high -= 1
  }

  /** Equal for equal sets, and for those only, among sets of one size; begins with its own length. */
  get key(): string {
    const words = String.fromCharCode(...this.#words.subarray(this.#low, this.#high))
    return `${this.#low},${words.length}:${words}`
  }

  #word(at: number): number {
    return this.#words[at] ?? 0
  }
}
