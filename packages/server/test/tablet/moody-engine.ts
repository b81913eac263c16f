/** The memory engine with moods: commits that wait, fail before or after they wrote, and a store without room. */
import { EngineError, FullError } from '@tenure/engine'
import type { Cut, Engine, KeyRange, Ownership, OwnerInfo, Partition } from '@tenure/engine'
import { openMemoryEngine } from '@tenure/engine/memory'
import type { Entry, WriteSet } from '@tenure/kernel'

export type CommitMood = 'well' | 'fails-before' | 'fails-after'

export class MoodyEngine implements Engine {
  readonly name = 'moody'
  readonly durable = false
  readonly #memory = openMemoryEngine()
  readonly #gates: (() => void)[] = []
  /** Moods of the next commits, first come first. */
  readonly moods: CommitMood[] = []
  holding = false
  full = false
  /** Single values are not found any more. */
  forgets = false
  /** Ranges cannot be read any more. */
  failsScans = false
  /** Reads of ranges wait, beside those that load a node. */
  holdingScans = false
  /** Commits, confirmations and reads of ranges, in the order in which they ended. */
  readonly done: ('commit' | 'confirm' | 'scan')[] = []
  commits = 0
  confirms = 0
  claims = 0
  maxOperations: number | undefined
  readonly sizes: number[] = []

  async claim(partition: string, owner: OwnerInfo): Promise<Partition> {
    if (this.full) throw new FullError('no room')
    this.claims += 1
    return new MoodyPartition(await this.#memory.claim(partition, owner), this)
  }

  async ownerOf(partition: string): Promise<Ownership | null> {
    return this.#memory.ownerOf(partition)
  }

  partitions(prefix: string): AsyncIterable<string> {
    return this.#memory.partitions(prefix)
  }

  async peek(partition: string, key: Uint8Array): Promise<Uint8Array | undefined> {
    return this.#memory.peek(partition, key)
  }

  cut(): Promise<Cut> {
    return this.#memory.cut()
  }

  async close(): Promise<void> {
    return this.#memory.close()
  }

  /** Lets the oldest held call go on. */
  letOne(): void {
    this.#gates.shift()?.()
  }

  /** Lets all go on, and holds no more. */
  letAll(): void {
    this.holding = false
    this.holdingScans = false
    for (const open of this.#gates.splice(0)) open()
  }

  get held(): number {
    return this.#gates.length
  }

  async gate(isHolding: boolean = this.holding): Promise<void> {
    if (isHolding) await new Promise<void>((resolve) => this.#gates.push(resolve))
  }
}

class MoodyPartition implements Partition {
  readonly epoch: bigint
  readonly #inner: Partition
  readonly #engine: MoodyEngine

  constructor(inner: Partition, engine: MoodyEngine) {
    this.epoch = inner.epoch
    this.#inner = inner
    this.#engine = engine
  }

  get limits(): Partition['limits'] {
    const { maxOperations } = this.#engine
    return maxOperations === undefined
      ? this.#inner.limits
      : { ...this.#inner.limits, maxOperations, batchOperations: maxOperations }
  }

  async *scan(range: KeyRange): AsyncIterable<Entry> {
    await this.#engine.gate(this.#engine.holdingScans)
    if (this.#engine.failsScans) throw new EngineError('nothing can be read')
    yield* this.#inner.scan(range)
    this.#engine.done.push('scan')
  }

  async get(key: Uint8Array): Promise<Uint8Array | undefined> {
    return this.#engine.forgets ? undefined : this.#inner.get(key)
  }

  async commit(writes: WriteSet): Promise<void> {
    this.#engine.commits += 1
    this.#engine.sizes.push(writes.length)
    await this.#engine.gate()
    if (this.#engine.full) throw new FullError('no room')
    const mood = this.#engine.moods.shift() ?? 'well'
    if (mood === 'fails-before') throw new EngineError('lost before it was written')
    await this.#inner.commit(writes)
    this.#engine.done.push('commit')
    if (mood === 'fails-after') throw new EngineError('lost after it was written')
  }

  async confirm(): Promise<void> {
    this.#engine.confirms += 1
    await this.#engine.gate()
    await this.#inner.confirm()
    this.#engine.done.push('confirm')
  }

  async close(): Promise<void> {
    return this.#inner.close()
  }
}
