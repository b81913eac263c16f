/**
 * The row of a record.
 */
import { writeU64 } from '../bytes.ts'
import type { RecordRow } from '../records/record.ts'
import { rowBytes } from './row-bytes.ts'
import { RowReader, ROW_VERSION } from './row-reader.ts'

const HEAD_BYTES = 25

export function encodeRecord(record: RecordRow): Uint8Array {
  const value = rowBytes(HEAD_BYTES + record.value.length)
  value[0] = ROW_VERSION
  writeU64(value, 1, record.version)
  writeU64(value, 9, record.createdVersion)
  writeU64(value, 17, record.lease)
  value.set(record.value, HEAD_BYTES)
  return value
}

export function decodeRecord(value: Uint8Array): RecordRow {
  const row: RowReader = new RowReader('record', value)
  return { version: row.u64(), createdVersion: row.u64(), lease: row.u64(), value: row.rest() }
}

/**
 * The value of the record that is kept in this row.
 *
 * @throws InvariantError when the row cannot be understood
 */
export function decodeRecordValue(value: Uint8Array): Uint8Array {
  return decodeRecord(value).value
}
