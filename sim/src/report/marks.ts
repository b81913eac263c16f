/**
 * Situations that a run may come into, by name. A storm that never reaches one of them tells nothing about it; the full tier
 * fails then.
 */

/** All there are; a name that is not in the list cannot be reached. */
export const MARKS = [
  'a commit of a paused host',
  'a request that was asked again',
  'a session has expired',
  'a session is attached again',
  'a session is stopped',
  'two holders at a time',
  'a commit that was lost',
  'a commit with an unknown end',
  'a commit without room',
  'crash after a write',
  'crash before a write',
  'fenced at a commit',
  'fenced at a confirm',
] as const

export type Mark = (typeof MARKS)[number]

export class Marks {
  readonly #seen = new Set<Mark>()

  reached(mark: Mark): void {
    this.#seen.add(mark)
  }

  get seen(): readonly Mark[] {
    return [...this.#seen].toSorted()
  }
}
