/** Durations as arguments of the command line. */
import { InvalidArgumentError } from 'commander'
import { durationMs } from '../duration.ts'

/**
 * @returns milliseconds, whole
 * @throws InvalidArgumentError, which the command line shows together with the option's name
 */
export function parseDuration(text: string): number {
  try {
    return durationMs(text)
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    throw new InvalidArgumentError(`${error.message}.`)
  }
}
