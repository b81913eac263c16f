/**
 * Which values of records are in memory: as many as its bound allows, the least recently used leave first.
 *
 * Only a value that is durable leaves, since it has to be read back from where it is stored. Short values always stay.
 */
import { LinkedList } from '../linked-list.ts'
import type { RecordState } from './record.ts'

/** Values up to this length stay in memory whatever its bound: what stands for them there would not be smaller. */
const SHORT_VALUE_BYTES = 64

export class ValueMemory {
  readonly #bytesMax: number
  /** Those that may leave; the least recently used first. */
  #states = new LinkedList<RecordState>()
  #bytes = 0

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
  }

  /** Bytes of all values in memory. */
  get bytes(): number {
    return this.#bytes
  }

  enter(state: RecordState): void {
    this.#bytes += state.valueBytes
    if (state.valueBytes > SHORT_VALUE_BYTES) this.#states.append(state)
  }

  /** Takes in the value of a loaded row if there is room for it. */
  enterLoaded(state: RecordState): void {
    if (state.valueBytes <= SHORT_VALUE_BYTES || this.#bytes + state.valueBytes <= this.#bytesMax) {
      this.enter(state)
    } else {
      state.value = null
    }
  }

  /** Of two values the one that was used later leaves later. */
  use(state: RecordState): void {
    if (state.value === null || state.valueBytes <= SHORT_VALUE_BYTES) return
    this.#states.remove(state)
    this.#states.append(state)
  }

  /** The state is not shown any more. */
  leave(state: RecordState): void {
    if (state.value === null) return
    this.#bytes -= state.valueBytes
    if (state.valueBytes > SHORT_VALUE_BYTES) this.#states.remove(state)
  }

  /** Everything up to this commit is durable: lets go what is too much. */
  durableThrough(commit: bigint): void {
    if (this.#bytes <= this.#bytesMax) return
    for (const state of this.#states) {
      if (this.#bytes <= this.#bytesMax) return
      if (state.version > commit) continue
      this.leave(state)
      state.value = null
    }
  }

  clear(): void {
    this.#states = new LinkedList()
    this.#bytes = 0
  }
}
