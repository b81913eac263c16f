/**
 * Which changes of a session have been done, so that one whose answer was lost can be asked again without being done again.
 *
 * A client numbers its changes 1, 2, 3, … and says up to where it knows their outcome. Most changes are done in the order of
 * their numbers, so that runs of numbers are kept and not each of them. A refused change leaves a gap: asked again, it is tried again.
 */
import type { Change } from './asked.ts'

/** Numbers from `first` to `last`, both included. */
export interface Run {
  readonly first: bigint
  readonly last: bigint
}

/** More gaps than that are never left by a client that asks in order. */
export const RUNS_MAX = 1_024

export class DoneChanges {
  /** Ascending, and apart from each other. */
  #runs: readonly Run[]

  constructor(runs: readonly Run[] = []) {
    this.#runs = runs
  }

  get runs(): readonly Run[] {
    return this.#runs
  }

  has(serial: bigint): boolean {
    return this.#runs.some(({ first, last }) => first <= serial && serial <= last)
  }

  /** Whether one more change can be remembered, in whatever order it comes. */
  get hasRoom(): boolean {
    return this.#runs.length < RUNS_MAX
  }

  /** Remembers a change, and forgets all that its client knows the outcome of. */
  add({ serial, settledBelow }: Change): void {
    const runs: Run[] = []
    let { first, last }: Run = { first: serial, last: serial }
    for (const run of this.#runs) {
      if (run.last < settledBelow) continue
      if (run.last + 1n < first || last + 1n < run.first) runs.push(run)
      else {
        first = run.first < first ? run.first : first
        last = run.last > last ? run.last : last
      }
    }
    runs.push({ first, last })
    this.#runs = runs.sort((one, other) => (one.first < other.first ? -1 : 1))
  }
}
