/** How themes, tasks and delays are given on the command line. */
import { Option } from 'commander'
import { InvalidArgumentError } from 'commander'
import { parseDuration } from './duration.ts'
import { UsageError } from './failure.ts'

const MS_PER_SECOND = 1_000

/** Of an option: a whole number that JavaScript holds. Its bounds are the client's to check. */
export function parseWhole(text: string): number {
  const number = wholeOf(text)
  if (number === null) throw new InvalidArgumentError(`"${text}" is not a whole number.`)
  return number
}

/** Of an option: `30`, `30s`, `2m`. @returns seconds */
export function parseSeconds(text: string): number {
  return parseDuration(text) / MS_PER_SECOND
}

/** The operand that names a theme. */
export function themeOf(text: string): number {
  const number = wholeOf(text)
  if (number === null) throw new UsageError(`"${text}" is no theme: write its number`)
  return number
}

/** `--delay` of a task. */
export function delayOption(): Option {
  return new Option(
    '--delay <duration>',
    "until it comes back (default: the theme's delay)",
  ).argParser(parseSeconds)
}

function wholeOf(text: string): number | null {
  return /^\d{1,15}$/.test(text) ? Number(text) : null
}
