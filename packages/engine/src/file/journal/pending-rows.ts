/**
 * Rows as the journal says that they are, over those in LMDB.
 *
 * The last change of a row is the one that counts. Ranges that were deleted stand apart: a row written into one afterwards is there.
 */
import { SortedMap } from '../../sorted-map.ts'
import { KeySpans } from '../key-spans.ts'
import { compareTexts } from '../key-text.ts'
import type { Change } from './group.ts'

export class PendingRows {
  /** What was deleted before the rows of `entries` were written. */
  readonly cleared: KeySpans = new KeySpans()
  /** Null when the row was deleted. */
  readonly #rows = new SortedMap<string, Uint8Array | null>(undefined, compareTexts)

  get isEmpty(): boolean {
    return this.#rows.size === 0 && this.cleared.isEmpty
  }

  absorb(change: Change): void {
    if (change.kind === 'put') this.#rows.set(change.key, change.value)
    else if (change.kind === 'delete') this.#rows.set(change.key, null)
    else {
      this.#rows.deleteRange(change.start, change.end, false)
      this.cleared.add(change)
    }
  }

  /** Undefined when nothing was changed, null when the row was deleted. */
  get(key: string): Uint8Array | null | undefined {
    const value = this.#rows.get(key)
    return value === undefined && this.cleared.has(key) ? null : value
  }

  /** Ascending, from `start` on. */
  entries(start?: string): IterableIterator<[string, Uint8Array | null]> {
    return this.#rows.entries(start)
  }
}
