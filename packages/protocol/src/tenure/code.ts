/** Codes of refusals and endings, as the numbers of the proto file. */
import type { CodeName, SessionEnded } from './server-message.ts'

type EndCode = SessionEnded['code']

/** By their numbers, from 1. */
const NAMES: readonly EndCode[] = [
  'INVALID_ARGUMENT',
  'NOT_FOUND',
  'ALREADY_EXISTS',
  'PRECONDITION_FAILED',
  'ABORTED',
  'SESSION_EXPIRED',
  'BAD_SESSION',
  'LIMIT_MISMATCH',
  'WRONG_VERSION',
  'WRONG_LEASE',
  'FENCED',
  'UNSUPPORTED',
  'UNAUTHORIZED',
  'OVERLOADED',
  'UNAVAILABLE',
  'INTERNAL',
  'STOPPED',
  'UNKNOWN_THEME',
  'TASK_CLOSED',
  'STALE_ATTEMPT',
  'TASK_TOO_LARGE',
]

export function codeNumber(code: EndCode): number {
  return NAMES.indexOf(code) + 1
}

/** One that is not known is a fault that nothing can be said about. */
export function endCodeOf(code: number): EndCode {
  return NAMES[code - 1] ?? 'INTERNAL'
}

/** As `endCodeOf`; an ask is never answered with what only ends a session. */
export function codeOf(code: number): CodeName {
  const name = endCodeOf(code)
  return name === 'STOPPED' ? 'INTERNAL' : name
}
