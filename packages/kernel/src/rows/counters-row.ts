/**
 * The row of all counters, written once per commit.
 */
import { writeU64 } from '../bytes.ts'
import type { SessionId } from '../asked.ts'
import { RowReader, ROW_VERSION } from './row-reader.ts'

export interface CountersRow {
  readonly nextSession: SessionId
  readonly nextOrder: bigint
  /** 0 as long as there was no commit of records or record leases. */
  readonly lastCommit: bigint
}

export function encodeCounters(counters: CountersRow): Uint8Array {
  const value = new Uint8Array(25)
  value[0] = ROW_VERSION
  writeU64(value, 1, counters.nextSession)
  writeU64(value, 9, counters.nextOrder)
  writeU64(value, 17, counters.lastCommit)
  return value
}

export function decodeCounters(value: Uint8Array): CountersRow {
  const row: RowReader = new RowReader('counters', value)
  const counters = { nextSession: row.u64(), nextOrder: row.u64(), lastCommit: row.u64() }
  row.check(counters.nextSession > 0n && counters.nextOrder > 0n, 'counter')
  row.end()
  return counters
}
