/**
 * Writes the entries of one node into its partition, in commits that go in one piece.
 *
 * The row by which a node exists comes with the last commit, after all before have been written: until then there is no node, whatever
 * becomes of the process.
 */
import type { Partition } from '@tenure/engine'
import { bytesOfEntry } from '@tenure/engine'
import { NODE_KEY } from '@tenure/kernel'
import type { Entry, Put } from '@tenure/kernel'

const COMMIT_BYTES_MAX = 4 * 1024 * 1024
const COMMIT_OPERATIONS_MAX = 10_000

export class NodeLoad {
  readonly #partition: Partition
  readonly #operationsMax: number
  readonly #bytesMax: number
  #writes: Put[] = []
  #bytes = 0
  #existence: Entry | null = null

  constructor(partition: Partition) {
    const { batchOperations, batchBytes } = partition.limits
    this.#partition = partition
    // One is left for the row by which the node exists.
    this.#operationsMax = Math.min(batchOperations - 1, COMMIT_OPERATIONS_MAX)
    this.#bytesMax = Math.min(batchBytes / 2, COMMIT_BYTES_MAX)
  }

  async add(entry: Entry): Promise<void> {
    if (Buffer.compare(entry[0], NODE_KEY) === 0) {
      this.#existence = entry
      return
    }
    const bytes = bytesOfEntry(entry)
    const isFull =
      this.#writes.length >= this.#operationsMax || this.#bytes + bytes > this.#bytesMax
    if (isFull && this.#writes.length > 0) await this.#commit()
    this.#put(entry)
  }

  /** All has been added. */
  async end(): Promise<void> {
    if (this.#existence !== null) this.#put(this.#existence)
    if (this.#writes.length > 0) await this.#commit()
  }

  #put(entry: Entry): void {
    const [key, value] = entry
    this.#writes.push({ kind: 'put', key, value })
    this.#bytes += bytesOfEntry(entry)
  }

  async #commit(): Promise<void> {
    const writes = this.#writes
    this.#writes = []
    this.#bytes = 0
    await this.#partition.commit(writes)
  }
}
