/** A trace for people: one column for each party, time going down. */
import type { TraceLine } from './trace.ts'

const TIME_WIDTH = 11
const COLUMN_WIDTH = 26

export function tableOf(lines: readonly TraceLine[]): string {
  const parties = [...new Set(lines.map(({ party }) => columnOf(party)))].toSorted()
  const header = ' '.repeat(TIME_WIDTH) + parties.map((name) => name.padEnd(COLUMN_WIDTH)).join('')
  const rows = lines.map(({ atMs, party, text }) => {
    const column = parties.indexOf(columnOf(party))
    // Only one party speaks in a line, so its text may run over the columns to its right.
    return (
      atMs.toFixed(1).padStart(TIME_WIDTH - 2) + '  ' + ' '.repeat(column * COLUMN_WIDTH) + text
    )
  })
  return [header, ...rows].join('\n')
}

/** A program speaks in its client's column. */
function columnOf(party: string): string {
  return party.split('/')[0] ?? party
}
