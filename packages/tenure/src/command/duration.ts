/**
 * Durations as people type them: `500ms`, `30s`, `2m`, `1h`; a bare number is seconds, as in `timeout` and `flock`.
 */
import { InvalidArgumentError } from 'commander'

const UNIT_MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 } as const

const PATTERN = /^(?<amount>\d+(?:\.\d+)?)(?<unit>ms|s|m|h)?$/

function isUnit(text: string): text is keyof typeof UNIT_MS {
  return text in UNIT_MS
}

/**
 * @returns milliseconds, whole
 * @throws InvalidArgumentError, which the command line shows together with the option's name
 */
export function parseDuration(text: string): number {
  const { amount, unit = 's' } = PATTERN.exec(text)?.groups ?? {}
  if (amount === undefined || !isUnit(unit)) {
    throw new InvalidArgumentError(`"${text}" is not a duration: write 500ms, 30s, 2m or 1h.`)
  }
  return Math.round(Number(amount) * UNIT_MS[unit])
}
