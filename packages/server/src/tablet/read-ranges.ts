/**
 * The keys that are to be read: whether a write would change what is found.
 *
 * Every command may have to be held against the readings of some hundred hand-outs. So the ranges are kept in order, those that meet as
 * one, and a write is looked up.
 */
import type { KeyBounds, Write } from '@tenure/kernel'

export class ReadRanges {
  /** Ascending; no two of them meet. */
  readonly #ranges: KeyBounds[] = []

  add({ start, end }: KeyBounds): void {
    if (compare(start, end) >= 0) return
    const from = this.#countOf((range) => compare(range.end, start) < 0)
    const to = this.#countOf((range) => compare(range.start, end) <= 0)
    const [first, last] = [this.#ranges[from], this.#ranges[to - 1]]
    // Those from the first to the last meet it.
    const joined =
      from < to && first !== undefined && last !== undefined
        ? { start: least(first.start, start), end: most(last.end, end) }
        : { start, end }
    this.#ranges.splice(from, to - from, joined)
  }

  isTouchedBy(write: Write): boolean {
    if (write.kind === 'delete-range') {
      const before = this.#countOf((range) => compare(range.start, write.end) < 0)
      const last = this.#ranges[before - 1]
      return last !== undefined && compare(write.start, last.end) < 0
    }
    const before = this.#countOf((range) => compare(range.start, write.key) <= 0)
    const last = this.#ranges[before - 1]
    return last !== undefined && compare(write.key, last.end) < 0
  }

  /** How many are so: the first ones, and none after them. */
  #countOf(isSo: (range: KeyBounds) => boolean): number {
    let low = 0
    let high = this.#ranges.length
    while (low < high) {
      const middle = (low + high) >>> 1
      const range = this.#ranges[middle]
      if (range !== undefined && isSo(range)) low = middle + 1
      else high = middle
    }
    return low
  }
}

function least(left: Uint8Array, right: Uint8Array): Uint8Array {
  return compare(left, right) <= 0 ? left : right
}

function most(left: Uint8Array, right: Uint8Array): Uint8Array {
  return compare(left, right) >= 0 ? left : right
}

/** Keys are short: a call of `Buffer.compare` costs more. */
function compare(left: Uint8Array, right: Uint8Array): number {
  const length = Math.min(left.length, right.length)
  for (let at = 0; at < length; at += 1) {
    const difference = Number(left[at]) - Number(right[at])
    if (difference !== 0) return difference
  }
  return left.length - right.length
}
