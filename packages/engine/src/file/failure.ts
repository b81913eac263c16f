/** What an error of LMDB or the file system means to whoever uses the store. */
import { statfsSync } from 'node:fs'
import { DamagedError, EngineError, FullError } from '../errors.ts'

const EIO = 5
const ENOSPC = 28
const EDQUOT = 122
/** As LMDB and as Node say it. */
const NO_ROOM: readonly unknown[] = [ENOSPC, EDQUOT, 'ENOSPC', 'EDQUOT']
/** Less room than this on the file system counts as none. */
const ROOM_BYTES_MIN = 64 * 1024
const DAMAGE = /MDB_(?:CORRUPTED|PAGE_NOTFOUND|INVALID|VERSION_MISMATCH|CURSOR_FULL|BAD_VALSIZE)/

export function damaged(directory: string, what: string): DamagedError {
  return new DamagedError(
    `the store ${directory} is damaged: ${what}. Nothing is served from it. ` +
      'Restore the directory from a backup; keep the damaged one, do not delete files in it',
  )
}

/** The error of the engine that says what is known after `error`. */
export async function failureOf(directory: string, error: unknown): Promise<EngineError> {
  const cause = await originOf(error)
  if (cause instanceof EngineError) return cause
  const message = cause instanceof Error ? cause.message : String(cause)
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
  // LMDB tells a write cut short by a full disk as EIO.
  if (NO_ROOM.includes(code) || (code === EIO && !hasRoom(directory))) {
    return new FullError(`the store ${directory} has no room left; nothing was written`, { cause })
  }
  if (DAMAGE.test(message)) return damaged(directory, message)
  return new EngineError(`the store ${directory} failed: ${message}`, { cause })
}

/** LMDB rejects the writes of a failed transaction with an error that holds the promise of the true one. */
async function originOf(error: unknown): Promise<unknown> {
  if (!(error instanceof Error) || !('commitError' in error)) return error
  try {
    await error.commitError
    return error
  } catch (origin) {
    return origin
  }
}

function hasRoom(directory: string): boolean {
  try {
    const { bavail, bsize } = statfsSync(directory)
    return bavail * bsize >= ROOM_BYTES_MIN
  } catch {
    return true
  }
}
