/** What one partition holds, with its last claim. */
import type { Entry, Write, WriteSet } from '@tenure/kernel'
import type { CutPartition, KeyRange, Ownership, OwnerInfo } from '../engine.ts'
import { EngineError, FencedError } from '../errors.ts'
import { ByteMap } from './byte-map.ts'

export class Store {
  readonly name: string
  readonly #entries = new ByteMap<Uint8Array>()
  #ownership: Ownership | null = null
  #ended = false

  constructor(name: string) {
    this.name = name
  }

  get ownership(): Ownership | null {
    return this.#ownership
  }

  claim(owner: OwnerInfo, above: bigint): bigint {
    const last = this.#ownership?.epoch ?? 0n
    const epoch = (last > above ? last : above) + 1n
    this.#ownership = { id: owner.id, address: owner.address, epoch }
    return epoch
  }

  /** @throws FencedError when a claim later than `epoch` exists, EngineError when the engine is closed */
  assertOwned(epoch: bigint): void {
    if (this.#ended) throw new EngineError('the memory engine is closed')
    if (this.#ownership?.epoch === epoch) return
    throw FencedError.by(this.name, epoch, this.#ownership)
  }

  get(key: Uint8Array): Uint8Array | undefined {
    return this.#entries.get(key)?.slice()
  }

  apply(writes: WriteSet): void {
    for (const write of writes) this.#apply(write)
  }

  *scan(range: KeyRange): IterableIterator<Entry> {
    for (const [key, value] of this.#entries.clone().entries(range.start)) {
      if (Buffer.compare(key, range.end) >= 0) return
      yield [key.slice(), value.slice()]
    }
  }

  /** As it is now. */
  cut(): CutPartition {
    const entries = this.#entries.clone()
    const epoch = this.#ownership?.epoch ?? 0n
    return { name: this.name, epoch, entries: () => copies(entries) }
  }

  end(): void {
    this.#ended = true
    this.#entries.clear()
  }

  #apply(write: Write): void {
    // Keys and values are copied: the caller may reuse its arrays, and a slice of a large frame would keep the frame alive.
    switch (write.kind) {
      case 'put':
        this.#entries.set(Uint8Array.from(write.key), Uint8Array.from(write.value))
        break
      case 'delete':
        this.#entries.delete(write.key)
        break
      case 'delete-range':
        this.#entries.deleteRange(write.start, write.end)
        break
    }
  }
}

async function* copies(entries: ByteMap<Uint8Array>): AsyncIterable<Entry> {
  for (const [key, value] of entries.entries()) yield [key.slice(), value.slice()]
}
