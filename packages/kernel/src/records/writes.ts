/**
 * How records are written: each write of a commit in memory, in its row, and in what is told of the commit.
 */
import { NO_LEASE_ID } from './command.ts'
import type { RecordChange } from './event.ts'
import type { RecordLeases } from './leases.ts'
import type { RecordStore } from './store.ts'
import type { StoredRecord } from './record.ts'
import type { Root } from '../root.ts'
import { recordKey } from '../rows/keys.ts'
import { encodeRecord } from '../rows/record-row.ts'

export class RecordWrites {
  readonly #root: Root
  readonly #store: RecordStore
  readonly #leases: RecordLeases

  constructor(root: Root, machines: { store: RecordStore; leases: RecordLeases }) {
    this.#root = root
    this.#store = machines.store
    this.#leases = machines.leases
  }

  /** Null when it can be the key of a record. */
  problemOfKey(key: Uint8Array): string | null {
    const { recordKeyBytesMax } = this.#root.limits
    if (key.length >= 1 && key.length <= recordKeyBytesMax) return null
    return `a key has from 1 to ${recordKeyBytesMax} bytes, got ${key.length}`
  }

  /** Null when it can be a record. */
  problemOfRecord(key: Uint8Array, value: Uint8Array): string | null {
    const { recordValueBytesMax } = this.#root.limits
    if (value.length <= recordValueBytesMax) return this.problemOfKey(key)
    return `the value has ${value.length} bytes, at most ${recordValueBytesMax} are allowed`
  }

  /** Null when so many records more fit in. */
  problemOfRoom(added: number): string | null {
    const { recordsMax } = this.#root.limits
    if (this.#store.size + added <= recordsMax) return null
    return `the node has ${this.#store.size} records, at most ${recordsMax} are allowed`
  }

  /** Makes the record, or replaces it when there is one. */
  put(
    record: StoredRecord | undefined,
    put: { readonly key: Uint8Array; readonly value: Uint8Array; readonly lease: bigint | null },
    version: bigint,
  ): RecordChange {
    const { key, value } = put
    if (record !== undefined) return this.replace(record, put, version)
    const lease = put.lease ?? NO_LEASE_ID
    const added = this.#store.add(key, { version, createdVersion: version, lease, value })
    if (lease !== NO_LEASE_ID) this.#leases.enter(added, lease)
    return this.#keep(added, value)
  }

  /** @param by `lease` null: as it is */
  replace(
    record: StoredRecord,
    by: { readonly value: Uint8Array; readonly lease: bigint | null },
    version: bigint,
  ): RecordChange {
    const { value } = by
    const { lease: leaseBefore, createdVersion } = record.state
    const lease = by.lease ?? leaseBefore
    this.#store.replace(record, { version, createdVersion, lease, value })
    if (lease !== leaseBefore) {
      this.#leases.leave(record, leaseBefore)
      this.#leases.enter(record, lease)
    }
    return this.#keep(record, value)
  }

  remove(record: StoredRecord, version: bigint): RecordChange {
    const { key, state } = record
    this.#leases.leave(record, state.lease)
    this.#store.remove(record)
    this.#root.turn.delete(recordKey(key))
    return { kind: 'deleted', key, version }
  }

  #keep({ key, state }: StoredRecord, value: Uint8Array): RecordChange {
    const { version, createdVersion, lease } = state
    const row = encodeRecord({ version, createdVersion, lease, value })
    this.#root.turn.put(recordKey(key), row)
    return { kind: 'put', record: state.view() }
  }
}
