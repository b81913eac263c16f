/** All partitions of a memory engine at one moment: clones that share with them what has not changed since. */
import type { Entry } from '@tenure/kernel'
import type { Cut, CutPartition } from '../engine.ts'
import { EngineError } from '../errors.ts'
import type { ByteMap } from './byte-map.ts'
import type { Store } from './store.ts'

export class MemoryCut implements Cut {
  /** Empty once it is closed. */
  #partitions: readonly CutPartition[]
  readonly #engineClosed: () => boolean
  #closed = false

  constructor(stores: ByteMap<Store>, engineClosed: () => boolean) {
    this.#engineClosed = engineClosed
    this.#partitions = Array.from(stores.entries(), ([, store]) => store.cut())
  }

  async *partitions(): AsyncIterable<CutPartition> {
    this.#assertOpen()
    for (const partition of this.#partitions) {
      yield { ...partition, entries: () => this.#entries(partition) }
      this.#assertOpen()
    }
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#partitions = []
  }

  async *#entries(partition: CutPartition): AsyncIterable<Entry> {
    this.#assertOpen()
    for await (const entry of partition.entries()) {
      yield entry
      this.#assertOpen()
    }
  }

  #assertOpen(): void {
    if (this.#closed || this.#engineClosed()) throw new EngineError('this cut is closed')
  }
}
