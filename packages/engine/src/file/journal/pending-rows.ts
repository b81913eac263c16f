/**
 * Rows as the journal says that they are, over those in LMDB.
 *
 * The last change of a row is the one that counts. Ranges that were deleted stand apart: a row written into one afterwards is there.
 */
import { createRequire } from 'node:module'
import type sortedBtree from 'sorted-btree'
import type { Change } from './group.ts'

// The package is CommonJS with a default export, which loaders disagree how to import; `require` means one thing.
const { default: BTree }: typeof sortedBtree = createRequire(import.meta.url)('sorted-btree')

const compare = (left: string, right: string): number => (left < right ? -1 : left > right ? 1 : 0)

export interface KeySpan {
  readonly start: string
  /** Exclusive. */
  readonly end: string
}

/** Whether one of the spans has the key. */
export function isWithin(spans: readonly KeySpan[], key: string): boolean {
  return spans.some(({ start, end }) => start <= key && key < end)
}

export class PendingRows {
  /** Null when the row was deleted. */
  readonly #rows = new BTree<string, Uint8Array | null>(undefined, compare)
  readonly #cleared: KeySpan[] = []

  get isEmpty(): boolean {
    return this.#rows.size === 0 && this.#cleared.length === 0
  }

  /** What was deleted before the rows of `entries` were written. */
  get cleared(): readonly KeySpan[] {
    return this.#cleared
  }

  absorb(change: Change): void {
    if (change.kind === 'put') this.#rows.set(change.key, change.value)
    else if (change.kind === 'delete') this.#rows.set(change.key, null)
    else if (change.start < change.end) {
      this.#rows.deleteRange(change.start, change.end, false)
      this.#cleared.push({ start: change.start, end: change.end })
    }
  }

  /** Undefined when nothing was changed, null when the row was deleted. */
  get(key: string): Uint8Array | null | undefined {
    const value = this.#rows.get(key)
    return value === undefined && isWithin(this.#cleared, key) ? null : value
  }

  /** Ascending, from `start` on. */
  entries(start?: string): IterableIterator<[string, Uint8Array | null]> {
    return this.#rows.entries(start)
  }
}
