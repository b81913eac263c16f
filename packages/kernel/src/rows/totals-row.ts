/** The row that counts the tasks which are in no memory, written once per commit that changes a count. */
import { writeSafeU64, writeU32 } from '../bytes.ts'
import { RowReader, ROW_VERSION } from './row-reader.ts'
import { rowBytes } from './row-bytes.ts'

export interface ThemeTotals {
  readonly theme: number
  readonly stored: number
  readonly dead: number
}

const TOTALS_BYTES = 20

export function encodeTotals(totals: readonly ThemeTotals[]): Uint8Array {
  const value = rowBytes(1 + totals.length * TOTALS_BYTES)
  value[0] = ROW_VERSION
  let at = 1
  for (const { theme, stored, dead } of totals) {
    writeU32(value, at, theme)
    writeSafeU64(value, at + 4, stored)
    writeSafeU64(value, at + 12, dead)
    at += TOTALS_BYTES
  }
  return value
}

export function decodeTotals(value: Uint8Array): ThemeTotals[] {
  const row: RowReader = new RowReader('totals', value)
  const totals: ThemeTotals[] = []
  while (row.hasMore) {
    totals.push({ theme: row.u32(), stored: row.safeU64(), dead: row.safeU64() })
  }
  return totals
}
