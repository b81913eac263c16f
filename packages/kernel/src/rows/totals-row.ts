/** The row that counts the tasks of a theme which are in no memory, written by each step that changes a count. */
import { writeSafeU64 } from '../bytes.ts'
import { RowReader, ROW_VERSION } from './row-reader.ts'
import { rowBytes } from './row-bytes.ts'

export interface ThemeTotals {
  readonly stored: number
  readonly dead: number
}

export function encodeTotals({ stored, dead }: ThemeTotals): Uint8Array {
  const value = rowBytes(17)
  value[0] = ROW_VERSION
  writeSafeU64(value, 1, stored)
  writeSafeU64(value, 9, dead)
  return value
}

export function decodeTotals(value: Uint8Array): ThemeTotals {
  const row: RowReader = new RowReader('totals', value)
  const totals = { stored: row.safeU64(), dead: row.safeU64() }
  row.end()
  return totals
}
