/**
 * All partitions in memory. Gone with the process, and it says so: `durable` is false.
 *
 * Snapshots are clones of a copy-on-write tree: taking one costs nothing, and a writer copies only the nodes it touches.
 */
import { EngineError } from '../errors.ts'
import { partitionNameBytes } from '../bounds.ts'
import type { Cut, Engine, Ownership, OwnerInfo, Partition } from '../engine.ts'
import { ByteMap } from './byte-map.ts'
import { MemoryCut } from './memory-cut.ts'
import { MemoryPartition } from './memory-partition.ts'
import { Store } from './store.ts'

export function openMemoryEngine(): Engine {
  return new MemoryEngine()
}

class MemoryEngine implements Engine {
  readonly name = 'memory'
  readonly durable = false
  readonly #stores = new ByteMap<Store>()
  #closed = false

  async claim(partition: string, owner: OwnerInfo, above = 0n): Promise<Partition> {
    this.#assertOpen()
    const name = partitionNameBytes(partition)
    const store = this.#stores.get(name) ?? new Store(partition)
    this.#stores.set(name, store)
    return new MemoryPartition(store, store.claim(owner, above))
  }

  async ownerOf(partition: string): Promise<Ownership | null> {
    this.#assertOpen()
    return this.#stores.get(partitionNameBytes(partition))?.ownership ?? null
  }

  async *partitions(prefix: string): AsyncIterable<string> {
    this.#assertOpen()
    for (const [, store] of this.#stores.clone().entries(Buffer.from(prefix, 'utf8'))) {
      if (!store.name.startsWith(prefix)) return
      yield store.name
    }
  }

  async peek(partition: string, key: Uint8Array): Promise<Uint8Array | undefined> {
    this.#assertOpen()
    return this.#stores.get(partitionNameBytes(partition))?.get(key)
  }

  async cut(): Promise<Cut> {
    this.#assertOpen()
    return new MemoryCut(this.#stores, () => this.#closed)
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    for (const [, store] of this.#stores.entries()) store.end()
    this.#stores.clear()
  }

  #assertOpen(): void {
    if (this.#closed) throw new EngineError('the memory engine is closed')
  }
}
