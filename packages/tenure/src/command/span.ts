/** Spans of time as the command says them, to the precision that a person wants. */

const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
] as const

/** The two greatest units: `3h 5m`; below ten seconds with a decimal: `2.5s`. */
export function spanText(ms: number): string {
  if (ms < 10_000) return `${Math.round(ms / 100) / 10}s`
  const parts: string[] = []
  let rest = ms
  for (const [unit, unitMs] of UNITS) {
    const count = Math.floor(rest / unitMs)
    rest -= count * unitMs
    if (count > 0 || parts.length > 0) parts.push(`${count}${unit}`)
    if (parts.length === 2) break
  }
  return parts.filter((part) => !part.startsWith('0')).join(' ')
}

/** For how long something has been so. */
export function sinceText(forMs: number | null, isAtLeast: boolean): string {
  if (forMs === null) return 'for an unknown time'
  return `for ${isAtLeast ? 'at least ' : ''}${spanText(forMs)}`
}
