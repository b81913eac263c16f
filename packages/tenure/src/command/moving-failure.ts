/** What stands in the way of a move, by exit codes. */
import { DamagedError, EngineError, FullError, HeldError } from '@tenure/engine'
import { MovingRefused } from '@tenure/server'
import { NameTakenError } from '../moving/backup-file.ts'
import type { CommandContext } from './context.ts'
import { EXIT_DAMAGED, EXIT_DISK, EXIT_REFUSED, EXIT_UNREACHABLE } from './exit-code.ts'
import { CommandFailure } from './failure.ts'

/** Does the work, and tells why it cannot be done. */
export async function inMovingWords(
  { signal }: CommandContext,
  work: () => Promise<number>,
): Promise<number> {
  try {
    return await work()
  } catch (error) {
    signal.throwIfAborted()
    const code = codeOf(error)
    if (code === null || !(error instanceof Error)) throw error
    throw new CommandFailure(code, error.message)
  }
}

function codeOf(error: unknown): number | null {
  if (error instanceof MovingRefused || error instanceof NameTakenError) return EXIT_REFUSED
  if (error instanceof HeldError) return EXIT_REFUSED
  if (error instanceof DamagedError) return EXIT_DAMAGED
  if (error instanceof FullError) return EXIT_DISK
  if (error instanceof EngineError) return EXIT_UNREACHABLE
  // Of the file of a backup.
  if (error instanceof Error && 'syscall' in error && 'code' in error) {
    return error.code === 'ENOENT' ? EXIT_REFUSED : EXIT_DISK
  }
  return null
}
