/**
 * The row of an owner or waiter.
 */
import { writeU64 } from '../bytes.ts'
import { RowReader, ROW_VERSION } from './row-reader.ts'

const OWNER = 1
const EPHEMERAL = 2
const HEAD_BYTES = 26

export interface HolderRow {
  /** It owns; else it waits. */
  readonly owns: boolean
  /** The semaphore is ephemeral: known here, because such a semaphore need not have a row. */
  readonly ephemeral: boolean
  readonly count: bigint
  readonly orderId: bigint
  /** What the acquire asked for. */
  readonly timeoutMs: bigint
  readonly data: Uint8Array
}

export function encodeHolder(holder: HolderRow): Uint8Array {
  const value = new Uint8Array(HEAD_BYTES + holder.data.length)
  value[0] = ROW_VERSION
  value[1] = (holder.owns ? OWNER : 0) | (holder.ephemeral ? EPHEMERAL : 0)
  writeU64(value, 2, holder.count)
  writeU64(value, 10, holder.orderId)
  writeU64(value, 18, holder.timeoutMs)
  value.set(holder.data, HEAD_BYTES)
  return value
}

export function decodeHolder(value: Uint8Array): HolderRow {
  const row: RowReader = new RowReader('holder', value)
  const flags = row.byte()
  row.check(flags <= (OWNER | EPHEMERAL), 'flags')
  const holder = {
    owns: (flags & OWNER) !== 0,
    ephemeral: (flags & EPHEMERAL) !== 0,
    count: row.u64(),
    orderId: row.u64(),
    timeoutMs: row.u64(),
    data: row.rest(),
  }
  row.check(holder.count > 0n, 'count')
  row.check(holder.orderId > 0n, 'order id')
  return holder
}
