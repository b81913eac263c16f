/**
 * What a kernel needs from its stored rows and does not have in memory.
 *
 * Whoever drives the kernel reads the range as it is after the commit of the step that asked and before the next commit, and gives
 * what it finds to `Kernel.supply`. Nothing of the asking step is said before that.
 */
import type { KeyBounds } from './rows/keys.ts'
import type { Entry } from './write-set.ts'

export interface Reading {
  readonly range: KeyBounds
  /** Most entries that are wanted. */
  readonly entriesMax: number
  /** Of keys and values; one entry more may fit in. */
  readonly bytesMax: number
}

export interface Found {
  /** The first entries of the range, in the order of their keys. */
  readonly entries: readonly Entry[]
  /** The range has no more. */
  readonly isWhole: boolean
}
