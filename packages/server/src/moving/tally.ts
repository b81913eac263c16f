/** Counts what passes. */
import { bytesOfEntry } from '@tenure/engine'
import type { Entry } from '@tenure/kernel'
import type { Moved } from './source.ts'

export class Tally {
  #nodes = 0
  #entries = 0
  #bytes = 0

  get moved(): Moved {
    return { nodes: this.#nodes, entries: this.#entries, bytes: this.#bytes }
  }

  addNode(): void {
    this.#nodes += 1
  }

  addEntry(entry: Entry): void {
    this.#entries += 1
    this.#bytes += bytesOfEntry(entry)
  }
}
