/** One claim of a partition in a file store. */
import type { Entry, WriteSet } from '@tenure/kernel'
import { checkCommit, WHOLE_COMMITS } from '../bounds.ts'
import type { CommitLimits, KeyRange, Partition } from '../engine.ts'
import { EngineError } from '../errors.ts'
import type { Claim, Store } from './store.ts'
import type { WriteQueue } from './write-queue.ts'

export class FilePartition implements Partition {
  readonly limits: CommitLimits = WHOLE_COMMITS
  readonly #claim: Claim
  readonly #store: Store
  readonly #queue: WriteQueue
  readonly #assertOpen: () => void
  #closed = false

  constructor(claim: Claim, store: Store, queue: WriteQueue, assertOpen: () => void) {
    this.#claim = claim
    this.#store = store
    this.#queue = queue
    this.#assertOpen = assertOpen
  }

  get epoch(): bigint {
    return this.#claim.epoch
  }

  async *scan(range: KeyRange): AsyncIterable<Entry> {
    await this.confirm()
    for (const entry of this.#store.scan(this.#claim.name, this.#claim.number, range)) {
      yield entry
      this.#assertOpen()
    }
  }

  async get(key: Uint8Array): Promise<Uint8Array | undefined> {
    await this.confirm()
    return this.#store.get(this.#claim.name, this.#claim.number, key)
  }

  async commit(writes: WriteSet): Promise<void> {
    this.#assertUsable()
    checkCommit(writes, this.limits)
    await this.#queue.commit(this.#claim, writes)
  }

  async confirm(): Promise<void> {
    this.#assertUsable()
    this.#store.assertOwned(this.#claim)
  }

  async close(): Promise<void> {
    this.#closed = true
  }

  #assertUsable(): void {
    this.#assertOpen()
    if (this.#closed) throw new EngineError(`partition "${this.#claim.name}": this claim is closed`)
  }
}
