/** Which of some commits change keys of a range, found without a look at each of them. */
import { byteText } from '../bytes.ts'
import type { KeyRange } from './command.ts'

interface Entry {
  readonly key: string
  /** Of the commit, among the others. */
  readonly place: number
}

export class KeyIndex {
  /** Ascending by key. */
  readonly #entries: readonly Entry[]

  /** @param keysOfCommits of each commit the keys that it changes */
  constructor(keysOfCommits: readonly (readonly Uint8Array[])[]) {
    const entries: Entry[] = []
    for (const [place, keys] of keysOfCommits.entries()) {
      for (const key of keys) entries.push({ key: byteText(key), place })
    }
    this.#entries = entries.toSorted(byKey)
  }

  /** The places of the commits that change something in the range, ascending. */
  placesIn({ start, end }: KeyRange): readonly number[] {
    const first = this.#countBefore(byteText(start))
    const last = end === null ? this.#entries.length : this.#countBefore(byteText(end))
    if (first >= last) return NOWHERE
    const places = new Set<number>()
    for (const { place } of this.#entries.slice(first, last)) places.add(place)
    return [...places].toSorted((one, other) => one - other)
  }

  /** How many entries have keys before this one. */
  #countBefore(key: string): number {
    let low = 0
    let high = this.#entries.length
    while (low < high) {
      const middle = (low + high) >> 1
      const entry = this.#entries[middle]
      if (entry !== undefined && entry.key < key) low = middle + 1
      else high = middle
    }
    return low
  }
}

const NOWHERE: readonly number[] = []

function byKey(one: Entry, other: Entry): number {
  if (one.key === other.key) return 0
  return one.key < other.key ? -1 : 1
}
