/**
 * The errors that callers meet: one class with a closed set of codes, and a subclass for each thing to catch by type.
 *
 * Wrong arguments are not here: they are a TypeError or a RangeError, thrown before any message is sent. An aborted call
 * rejects with the reason of its signal, unwrapped.
 */
import type { Refusal, RefusalCode } from './link/link.ts'
import { type Record as StoredRecord, recordOf } from './storage/record.ts'

export type ErrorCode =
  | RefusalCode
  | 'CLIENT_CLOSED'
  | 'SESSION_CLOSED'
  | 'LEASE_RELEASED'
  | 'ALREADY_REGISTERED'
  | 'NOT_PARTICIPANT'
  | 'TASK_LOST'

/** What the server said in detail. */
export interface Issue {
  readonly message: string
}

export interface ErrorDetails {
  readonly cause?: unknown
  /** YDB's status number; of what the session log says, the number of its reference design. */
  readonly status?: number
  readonly issues?: readonly Issue[]
  /** What is there instead. */
  readonly record?: StoredRecord
}

/** These may succeed when tried again, unchanged, a little later. */
const RETRYABLE: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'ABORTED',
  'OVERLOADED',
  'UNAVAILABLE',
  'TIMEOUT',
  'SESSION_EXPIRED',
])

/** Every error of this library. `code` is stable and meant to be switched on. */
export class TenureError extends Error {
  readonly code: ErrorCode
  readonly retryable: boolean
  readonly status?: number
  readonly issues?: readonly Issue[]

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, 'cause' in details ? { cause: details.cause } : undefined)
    this.name = new.target.name
    this.code = code
    this.retryable = RETRYABLE.has(code)
    if (details.status !== undefined) this.status = details.status
    if (details.issues !== undefined) this.issues = details.issues
  }
}

/** The server has given up the session, or may have: all that it held may belong to others. */
export class SessionExpiredError extends TenureError {
  constructor(message: string, details?: ErrorDetails) {
    super('SESSION_EXPIRED', message, details)
  }
}

/** The program has closed the client. */
export class ClientClosedError extends TenureError {
  constructor(message: string, details?: ErrorDetails) {
    super('CLIENT_CLOSED', message, details)
  }
}

/** The program has closed the session. */
export class SessionClosedError extends TenureError {
  constructor(message: string, details?: ErrorDetails) {
    super('SESSION_CLOSED', message, details)
  }
}

/** The program has given the lease back. */
export class LeaseReleasedError extends TenureError {
  constructor(message: string, details?: ErrorDetails) {
    super('LEASE_RELEASED', message, details)
  }
}

/** Something did not come in the time that was given for it. */
export class TimeoutError extends TenureError {
  constructor(message: string, details?: ErrorDetails) {
    super('TIMEOUT', message, details)
  }
}

/** The semaphore was not free in time; the place in line is given back. */
export class AcquireTimeoutError extends TimeoutError {}

/** The semaphore exists with another limit than the handle declares. */
export class SemaphoreLimitMismatchError extends TenureError {
  constructor(message: string, details?: ErrorDetails) {
    super('LIMIT_MISMATCH', message, details)
  }
}

/** This server or this link cannot do what was asked. */
export class UnsupportedError extends TenureError {
  constructor(message: string, details?: ErrorDetails) {
    super('UNSUPPORTED', message, details)
  }
}

/** There is no such coordination node, semaphore, record or lease. */
export class NotFoundError extends TenureError {
  constructor(message: string, details?: ErrorDetails) {
    super('NOT_FOUND', message, details)
  }
}

export class AlreadyExistsError extends TenureError {
  /** The record that has the key, when a record was to be created. */
  readonly record?: StoredRecord

  constructor(message: string, details?: ErrorDetails) {
    super('ALREADY_EXISTS', message, details)
    if (details?.record !== undefined) this.record = details.record
  }
}

/** The state of what was asked for forbids it, such as deleting a semaphore that is held. */
export class PreconditionFailedError extends TenureError {
  constructor(message: string, details?: ErrorDetails) {
    super('PRECONDITION_FAILED', message, details)
  }
}

/** The server refused a value that could not be checked before it was sent. */
export class InvalidArgumentError extends TenureError {
  constructor(message: string, details?: ErrorDetails) {
    super('INVALID_ARGUMENT', message, details)
  }
}

/** The server has too much to do; nothing was changed. */
export class OverloadedError extends TenureError {
  constructor(message: string, details?: ErrorDetails) {
    super('OVERLOADED', message, details)
  }
}

/** No server could be reached in the time that was given. */
export class UnavailableError extends TenureError {
  constructor(message: string, details?: ErrorDetails) {
    super('UNAVAILABLE', message, details)
  }
}

/** These credentials do not give the right to do this. */
export class UnauthorizedError extends TenureError {
  constructor(message: string, details?: ErrorDetails) {
    super('UNAUTHORIZED', message, details)
  }
}

/** Somebody has ended what was under way, such as by deleting the semaphore. */
export class AbortedError extends TenureError {
  constructor(message: string, details?: ErrorDetails) {
    super('ABORTED', message, details)
  }
}

/** Another client has taken the session over. */
export class BadSessionError extends TenureError {
  constructor(message: string, details?: ErrorDetails) {
    super('BAD_SESSION', message, details)
  }
}

/** The server failed to do what it should have done. */
export class InternalError extends TenureError {
  constructor(message: string, details?: ErrorDetails) {
    super('INTERNAL', message, details)
  }
}

/** This session has an entry in that registry. */
export class AlreadyRegisteredError extends TenureError {
  constructor(message: string, details?: ErrorDetails) {
    super('ALREADY_REGISTERED', message, details)
  }
}

/** A witness of an election cannot lead. */
export class NotParticipantError extends TenureError {
  constructor(message: string, details?: ErrorDetails) {
    super('NOT_PARTICIPANT', message, details)
  }
}

/** A later grant has been seen: the holder of this token must not write any more. */
export class FencedError extends TenureError {
  constructor(message: string, details?: ErrorDetails) {
    super('FENCED', message, details)
  }
}

/** The record has another version than was expected. */
export class WrongVersionError extends TenureError {
  /** The record as it is. */
  readonly record?: StoredRecord

  constructor(message: string, details?: ErrorDetails) {
    super('WRONG_VERSION', message, details)
    if (details?.record !== undefined) this.record = details.record
  }
}

/** There is no such record lease: it was released, or it has expired. */
export class WrongLeaseError extends TenureError {
  constructor(message: string, details?: ErrorDetails) {
    super('WRONG_LEASE', message, details)
  }
}

/** What the reference design of the session log says of an operation that does not fit. */
const INVALID_OPERATION = { status: 4000 } as const
const LENGTH_OVERFLOW = { status: 2000 } as const

/** No such theme is configured in the log: there is no work that nobody is responsible for. */
export class UnknownThemeError extends TenureError {
  constructor(message: string, details?: ErrorDetails) {
    super('UNKNOWN_THEME', message, { ...INVALID_OPERATION, ...details })
  }
}

/** The task was deleted or stored: nothing more can be done with it here. */
export class TaskClosedError extends TenureError {
  constructor(message: string, details?: ErrorDetails) {
    super('TASK_CLOSED', message, { ...INVALID_OPERATION, ...details })
  }
}

/** The task has been handed out again since: somebody else drives it. */
export class StaleAttemptError extends TenureError {
  constructor(message: string, details?: ErrorDetails) {
    super('STALE_ATTEMPT', message, { ...INVALID_OPERATION, ...details })
  }
}

/** The records of the task would be more bytes than its theme allows; the task is unchanged. */
export class TaskTooLargeError extends TenureError {
  constructor(message: string, details?: ErrorDetails) {
    super('TASK_TOO_LARGE', message, { ...LENGTH_OVERFLOW, ...details })
  }
}

/** The connection over which the task was driven is gone, so the server has stored the task, or will: it comes back to a handler. */
export class TaskLostError extends TenureError {
  constructor(message: string, details?: ErrorDetails) {
    super('TASK_LOST', message, details)
  }
}

type RefusalClass = new (message: string, details?: ErrorDetails) => TenureError

const CLASS_OF: Readonly<Record<RefusalCode, RefusalClass>> = {
  INVALID_ARGUMENT: InvalidArgumentError,
  NOT_FOUND: NotFoundError,
  ALREADY_EXISTS: AlreadyExistsError,
  PRECONDITION_FAILED: PreconditionFailedError,
  ABORTED: AbortedError,
  SESSION_EXPIRED: SessionExpiredError,
  BAD_SESSION: BadSessionError,
  LIMIT_MISMATCH: SemaphoreLimitMismatchError,
  WRONG_VERSION: WrongVersionError,
  WRONG_LEASE: WrongLeaseError,
  FENCED: FencedError,
  UNKNOWN_THEME: UnknownThemeError,
  TASK_CLOSED: TaskClosedError,
  STALE_ATTEMPT: StaleAttemptError,
  TASK_TOO_LARGE: TaskTooLargeError,
  UNAUTHORIZED: UnauthorizedError,
  OVERLOADED: OverloadedError,
  UNAVAILABLE: UnavailableError,
  TIMEOUT: TimeoutError,
  UNSUPPORTED: UnsupportedError,
  INTERNAL: InternalError,
}

/** What to do about a refusal, where the code alone tells. */
const ADVICE: Readonly<Partial<Record<RefusalCode, string>>> = {
  NOT_FOUND: 'create it first',
  OVERLOADED: 'try again later',
  UNAVAILABLE: 'try again later',
  UNAUTHORIZED: 'check the credentials and the access rights',
  UNKNOWN_THEME: 'configure the theme first',
  TASK_CLOSED: 'do not go on with it here',
  STALE_ATTEMPT: 'leave it to the one to whom it was handed out',
  TASK_TOO_LARGE: "replace what was collected, or raise the theme's maxBytes",
}

/**
 * The error for a refusal.
 *
 * @param asked what was asked and of which name, such as `cannot describe semaphore "jobs"`
 */
export function errorOf(refusal: Refusal, asked: string, cause?: unknown): TenureError {
  const said = refusal.message === '' ? refusal.code : `${refusal.code}: ${refusal.message}`
  const advice = ADVICE[refusal.code]
  const isAdvised = advice === undefined || said.endsWith(advice)
  const message = isAdvised ? `${asked}: ${said}` : `${asked}: ${said}; ${advice}`
  return new CLASS_OF[refusal.code](message, {
    ...(refusal.status === undefined ? {} : { status: refusal.status }),
    ...(refusal.message === '' ? {} : { issues: [{ message: refusal.message }] }),
    ...(refusal.record === undefined ? {} : { record: recordOf(refusal.record) }),
    ...(cause === undefined ? {} : { cause }),
  })
}
