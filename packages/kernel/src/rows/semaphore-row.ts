/**
 * The row of a semaphore.
 *
 * A persistent semaphore always has one. An ephemeral one exists by its owners and waiters, and has a row only while
 * its data are not empty.
 */
import { writeU64 } from '../bytes.ts'
import { RowReader, ROW_VERSION } from './row-reader.ts'

const EPHEMERAL = 1
const HEAD_BYTES = 10

export interface SemaphoreRow {
  readonly limit: bigint
  readonly ephemeral: boolean
  readonly data: Uint8Array
}

export function encodeSemaphore(semaphore: SemaphoreRow): Uint8Array {
  const value = new Uint8Array(HEAD_BYTES + semaphore.data.length)
  value[0] = ROW_VERSION
  value[1] = semaphore.ephemeral ? EPHEMERAL : 0
  writeU64(value, 2, semaphore.limit)
  value.set(semaphore.data, HEAD_BYTES)
  return value
}

export function decodeSemaphore(value: Uint8Array): SemaphoreRow {
  const row: RowReader = new RowReader('semaphore', value)
  const flags = row.byte()
  row.check(flags <= EPHEMERAL, 'flags')
  const limit = row.u64()
  row.check(limit > 0n, 'limit')
  return { ephemeral: flags === EPHEMERAL, limit, data: row.rest() }
}
