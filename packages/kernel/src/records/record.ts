/**
 * One record: its key, which stays, and its states, one for each version.
 *
 * A state never changes, except that its value may leave the memory. Older states are kept only while a held moment shows them.
 */
import { NO_BYTES } from '../bytes.ts'
import type { Linked } from '../linked-list.ts'
import type { RecordView } from './event.ts'

export interface RecordRow {
  readonly version: bigint
  readonly createdVersion: bigint
  /** NO_LEASE_ID for none. */
  readonly lease: bigint
  readonly value: Uint8Array
}

export class RecordState implements Linked<RecordState> {
  readonly record: StoredRecord
  readonly version: bigint
  readonly createdVersion: bigint
  readonly lease: bigint
  readonly valueBytes: number
  /** null when it is not in memory. */
  value: Uint8Array | null
  /** The state before, if a held moment shows it. */
  older: RecordState | null = null
  /** Links of the list of values that may leave the memory. */
  previous: RecordState | null = null
  next: RecordState | null = null

  constructor(record: StoredRecord, row: RecordRow) {
    this.record = record
    this.version = row.version
    this.createdVersion = row.createdVersion
    this.lease = row.lease
    this.valueBytes = row.value.length
    this.value = row.value
  }

  /** As it is told. The view keeps its value, whatever becomes of this state. */
  view(): RecordView {
    const { version, createdVersion, lease } = this
    return { key: this.record.key, value: this.value ?? NO_BYTES, version, createdVersion, lease }
  }
}

export class StoredRecord implements Linked<StoredRecord> {
  readonly key: Uint8Array
  /** The key as a text of one character for each byte: texts are compared as their bytes are. */
  readonly keyText: string
  /** The latest. */
  state: RecordState
  isDeleted = false
  /** Links of the list of its lease's records. */
  previous: StoredRecord | null = null
  next: StoredRecord | null = null

  constructor(key: Uint8Array, keyText: string, row: RecordRow) {
    this.key = key
    this.keyText = keyText
    this.state = new RecordState(this, row)
  }

  /** As it was when this was the node's commit number; null when no held moment shows that. */
  stateAt(version: bigint): RecordState | null {
    let state: RecordState | null = this.state
    while (state !== null && state.version > version) state = state.older
    return state
  }
}
