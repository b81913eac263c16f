/**
 * What `lock`, `elect`, `semaphore acquire` and `registry register` share: get something, then run a command under it or
 * just keep it, and say by the exit code how it ended.
 */
import type { Session } from '@tenure/client'
import type { HeldEnd, Hold } from '../child/held-command.ts'
import { runWhileHeld } from '../child/held-command.ts'
import type { CommandContext } from './context.ts'
import { EXIT_CANNOT_RUN, EXIT_LOST, exitCodeOfSignal } from './exit-code.ts'
import { CommandFailure, UsageError } from './failure.ts'
import { GRACE_SHARE, GRACE_SHARE_MAX, KILL_RESERVE_MS, KILL_RESERVE_SHARE_MAX } from './limits.ts'

/** A hold that knows its fencing token. */
export interface TokenHold extends Hold {
  readonly token: bigint
}

export interface HoldOptions {
  readonly grace?: number
}

/** How long a command gets between TERM and KILL. @throws UsageError when the session could not outlive it */
export function graceOf(context: CommandContext, { grace }: HoldOptions): number {
  const longest = Math.floor(context.timeoutMs * GRACE_SHARE_MAX)
  const graceMs = grace ?? Math.floor(context.timeoutMs * GRACE_SHARE)
  if (graceMs > longest) {
    throw new UsageError(
      `--grace ${graceMs}ms is too long for --timeout ${context.timeoutMs}ms: the command must be stopped before the ` +
        `lock can pass on. Give at most ${longest}ms, or a longer --timeout`,
    )
  }
  return graceMs
}

/** Session options under which a hold's signal aborts early enough to stop a command before the server gives it away. */
export function holdingSession(
  { timeoutMs }: CommandContext,
  graceMs: number,
): { readonly margin: number } {
  return { margin: graceMs + Math.min(KILL_RESERVE_MS, timeoutMs * KILL_RESERVE_SHARE_MAX) }
}

/** What the command learns of its hold. */
export function holdEnvironment(
  name: string,
  hold: TokenHold,
  session: Session,
): Record<string, string> {
  return {
    TENURE_LOCK_NAME: name,
    TENURE_LOCK_TOKEN: hold.token.toString(),
    TENURE_LOCK_SESSION: session.id.toString(),
    TENURE_LOCK_HELD: 'true',
  }
}

export interface HeldWork {
  /** For messages: `lock "jobs"`. */
  readonly title: string
  readonly command: readonly string[]
  readonly environment: Readonly<Record<string, string>>
  readonly graceMs: number
}

/**
 * Runs the command while `hold` lasts; without a command keeps it until a signal comes.
 *
 * @returns the exit code
 * @throws CommandFailure EXIT_LOST when the hold was lost; InterruptedError when a signal ended the wait
 */
export async function useHold(
  context: CommandContext,
  hold: Hold,
  work: HeldWork,
): Promise<number> {
  const { world } = context
  if (work.command.length === 0) return keep(context, hold, work.title)
  const end = await runWhileHeld(work.command, hold, {
    environment: { ...world.environment, ...work.environment },
    graceMs: work.graceMs,
    clock: world.clock,
    interrupts: world.interrupts,
  })
  return exitCodeOf(end, work)
}

/** @throws CommandFailure when the command did not start, or its hold was lost */
export function exitCodeOf(
  end: HeldEnd,
  { title, command }: Omit<HeldWork, 'environment' | 'graceMs'>,
): number {
  switch (end.kind) {
    case 'exited':
      return end.code
    case 'signalled':
      return exitCodeOfSignal(end.signal)
    case 'not-started':
      throw new CommandFailure(EXIT_CANNOT_RUN, `${command[0]} cannot be run: ${end.message}`)
    case 'lost':
    default:
      throw lost(title, end.reason, 'the command has been stopped')
  }
}

/** Waits until a signal ends the command, or the hold is lost. Throws in both cases. */
async function keep(context: CommandContext, hold: Hold, title: string): Promise<never> {
  const either = AbortSignal.any([context.signal, hold.signal])
  await new Promise<void>((resolve) => {
    if (either.aborted) resolve()
    else either.addEventListener('abort', () => resolve(), { once: true })
  })
  context.signal.throwIfAborted()
  throw lost(title, hold.signal.reason, 'somebody else may have it now')
}

function lost(title: string, reason: unknown, consequence: string): CommandFailure {
  const why = reason instanceof Error ? reason.message : String(reason)
  return new CommandFailure(EXIT_LOST, `${title} was lost, ${consequence}: ${why}`)
}
