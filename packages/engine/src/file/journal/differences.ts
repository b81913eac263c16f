/** What pending rows change in a range of those of LMDB, as it was at one moment. */
import { KeySpans } from '../key-spans.ts'
import type { KeySpan } from '../key-spans.ts'
import { bytesOf, textOf } from '../key-text.ts'
import type { PendingRows } from './pending-rows.ts'

export class Differences {
  readonly #span: KeySpan
  /** Null when the row was deleted. */
  readonly #rows = new Map<string, Uint8Array | null>()
  readonly #cleared = new KeySpans()

  constructor(span: KeySpan) {
    this.#span = span
  }

  get isEmpty(): boolean {
    return this.#rows.size === 0 && this.#cleared.isEmpty
  }

  /** Adds changes that came after all that were added before. */
  lay(later: PendingRows): void {
    const { start, end } = this.#span
    for (const span of later.cleared.within(this.#span)) this.#cleared.add(span)
    for (const key of this.#rows.keys()) if (later.cleared.has(key)) this.#rows.delete(key)
    for (const [key, value] of later.entries(start)) {
      if (key >= end) return
      this.#rows.set(key, value)
    }
  }

  /** The rows of the range, ascending. @param stored those in LMDB, ascending */
  *over(stored: Iterable<Row>): IterableIterator<Row> {
    const changed = [...this.#rows].toSorted(([one], [other]) => (one < other ? -1 : 1))
    let next = 0
    for (const row of stored) {
      const key = textOf(row[0])
      while (next < changed.length && (changed[next]?.[0] ?? '') < key) {
        yield* present(changed[next])
        next += 1
      }
      const isStale = this.#rows.has(key) || this.#cleared.has(key)
      if (!isStale) yield row
    }
    for (const row of changed.slice(next)) yield* present(row)
  }
}

type Row = readonly [key: Uint8Array, value: Uint8Array]

function* present(row: [string, Uint8Array | null] | undefined): IterableIterator<Row> {
  if (row !== undefined && row[1] !== null) yield [bytesOf(row[0]), row[1]]
}
