/** Comparisons of a transaction, as the numbers of the proto file. */
import type { ValueComparison, VersionComparison } from './operation.ts'

const NUMBER: Readonly<Record<VersionComparison, number>> = { '==': 1, '!=': 2, '<': 3, '>': 4 }
const SIGNS: readonly (VersionComparison | null)[] = [null, '==', '!=', '<', '>']

export function comparisonNumber(sign: VersionComparison): number {
  return NUMBER[sign]
}

/** Null for one that is not known. */
export function comparisonOf(number: number): VersionComparison | null {
  return SIGNS[number] ?? null
}

export function isOfValues(sign: VersionComparison): sign is ValueComparison {
  return sign === '==' || sign === '!='
}
