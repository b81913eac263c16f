/** Failures of the host and the engine in the words of a link. */
import { DamagedError, HeldError } from '@tenure/engine'
import { errorOf, type Refusal, TenureError } from '@tenure/client'

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

/** Any failure as the error that a call rejects with; what is not known to be for good may pass. */
export function failureOf(error: unknown, asked: string): TenureError {
  if (error instanceof TenureError) return error
  const message = error instanceof Error ? error.message : String(error)
  return errorOf(
    refusalOf(error) ?? { kind: 'refused', code: 'UNAVAILABLE', message },
    asked,
    error,
  )
}
