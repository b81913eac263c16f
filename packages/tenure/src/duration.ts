/**
 * Durations as people type them: `500ms`, `30s`, `2m`, `1h`; a bare number is seconds, as in `timeout` and `flock`.
 */

const UNIT_MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 } as const

const PATTERN = /^(?<amount>\d+(?:\.\d+)?)(?<unit>ms|s|m|h)?$/

function isUnit(text: string): text is keyof typeof UNIT_MS {
  return text in UNIT_MS
}

/**
 * @returns milliseconds, whole
 * @throws RangeError
 */
export function durationMs(text: string): number {
  const { amount, unit = 's' } = PATTERN.exec(text)?.groups ?? {}
  if (amount === undefined || !isUnit(unit)) {
    throw new RangeError(`"${text}" is not a duration: write 500ms, 30s, 2m or 1h`)
  }
  return Math.round(Number(amount) * UNIT_MS[unit])
}

const NOTICE_MIN_MS = 1_000
const NOTICE_MAX_MS = 60_000

/**
 * After how long a server of a cluster is missed.
 *
 * @throws RangeError for less than a second and more than a minute, too
 */
export function noticeMsOf(text: string): number {
  const ms = durationMs(text)
  if (ms >= NOTICE_MIN_MS && ms <= NOTICE_MAX_MS) return ms
  throw new RangeError(`"${text}" is no time after which a server is missed: write 1s to 1m`)
}
