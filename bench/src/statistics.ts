/**
 * The few numbers that a series of measurements is told by.
 */

/** Middle and extent of a series: with few runs a mean would hide one bad run, a deviation would invent a shape. */
export interface Spread {
  readonly median: number
  readonly min: number
  readonly max: number
}

/**
 * The value below which the part `portion` of all values lies, by the nearest rank.
 *
 * @param ascending sorted values
 * @param portion 0 to 1
 * @returns NaN when there are no values
 */
export function percentile(ascending: ArrayLike<number>, portion: number): number {
  const rank = Math.ceil(portion * ascending.length)
  return ascending[Math.min(ascending.length - 1, Math.max(0, rank - 1))] ?? Number.NaN
}

/** @returns NaN in every field when there are no values */
export function spreadOf(values: readonly number[]): Spread {
  const ascending = [...values].sort((a, b) => a - b)
  const middle = ascending.length >> 1
  const upper = ascending[middle] ?? Number.NaN
  const median = ascending.length % 2 === 1 ? upper : ((ascending[middle - 1] ?? upper) + upper) / 2
  return { median, min: ascending[0] ?? Number.NaN, max: ascending.at(-1) ?? Number.NaN }
}

/** Room for the first samples of a series; it doubles when full. */
const SAMPLES_FIRST = 4096

/** A series of samples, kept whole: percentiles of percentiles mean nothing. */
export class Samples {
  #values = new Float64Array(SAMPLES_FIRST)
  #count = 0

  get count(): number {
    return this.#count
  }

  add(value: number): void {
    if (this.#count === this.#values.length) {
      const larger = new Float64Array(this.#count * 2)
      larger.set(this.#values)
      this.#values = larger
    }
    this.#values[this.#count++] = value
  }

  ascending(): Float64Array {
    return this.#values.slice(0, this.#count).sort()
  }
}
