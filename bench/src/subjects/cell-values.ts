/** What is written into the cells: the same for every subject. */

/** Each party goes round so many keys. */
export const KEYS_PER_PARTY = 16

const FILLER = '-'.repeat(48)

/** Some 64 bytes that differ with every turn: a store must not get away with writing nothing. */
export function cellValue(party: number, turn: number): string {
  return `${party}/${turn}/${FILLER}`
}

export function cellKey(party: number, turn: number): string {
  return `cell-${party}-${turn % KEYS_PER_PARTY}`
}
