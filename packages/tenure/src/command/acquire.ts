/** The options by which a command line says how long to wait, and the acquire that obeys them. */
import type { Lease, Semaphore, TryAcquireOptions } from '@tenure/client'
import { AcquireTimeoutError } from '@tenure/client'
import { InvalidArgumentError } from 'commander'
import type { Command } from 'commander'
import { parseDuration } from './duration.ts'
import { EXIT_CONFLICT } from './exit-code.ts'
import { CommandFailure } from './failure.ts'

export interface WaitOptions {
  /** False for --no-wait. */
  readonly wait: boolean
  readonly waitTimeout?: number
  readonly conflictExitCode?: number
}

export function addWaitOptions(command: Command): Command {
  return command
    .option('--no-wait', 'give up at once when it is not free')
    .option('--wait-timeout <duration>', 'give up after this time in the queue', parseDuration)
    .option(
      '--conflict-exit-code <code>',
      `exit code of giving up (default: ${EXIT_CONFLICT})`,
      parseExitCode,
    )
}

/** A whole number from 1 to 2^64-1. */
export function parseCount(text: string): bigint {
  if (!/^[1-9]\d{0,19}$/.test(text) || BigInt(text) >= 2n ** 64n) {
    throw new InvalidArgumentError(`"${text}" is not a whole number from 1 to 2^64-1.`)
  }
  return BigInt(text)
}

function parseExitCode(text: string): number {
  if (!/^\d{1,3}$/.test(text) || Number(text) > 255) {
    throw new InvalidArgumentError(`"${text}" is not an exit code: write a number from 0 to 255.`)
  }
  return Number(text)
}

/** @throws CommandFailure with the conflict exit code when it was not to be had in time */
export async function acquireWaiting(
  semaphore: Semaphore,
  request: TryAcquireOptions,
  options: WaitOptions,
  signal: AbortSignal,
): Promise<Lease> {
  if (!options.wait) {
    const lease = await semaphore.tryAcquire(request, signal)
    if (lease === null) throw conflict(options, `"${semaphore.name}" is held by somebody else`)
    return lease
  }
  const { waitTimeout } = options
  try {
    return await semaphore.acquire(
      waitTimeout === undefined ? request : { ...request, timeout: waitTimeout },
      signal,
    )
  } catch (error) {
    if (!(error instanceof AcquireTimeoutError)) throw error
    throw conflict(options, `"${semaphore.name}" was not free within ${waitTimeout}ms`)
  }
}

function conflict({ conflictExitCode }: WaitOptions, message: string): CommandFailure {
  return new CommandFailure(conflictExitCode ?? EXIT_CONFLICT, message)
}
