/** One claim of a partition in memory. */
import type { Entry, WriteSet } from '@tenure/kernel'
import { checkCommit, WHOLE_COMMITS } from '../bounds.ts'
import type { CommitLimits, KeyRange, Partition } from '../engine.ts'
import { EngineError } from '../errors.ts'
import type { Store } from './store.ts'

export class MemoryPartition implements Partition {
  readonly epoch: bigint
  readonly limits: CommitLimits = WHOLE_COMMITS
  readonly #store: Store
  #closed = false

  constructor(store: Store, epoch: bigint) {
    this.#store = store
    this.epoch = epoch
  }

  async *scan(range: KeyRange): AsyncIterable<Entry> {
    this.#assertUsable()
    yield* this.#store.scan(range)
  }

  async get(key: Uint8Array): Promise<Uint8Array | undefined> {
    this.#assertUsable()
    return this.#store.get(key)
  }

  async commit(writes: WriteSet): Promise<void> {
    this.#assertUsable()
    checkCommit(writes, this.limits)
    this.#store.apply(writes)
  }

  async confirm(): Promise<void> {
    this.#assertUsable()
  }

  async close(): Promise<void> {
    this.#closed = true
  }

  #assertUsable(): void {
    if (this.#closed) throw new EngineError(`partition "${this.#store.name}": this claim is closed`)
    this.#store.assertOwned(this.epoch)
  }
}
