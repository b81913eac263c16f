/** Numbers of 64 bits on the command line: ids, tokens, versions. */
import { COUNT_MAX } from '@tenure/client'
import { InvalidArgumentError } from 'commander'
import { UsageError } from './failure.ts'

/** Of an option: the command line shows the error together with the option's name. */
export function parseNumber(text: string): bigint {
  const number = wholeOf(text)
  if (number === null) {
    throw new InvalidArgumentError(`"${text}" is not a whole number from 0 to 2^64-1.`)
  }
  return number
}

/** Of an operand. */
export function numberOf(text: string): bigint {
  const number = wholeOf(text)
  if (number === null) throw new UsageError(`"${text}" is no id: write a whole number`)
  return number
}

/** Of a holder, for people. Who takes all units of a lock holds it alone. */
export function countText(count: bigint): string {
  return count === COUNT_MAX ? 'alone' : `count ${count}`
}

function wholeOf(text: string): bigint | null {
  return /^\d{1,20}$/.test(text) && BigInt(text) <= COUNT_MAX ? BigInt(text) : null
}
