/**
 * Durations as people type them: `500ms`, `30s`, `2m`, `1h`; a bare number is seconds, as in `timeout` and `flock`.
 */
import { InvalidArgumentError } from 'commander'

const UNIT_MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 } as const

const PATTERN = /^(?<amount>\d+(?:\.\d+)?)(?<unit>ms|s|m|h)?$/

/**
 * @returns milliseconds, whole
 * @throws InvalidArgumentError, which the command line shows together with the option's name
 */
export function parseDuration(text: string): number {
  const groups = PATTERN.exec(text)?.groups
  if (groups === undefined) {
    throw new InvalidArgumentError(`"${text}" is not a duration: write 500ms, 30s, 2m or 1h.`)
  }
  const unit = (groups['unit'] ?? 's') as keyof typeof UNIT_MS
  return Math.round(Number(groups['amount']) * UNIT_MS[unit])
}
