/** A set of keys, as spans that do not touch. */
import { SortedMap } from '../sorted-map.ts'
import { compareTexts } from './key-text.ts'

export interface KeySpan {
  readonly start: string
  /** Exclusive. */
  readonly end: string
}

export class KeySpans {
  /** The ends by the starts. */
  readonly #ends = new SortedMap<string, string>(undefined, compareTexts)

  get isEmpty(): boolean {
    return this.#ends.size === 0
  }

  add({ start, end }: KeySpan): void {
    if (start >= end) return
    // Whoever ends where this one begins is joined, too.
    const touched = [...this.#from(start, end)]
    for (const span of touched) this.#ends.delete(span.start)
    const first = touched[0]?.start ?? start
    const last = touched.at(-1)?.end ?? end
    this.#ends.set(first < start ? first : start, last > end ? last : end)
  }

  has(key: string): boolean {
    return this.endOf(key) !== undefined
  }

  /** Where the span that has the key ends; undefined when none has it. */
  endOf(key: string): string | undefined {
    const end = this.#ends.getPairOrNextLower(key)?.[1]
    return end !== undefined && key < end ? end : undefined
  }

  clear(): void {
    this.#ends.clear()
  }

  /** Ascending. */
  *all(): IterableIterator<KeySpan> {
    for (const [start, end] of this.#ends.entries()) yield { start, end }
  }

  /** Those that have keys of this one, ascending. */
  *within({ start, end }: KeySpan): IterableIterator<KeySpan> {
    for (const span of this.#from(start, end)) {
      if (start < span.end && span.start < end) yield span
    }
  }

  /** Those that do not end before `start`, nor begin after `end`. */
  *#from(start: string, end: string): IterableIterator<KeySpan> {
    const [first = start] = this.#ends.getPairOrNextLower(start) ?? []
    for (const [from, to] of this.#ends.entries(first)) {
      if (from > end) return
      if (to >= start) yield { start: from, end: to }
    }
  }
}
