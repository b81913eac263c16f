/**
 * The row of a session's changes: runs of numbers, ascending. A session that has changed nothing has none.
 */
import { writeU64 } from '../bytes.ts'
import type { Run } from '../done-changes.ts'
import { RowReader, ROW_VERSION } from './row-reader.ts'

const RUN_BYTES = 16

export function encodeChanges(runs: readonly Run[]): Uint8Array {
  const value = new Uint8Array(1 + runs.length * RUN_BYTES)
  value[0] = ROW_VERSION
  for (const [at, { first, last }] of runs.entries()) {
    writeU64(value, 1 + at * RUN_BYTES, first)
    writeU64(value, 1 + at * RUN_BYTES + 8, last)
  }
  return value
}

export function decodeChanges(value: Uint8Array): readonly Run[] {
  const row: RowReader = new RowReader('changes', value)
  const runs: Run[] = []
  let before = 0n
  for (let left = value.length - 1; left > 0; left -= RUN_BYTES) {
    const run = { first: row.u64(), last: row.u64() }
    row.check(before < run.first && run.first <= run.last, 'run')
    before = run.last
    runs.push(run)
  }
  row.check(runs.length > 0, 'length')
  row.end()
  return runs
}
