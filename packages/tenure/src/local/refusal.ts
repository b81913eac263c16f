/** Failures of the host and the engine in the words of a link. */
import { DamagedError, HeldError } from '@tenure/engine'
import type { Refusal } from '@tenure/client'

/** What was given as a path can be none. */
export class MalformedPathError extends Error {
  override name = 'MalformedPathError'
}

/** What trying again cannot mend, as a refusal that names the reason; null for everything else. */
export function refusalOf(error: unknown): Refusal | null {
  if (error instanceof MalformedPathError) {
    return { kind: 'refused', code: 'INVALID_ARGUMENT', message: error.message }
  }
  if (!(error instanceof HeldError || error instanceof DamagedError)) return null
  return { kind: 'refused', code: 'PRECONDITION_FAILED', message: error.message }
}
