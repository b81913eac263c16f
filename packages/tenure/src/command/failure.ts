/**
 * What went wrong, in the words of the command line: one exit code and one sentence that says what to do.
 */
import { CommanderError } from 'commander'
import { TenureError } from '@tenure/client'
import {
  EXIT_CONFLICT,
  EXIT_DONE,
  EXIT_INTERNAL,
  EXIT_LOST,
  EXIT_NOT_PERMITTED,
  EXIT_REFUSED,
  EXIT_UNREACHABLE,
  EXIT_USAGE,
  exitCodeOfSignal,
} from './exit-code.ts'
import { InterruptedError } from './interrupts.ts'

/** The command line asks for something that cannot be. */
export class UsageError extends Error {
  override name = 'UsageError'
}

/** A failure that the command itself has decided. */
export class CommandFailure extends Error {
  override name = 'CommandFailure'
  readonly exitCode: number

  constructor(exitCode: number, message: string) {
    super(message)
    this.exitCode = exitCode
  }
}

export interface Failure {
  readonly exitCode: number
  /** Null when there is nothing to add. */
  readonly message: string | null
}

const EXIT_OF_CODE: Partial<Record<TenureError['code'], number>> = {
  INVALID_ARGUMENT: EXIT_USAGE,
  UNSUPPORTED: EXIT_USAGE,
  UNAVAILABLE: EXIT_UNREACHABLE,
  OVERLOADED: EXIT_UNREACHABLE,
  TIMEOUT: EXIT_CONFLICT,
  SESSION_EXPIRED: EXIT_LOST,
  SESSION_CLOSED: EXIT_LOST,
  TASK_LOST: EXIT_LOST,
  UNAUTHORIZED: EXIT_NOT_PERMITTED,
  INTERNAL: EXIT_INTERNAL,
}

const ADVICE_OF_CODE: Partial<Record<TenureError['code'], string>> = {
  UNAVAILABLE:
    'start a server with "tenure serve", or say where it is with --address or TENURE_CONNECTION_STRING',
  UNAUTHORIZED: 'ask whoever runs the server for the right to do this',
}

export function failureOf(error: unknown): Failure {
  if (error instanceof InterruptedError) {
    return { exitCode: exitCodeOfSignal(error.signalName), message: null }
  }
  if (error instanceof CommandFailure) return { exitCode: error.exitCode, message: error.message }
  // Commander has written its own message by then; help and version end with 0.
  if (error instanceof CommanderError) {
    return { exitCode: error.exitCode === 0 ? EXIT_DONE : EXIT_USAGE, message: null }
  }
  if (error instanceof TenureError) return failureOfTenure(error)
  // The client refuses wrong arguments with these before it sends anything.
  if (error instanceof UsageError || error instanceof RangeError || error instanceof TypeError) {
    return { exitCode: EXIT_USAGE, message: error.message }
  }
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
  return { exitCode: EXIT_INTERNAL, message: `this is a fault of tenure itself: ${text}` }
}

function failureOfTenure(error: TenureError): Failure {
  const { status, message } = error
  const advice = ADVICE_OF_CODE[error.code]
  const told = status === undefined ? message : `${message} (status ${status})`
  return {
    exitCode: EXIT_OF_CODE[error.code] ?? EXIT_REFUSED,
    message: advice === undefined ? told : `${told}\n        ${advice}`,
  }
}
