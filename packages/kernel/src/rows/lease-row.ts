/**
 * The row of a record lease. When it expires is not kept: after a restart each has its whole ttl.
 */
import { writeU64 } from '../bytes.ts'
import type { SessionId } from '../asked.ts'
import { RowReader, ROW_VERSION } from './row-reader.ts'

export interface LeaseRow {
  readonly ttlMs: bigint
  /** Which session keeps it alive, as long as that one exists; 0 for none. */
  readonly keeper: SessionId
}

export function encodeLease(lease: LeaseRow): Uint8Array {
  const value = new Uint8Array(17)
  value[0] = ROW_VERSION
  writeU64(value, 1, lease.ttlMs)
  writeU64(value, 9, lease.keeper)
  return value
}

export function decodeLease(value: Uint8Array): LeaseRow {
  const row: RowReader = new RowReader('lease', value)
  const lease = { ttlMs: row.u64(), keeper: row.u64() }
  row.check(lease.ttlMs > 0n && lease.ttlMs <= BigInt(Number.MAX_SAFE_INTEGER), 'ttl')
  row.end()
  return lease
}
