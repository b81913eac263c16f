/**
 * A cut of a store in a directory, whoever has that open: another process may go on with it all the while.
 *
 * LMDB lets any process read at one moment beside the one that writes. That the pages can be trusted is seen to by the holder; when there is none,
 * they are checked here. For that nobody may write, so this process is the holder until it has its moment, and lets go then. What
 * is kept of that moment nobody writes over, so that even a large file can be checked while it is read.
 */
import { existsSync, realpathSync } from 'node:fs'
import { join } from 'node:path'
import type { Cut } from '../engine.ts'
import { EngineError, HeldError } from '../errors.ts'
import { damaged, failureOf } from './failure.ts'
import { FileCut } from './file-cut.ts'
import { checkHeader } from './header.ts'
import { HolderLock } from './holder-lock.ts'
import { DEFAULT_INSPECTION_LIMITS, Inspection } from './inspection.ts'
import type { InspectionLimits } from './inspection.ts'
import * as layout from './layout.ts'
import { checkMarker } from './marker.ts'
import { DATA_FILE, openDatabase } from './open-database.ts'
import type { Database } from './open-database.ts'
import { Snapshot } from './snapshot.ts'

/**
 * @param directory with a store that no engine of this process has open: those make cuts of their own
 * @throws DamagedError when it fails its checks; EngineError when there is no store, or it cannot be read; HeldError when this process has it open
 */
export async function openFileCut(
  directory: string,
  inspected: InspectionLimits = DEFAULT_INSPECTION_LIMITS,
): Promise<Cut> {
  assertFileStore(directory)
  const place = realpathSync(directory)
  const lock = await holding(place)
  try {
    if (lock !== null) checkMarker(place, DATA_FILE)
    const inspection =
      lock === null
        ? Inspection.byHolder(place, DATA_FILE)
        : await Inspection.begin(place, DATA_FILE, inspected)
    return await cutOf(place, inspection)
  } catch (error) {
    throw await failureOf(place, error)
  } finally {
    await lock?.release()
  }
}

/** @throws EngineError when there is no store in the directory */
export function assertFileStore(directory: string): void {
  if (existsSync(join(directory, DATA_FILE))) return
  throw new EngineError(`there is no store in ${directory}`)
}

/** Null when another process has the store. */
async function holding(place: string): Promise<HolderLock | null> {
  if (HolderLock.isHere(place)) throw new HeldError(`the store ${place} is open in this process`)
  try {
    return await HolderLock.take(place, '')
  } catch (error) {
    if (error instanceof HeldError) return null
    throw error
  }
}

async function cutOf(place: string, inspection: Inspection): Promise<Cut> {
  let database: Database | null = null
  try {
    database = openDatabase(place, { isLarge: inspection.isPending, isReadOnly: true })
    const opened = database
    const snapshot = new Snapshot({ database, place, inspection })
    const header = snapshot.row(layout.HEADER_KEY)
    if (header === undefined) throw damaged(place, 'its header is missing')
    checkHeader(place, header)
    return new FileCut(snapshot, place, async () => {
      await inspection.close()
      await opened.close()
    })
  } catch (error) {
    await inspection.close()
    await database?.close()
    throw error
  }
}
