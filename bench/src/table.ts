/**
 * Tables for the terminal and for Markdown. The first column is text, all others are figures.
 */

export interface Table {
  readonly head: readonly string[]
  readonly rows: readonly (readonly string[])[]
}

/** Columns stand two spaces apart; figures end flush. */
export function textTable(table: Table): string {
  const widths = widthsOf(table)
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) => fit(cell, widths[column] ?? 0, column))
      .join('  ')
      .trimEnd()
  const rule = widths.map((width) => '-'.repeat(width)).join('  ')
  return [line(table.head), rule, ...table.rows.map(line)].join('\n')
}

export function markdownTable(table: Table): string {
  const widths = widthsOf(table)
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => fit(cell.replaceAll('|', '\\|'), widths[column] ?? 0, column)).join(' | ')} |`
  const rule = widths.map((width, column) =>
    column === 0 ? '-'.repeat(width) : `${'-'.repeat(Math.max(1, width - 1))}:`,
  )
  return [line(table.head), `| ${rule.join(' | ')} |`, ...table.rows.map(line)].join('\n')
}

/** A figure with about three digits that count: `74,100`, `8.42`, `0.31`; `–` when there is none. */
export function figure(value: number | null): string {
  if (value === null || Number.isNaN(value)) return '–'
  if (Math.abs(value) >= 1_000) {
    const scale = 10 ** Math.max(0, Math.floor(Math.log10(Math.abs(value))) - 2)
    return (Math.round(value / scale) * scale).toLocaleString('en-US')
  }
  if (Math.abs(value) >= 100) return value.toFixed(0)
  return Math.abs(value) >= 10 ? value.toFixed(1) : value.toFixed(2)
}

function widthsOf(table: Table): number[] {
  return table.head.map((title, column) =>
    Math.max(title.length, ...table.rows.map((row) => row[column]?.length ?? 0)),
  )
}

function fit(cell: string, width: number, column: number): string {
  return column === 0 ? cell.padEnd(width) : cell.padStart(width)
}
