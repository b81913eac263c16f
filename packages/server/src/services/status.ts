/** The kernel's refusals in YDB's words. */
import type { RefusalCode } from '@tenure/kernel'
import { type Issue, SEVERITY, STATUS, type StatusNumber } from '@tenure/protocol'

/** A refusal inside a session. */
export const REFUSAL_STATUS: Readonly<Record<RefusalCode, StatusNumber>> = {
  INVALID_ARGUMENT: STATUS.BAD_REQUEST,
  NOT_FOUND: STATUS.NOT_FOUND,
  ALREADY_EXISTS: STATUS.ALREADY_EXISTS,
  PRECONDITION_FAILED: STATUS.PRECONDITION_FAILED,
  ABORTED: STATUS.ABORTED,
  SESSION_EXPIRED: STATUS.SESSION_EXPIRED,
  BAD_SESSION: STATUS.BAD_SESSION,
  LIMIT_MISMATCH: STATUS.PRECONDITION_FAILED,
  WRONG_VERSION: STATUS.PRECONDITION_FAILED,
  WRONG_LEASE: STATUS.PRECONDITION_FAILED,
  FENCED: STATUS.PRECONDITION_FAILED,
  UNSUPPORTED: STATUS.UNSUPPORTED,
  UNKNOWN_THEME: STATUS.PRECONDITION_FAILED,
  TASK_CLOSED: STATUS.PRECONDITION_FAILED,
  STALE_ATTEMPT: STATUS.PRECONDITION_FAILED,
  TASK_TOO_LARGE: STATUS.PRECONDITION_FAILED,
}

/** One error in words. */
export function issuesOf(message: string): readonly Issue[] {
  return [{ message, issueCode: 0, severity: SEVERITY.ERROR, issues: [] }]
}

export const UNAVAILABLE_TEXT = 'the node is not available here; try again later'
export const OVERLOADED_TEXT = 'too many requests wait; try again later'
export const UNAUTHORIZED_TEXT = 'a valid token is needed; log in first'
