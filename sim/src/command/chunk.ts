/** What passes between the command and the processes that run seeds for it. */
import type { Violation } from '../judge/judge.ts'
import type { Mark } from '../report/marks.ts'

/** Seeds from `from` to `to - 1`. */
export interface Chunk {
  readonly from: number
  readonly to: number
}

export interface Failure {
  readonly seed: number
  readonly violation: Violation
}

/** A chunk that is done, or that ended with its first failure. */
export interface ChunkReport {
  readonly seeds: number
  readonly virtualMs: number
  readonly unjudged: number
  readonly marks: readonly Mark[]
  readonly failure: Failure | null
}
