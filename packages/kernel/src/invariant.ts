/**
 * What must always hold, by the numbers of docs/invariants.md.
 */

/** An invariant is broken: a bug or damaged rows. The state in memory must not be used any further. */
export class InvariantError extends Error {
  override readonly name = 'InvariantError'
  /** As in docs/invariants.md: `I-2`. */
  readonly id: string

  constructor(id: string, details: readonly unknown[]) {
    super(details.length === 0 ? `${id} is broken` : `${id} is broken: ${details.join(', ')}`)
    this.id = id
  }
}

/** @throws InvariantError when `condition` is false; `details` name the things and the numbers */
export function invariant(
  condition: boolean,
  id: string,
  ...details: readonly unknown[]
): asserts condition {
  if (!condition) throw new InvariantError(id, details)
}
