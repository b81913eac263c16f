/** Numbers by chance, all out of one seed. What they are used for depends on the machine's timing; the plan does not. */
import { type Draw, drawOf } from '../../seed.ts'

export class Chance {
  readonly #draw: Draw

  constructor(seed: number) {
    this.#draw = drawOf(seed)
  }

  /** At least 0, below 1. */
  unit(): number {
    return this.#draw()
  }

  /** A whole number from `low` to `high`, both possible. */
  between(low: number, high: number): number {
    return low + Math.floor(this.unit() * (high - low + 1))
  }

  /** @param part how often of 1 */
  happens(part: number): boolean {
    return this.unit() < part
  }

  /** @throws RangeError for an empty list */
  pick<T>(list: readonly T[]): T {
    const one = list[this.between(0, list.length - 1)]
    if (one === undefined) throw new RangeError('there is nothing to pick')
    return one
  }

  bytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => this.between(0, 255))
  }

  /** Another source, which the draws from this one do not disturb any more. */
  fork(): Chance {
    return new Chance(this.between(0, 2 ** 32 - 1))
  }
}
