/**
 * The records of a node: by key, in order, and as they were at the moments that are held.
 */
import { byteText } from '../bytes.ts'
import { HeldMoments } from './held-moments.ts'
import type { Limits } from '../limits.ts'
import type { RecordView } from './event.ts'
import { RecordIndex } from './sorted-records.ts'
import type { Visit } from './sorted-records.ts'
import { StoredRecord, RecordState } from './record.ts'
import type { RecordRow } from './record.ts'
import type { Turn } from '../step.ts'
import { ValueMemory } from './value-memory.ts'

export class RecordStore {
  readonly values: ValueMemory
  readonly moments: HeldMoments
  readonly #byKey = new Map<string, StoredRecord>()
  #index = new RecordIndex()
  #bytes = 0

  constructor(limits: Limits) {
    this.values = new ValueMemory(limits.valueMemoryBytesMax)
    this.moments = new HeldMoments(limits.heldMomentsMax, this.values)
  }

  get size(): number {
    return this.#byKey.size
  }

  /** Of all keys and values, wherever these are. */
  get bytes(): number {
    return this.#bytes
  }

  /** The present index; clone it to keep it. */
  get index(): RecordIndex {
    return this.#index
  }

  find(key: Uint8Array): StoredRecord | undefined {
    return this.#byKey.get(byteText(key))
  }

  /** The state as it is to be told in this turn, which has to have its value read if that is not in memory. */
  tell(state: RecordState, turn: Turn): RecordView {
    const view = state.view()
    if (state.value === null) turn.needValue(view, state.valueBytes)
    else this.values.use(state)
    return view
  }

  /** For a key that has no record. */
  add(key: Uint8Array, row: RecordRow): StoredRecord {
    const record = this.#place(key, row)
    this.values.enter(record.state)
    return record
  }

  restore(key: Uint8Array, row: RecordRow): StoredRecord {
    const record = this.#place(key, row)
    this.values.enterLoaded(record.state)
    return record
  }

  replace(record: StoredRecord, row: RecordRow): void {
    const before = record.state
    const state = new RecordState(record, row)
    if (this.moments.keepSuperseded(before)) {
      state.older = before
    } else {
      this.values.leave(before)
      // No held moment shows the state before, but one can show what was before that.
      state.older = before.older
    }
    record.state = state
    this.values.enter(state)
    this.#bytes += state.valueBytes - before.valueBytes
  }

  remove(record: StoredRecord): void {
    const { key, keyText, state } = record
    record.isDeleted = true
    if (!this.moments.keepSuperseded(state)) this.values.leave(state)
    this.#byKey.delete(keyText)
    this.#index.remove(keyText)
    this.#bytes -= key.length + state.valueBytes
  }

  /** Visits the present records from this key on, ascending. */
  visit(from: string, visit: Visit): void {
    this.#index.visit(from, visit)
  }

  clear(): void {
    this.#byKey.clear()
    this.#index = new RecordIndex()
    this.#bytes = 0
    this.moments.clear()
    this.values.clear()
  }

  #place(key: Uint8Array, row: RecordRow): StoredRecord {
    const record = new StoredRecord(key, byteText(key), row)
    this.#byKey.set(record.keyText, record)
    this.#index.add(record)
    this.#bytes += key.length + row.value.length
    return record
  }
}
