/** One claim of a partition in memory. */
import type { Entry, WriteSet } from '@tenure/kernel'
import { checkCommit } from '../bounds.ts'
import type { CommitLimits, KeyRange, Partition } from '../engine.ts'
import { EngineError } from '../errors.ts'
import type { Store } from './store.ts'

const [OPERATIONS_MAX, BYTES_MAX] = [100_000, 64 * 1024 * 1024]
/** No commit is so large that it has to be written otherwise than in one go. */
const LIMITS: CommitLimits = {
  maxOperations: OPERATIONS_MAX,
  maxBytes: BYTES_MAX,
  batchOperations: OPERATIONS_MAX,
  batchBytes: BYTES_MAX,
}

export class MemoryPartition implements Partition {
  readonly epoch: bigint
  readonly limits: CommitLimits = LIMITS
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
