/**
 * What a failed statement means. Decided by SQLSTATE alone: texts are for people, and are in the server's language.
 */
import { DatabaseError } from 'pg'
import { DamagedError, EngineError, FullError } from '../errors.ts'

/**
 * - `unknown`: the connection is gone; whether the statement took effect is not known
 * - `again`: nothing was written, and the same may succeed at once
 * - `away`: nothing was written, and this server takes no writes now; another may
 * - `full`: nothing was written, there is no room
 * - `damaged`: what is stored cannot be read
 * - `refused`: nothing was written, and trying again does not help
 */
export type Verdict = 'unknown' | 'again' | 'away' | 'full' | 'damaged' | 'refused'

/** Whether a statement took effect cannot be seen from its answer: there is none, or it does not prove what it has to. */
export class UnansweredError extends EngineError {
  override name = 'UnansweredError'
}

/** No server that takes writes could be reached. */
export class AwayError extends EngineError {
  override name = 'AwayError'
}

const VERDICTS: Readonly<Record<string, Verdict>> = {
  // Serialization failure, deadlock, lock timeout, canceled.
  '40001': 'again',
  '40P01': 'again',
  '55P03': 'again',
  '57014': 'again',
  // Statement completion unknown.
  '40003': 'unknown',
  // Read only: a standby, or a primary that was told to take no writes.
  '25006': 'away',
  // Starting up or shutting down; too many connections.
  '57P03': 'away',
  '53300': 'away',
  // How PgBouncer says that it has no server at present.
  '58000': 'away',
  '53000': 'full',
  '53100': 'full',
  '53200': 'full',
  XX001: 'damaged',
  XX002: 'damaged',
}

export function verdictOf(error: unknown): Verdict {
  if (error instanceof AwayError) return 'away'
  if (error instanceof UnansweredError) return 'unknown'
  if (error instanceof EngineError) return 'refused'
  // Without an answer of the server: the connection broke.
  if (!(error instanceof DatabaseError)) return 'unknown'
  const { code = '', severity } = error
  const known = VERDICTS[code]
  if (known !== undefined) return known
  if (code.startsWith('08') || code.startsWith('57P0')) return 'unknown'
  return severity === 'FATAL' || severity === 'PANIC' ? 'unknown' : 'refused'
}

/** While a connection is made nothing can have been written. What no later attempt would change is `refused`. */
export function openingVerdictOf(error: unknown): 'away' | 'refused' {
  if (error instanceof AwayError || error instanceof UnansweredError) return 'away'
  if (error instanceof EngineError) return 'refused'
  if (!(error instanceof DatabaseError)) return 'away'
  // Wrong password or not permitted; no such database.
  const { code = '' } = error
  return code.startsWith('28') || code === '3D000' || code === '42501' ? 'refused' : 'away'
}

/** The error that leaves the engine. */
export function engineErrorOf(title: string, error: unknown): EngineError {
  if (error instanceof EngineError) return error
  const message = `${title}: ${reasonOf(error)}`
  const verdict = verdictOf(error)
  if (verdict === 'full') {
    return new FullError(`${message}: make room on the database's disk`, { cause: error })
  }
  if (verdict === 'damaged') {
    return new DamagedError(`${message}: restore the database from a backup`, { cause: error })
  }
  return new EngineError(message, { cause: error })
}

/** For people. Details are left out: they may hold keys and values. */
export function reasonOf(error: unknown): string {
  if (error instanceof DatabaseError) return `${error.message} (${error.code ?? 'no code'})`
  if (error instanceof AggregateError) return error.errors.map(reasonOf).join(', ')
  return error instanceof Error ? error.message : String(error)
}
