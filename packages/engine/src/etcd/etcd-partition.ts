/** One claim of a partition in etcd. */
import type { Entry, WriteSet } from '@tenure/kernel'
import { checkCommit } from '../bounds.ts'
import type { CommitLimits, KeyRange, Partition } from '../engine.ts'
import { EngineError, FencedError } from '../errors.ts'
import { CommitQueue } from './commit-queue.ts'
import type { Fence } from './fence.ts'
import { found, read } from './operation.ts'
import { scanRows } from './scan.ts'

export class EtcdPartition implements Partition {
  readonly limits: CommitLimits
  readonly #fence: Fence
  readonly #queue: CommitQueue
  readonly #assertOpen: () => void
  #closed = false
  #confirming: Promise<void> | null = null
  #confirmingNext: Promise<void> | null = null

  constructor(fence: Fence, limits: CommitLimits, assertOpen: () => void) {
    this.limits = limits
    this.#fence = fence
    this.#assertOpen = assertOpen
    this.#queue = new CommitQueue(fence, {
      operations: limits.batchOperations,
      bytes: limits.batchBytes,
    })
  }

  get epoch(): bigint {
    return this.#fence.claim.epoch
  }

  async *scan(range: KeyRange): AsyncIterable<Entry> {
    this.#assertUsable()
    await this.#queue.applied()
    if (Buffer.compare(range.start, range.end) >= 0) {
      await this.confirm()
      return
    }
    const { room } = this.#fence.claim
    const rows = { key: room.row(range.start), rangeEnd: room.row(range.end) }
    for await (const entry of this.#watched(scanRows(this.#fence, rows))) {
      yield entry
      this.#assertUsable()
    }
  }

  async get(key: Uint8Array): Promise<Uint8Array | undefined> {
    this.#assertUsable()
    await this.#queue.applied()
    const row = read(this.#fence.claim.room.row(key))
    const [entry] = found(await this.#told(this.#fence.read([row])), 0)
    return entry === undefined ? undefined : new Uint8Array(entry.value)
  }

  async commit(writes: WriteSet): Promise<void> {
    this.#assertUsable()
    checkCommit(writes, this.limits)
    await this.#queue.commit(writes)
  }

  /** One question serves all who ask before it leaves; who asks while it is on its way waits for the next. */
  confirm(): Promise<void> {
    try {
      this.#assertUsable()
    } catch (error) {
      return Promise.reject(error)
    }
    if (this.#confirming === null) return this.#ask()
    this.#confirmingNext ??= this.#confirming.then(
      () => this.#ask(),
      () => this.#ask(),
    )
    return this.#confirmingNext
  }

  async close(): Promise<void> {
    this.#closed = true
  }

  /** Resolves when no commit is on its way. */
  idle(): Promise<void> {
    return this.#queue.idle()
  }

  #ask(): Promise<void> {
    this.#confirmingNext = null
    const asking = this.#askOwner().finally(() => {
      if (this.#confirming === asking) this.#confirming = null
    })
    this.#confirming = asking
    return asking
  }

  async #askOwner(): Promise<void> {
    await this.#told(this.#fence.read([]))
  }

  async *#watched(entries: AsyncIterable<Entry>): AsyncIterable<Entry> {
    try {
      yield* entries
    } catch (error) {
      throw this.#noted(error)
    }
  }

  async #told<Answer>(answer: Promise<Answer>): Promise<Answer> {
    try {
      return await answer
    } catch (error) {
      throw this.#noted(error)
    }
  }

  /** Once fenced, always fenced. */
  #noted(error: unknown): unknown {
    if (error instanceof FencedError) this.#queue.end(error)
    return error
  }

  #assertUsable(): void {
    this.#assertOpen()
    const { partition } = this.#fence.claim
    if (this.#closed) throw new EngineError(`partition "${partition}": this claim is closed`)
    if (this.#queue.failure instanceof FencedError) throw this.#queue.failure
  }
}
