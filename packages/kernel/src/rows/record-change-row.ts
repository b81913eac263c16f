/**
 * The row of one numbered change of records that was done: what its answer was.
 */
import { writeU64 } from '../bytes.ts'
import type { DoneRecordChange, Outcome } from '../records/done-changes.ts'
import { RowReader, ROW_VERSION } from './row-reader.ts'

// The position in the list is what is written.
const OUTCOMES: readonly Outcome[] = [
  'written',
  'deleted',
  'succeeded',
  'not-succeeded',
  'granted',
  'released',
]

export function encodeRecordChange({ outcome, version }: DoneRecordChange): Uint8Array {
  const value = new Uint8Array(10)
  value[0] = ROW_VERSION
  value[1] = OUTCOMES.indexOf(outcome)
  writeU64(value, 2, version)
  return value
}

export function decodeRecordChange(value: Uint8Array): DoneRecordChange {
  const row: RowReader = new RowReader('record change', value)
  const outcome = OUTCOMES[row.byte()]
  row.check(outcome !== undefined, 'outcome')
  const version = row.u64()
  row.end()
  return { outcome, version }
}
