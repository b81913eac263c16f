/** The record that is written only under the token of a lock, and how its value tells the token. */

/** Written only under the token of a lock. */
export const FENCED_KEY = 'fenced'

export function tokenOf(value: string): bigint {
  return BigInt(value.slice(0, value.indexOf('/')))
}
