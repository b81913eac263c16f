/** The plainest engine that can read a range of many rows: the keys of each kind in an array of their own, in order. */
import type { Entry, Found, Reading, Write } from '@tenure/kernel'

interface Shelf {
  /** Ascending; one character for each byte. */
  readonly keys: string[]
  readonly rows: Map<string, Entry>
}

export class SortedStore {
  readonly #shelves = new Map<number, Shelf>()

  apply(writes: readonly Write[]): void {
    for (const write of writes) {
      if (write.kind === 'put') this.#put([write.key.slice(), write.value.slice()])
      else if (write.kind === 'delete') this.#delete(text(write.key))
      else for (const [key] of this.scan(write.start, write.end)) this.#delete(text(key))
    }
  }

  /** As a tablet reads: up to both bounds, one entry more than the bytes allow. */
  read({ range, entriesMax, bytesMax }: Reading): Found {
    const entries: Entry[] = []
    let bytes = 0
    for (const entry of this.scan(range.start, range.end, entriesMax + 1)) {
      if (entries.length >= entriesMax || bytes >= bytesMax) return { entries, isWhole: false }
      entries.push(entry)
      bytes += entry[0].length + entry[1].length
    }
    return { entries, isWhole: true }
  }

  /** The rows from `start` up to and without `end`; at most so many. */
  scan(start: Uint8Array, end: Uint8Array, entriesMax = Infinity): Entry[] {
    const [first, last] = [text(start), text(end)]
    const entries: Entry[] = []
    const tags = [...this.#shelves.keys()].sort((left, right) => left - right)
    for (const tag of tags) {
      const shelf = this.#shelves.get(tag)
      if (shelf === undefined || String.fromCharCode(tag + 1) <= first) continue
      for (let at = indexOf(shelf.keys, first); at < shelf.keys.length; at++) {
        const key = shelf.keys[at] ?? ''
        const row = shelf.rows.get(key)
        if (key >= last || entries.length >= entriesMax) return entries
        if (row !== undefined) entries.push(row)
      }
    }
    return entries
  }

  /** How many rows of each kind there are, by the first byte of their keys. */
  get kinds(): Record<string, number> {
    const counts = [...this.#shelves].map(([tag, { keys }]) => [
      `0x${tag.toString(16)}`,
      keys.length,
    ])
    return Object.fromEntries(counts.filter(([, count]) => count !== 0))
  }

  copy(): SortedStore {
    const copy = new SortedStore()
    for (const { rows } of this.#shelves.values()) for (const row of rows.values()) copy.#put(row)
    return copy
  }

  #put(row: Entry): void {
    const { keys, rows } = this.#shelf(row[0][0] ?? 0)
    const key = text(row[0])
    if (!rows.has(key)) keys.splice(indexOf(keys, key), 0, key)
    rows.set(key, row)
  }

  #delete(key: string): void {
    const { keys, rows } = this.#shelf(key.charCodeAt(0))
    if (rows.delete(key)) keys.splice(indexOf(keys, key), 1)
  }

  #shelf(tag: number): Shelf {
    const shelf = this.#shelves.get(tag) ?? { keys: [], rows: new Map() }
    this.#shelves.set(tag, shelf)
    return shelf
  }
}

/** Where the key is, or would be. */
function indexOf(keys: readonly string[], key: string): number {
  let [low, high] = [0, keys.length]
  if (high > 0 && (keys[high - 1] ?? '') < key) return high
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((keys[middle] ?? '') < key) low = middle + 1
    else high = middle
  }
  return low
}

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1')
}
