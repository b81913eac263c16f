/**
 * A cut of a store in a directory, whoever has that open.
 *
 * When a process has it, that one makes the cut and lets it be read (cut-door.ts says why the file itself is not opened here). Else its pages are
 * checked here as at any opening. For that nobody may write, so this process is the holder until it has its moment, and lets go then: a
 * server can start while the cut is read. What is kept of the moment nobody writes over, so that even a large file can be checked while it is read.
 */
import { existsSync, realpathSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { Cut } from '../engine.ts'
import { EngineError, HeldError } from '../errors.ts'
import { damaged, failureOf } from './failure.ts'
import { FileCut } from './file-cut.ts'
import { openFileEngine } from './file-engine.ts'
import { readHeader } from './header.ts'
import { HolderLock } from './holder-lock.ts'
import { DEFAULT_INSPECTION_LIMITS, Inspection } from './inspection.ts'
import type { InspectionLimits } from './inspection.ts'
import { hasJournal } from './journal/leftover.ts'
import * as layout from './layout.ts'
import { checkMarker } from './marker.ts'
import type { Moment } from './moment.ts'
import { DATA_FILE, openDatabase } from './open-database.ts'
import type { Database } from './open-database.ts'
import { Snapshot } from './snapshot.ts'
import { HolderGoneError, VisitedMoment } from './visited-moment.ts'

/** A holder that is just starting or ending makes no cut; a moment later it does, or is gone. */
const TRIES_MAX = 50
const PAUSE_MS = 100

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
  for (let tries = 1; tries < TRIES_MAX; tries += 1) {
    const cut = (await cutByThis(place, inspected)) ?? (await cutByHolder(place))
    if (cut !== null) return cut
    await pause(PAUSE_MS)
  }
  throw new EngineError(
    `the process that has the store ${place} open makes no cut of it: it is one of another release, or always starting anew`,
  )
}

/** @throws EngineError when there is no store in the directory */
export function assertFileStore(directory: string): void {
  if (existsSync(join(directory, DATA_FILE))) return
  throw new EngineError(`there is no store in ${directory}`)
}

/** Null when another process has the store. */
async function cutByThis(place: string, inspected: InspectionLimits): Promise<Cut | null> {
  const lock = await holding(place)
  if (lock === null) return null
  if (hasJournal(place)) {
    await lock.release()
    await recover(place, inspected)
    return null
  }
  try {
    checkMarker(place, DATA_FILE)
    return await cutOfFile(place, await Inspection.begin(place, DATA_FILE, inspected))
  } catch (error) {
    throw await failureOf(place, error)
  } finally {
    await lock.release()
  }
}

/** The last process that had the store was killed: what its journal says has to be moved to LMDB, as at any opening. */
async function recover(place: string, inspected: InspectionLimits): Promise<void> {
  try {
    const engine = await openFileEngine(place, { inspected })
    await engine.close()
  } catch (error) {
    // Whoever has it now does the same.
    if (!(error instanceof HeldError)) throw error
  }
}

/** Null when no process has the store, or the one that has it makes no cut now. */
async function cutByHolder(place: string): Promise<Cut | null> {
  const socket = await HolderLock.visit(place)
  if (socket === null) return null
  const moment = new VisitedMoment(place, socket)
  try {
    await checkFormat(place, moment)
    return new FileCut(moment, place, () => undefined)
  } catch (error) {
    moment.done()
    if (error instanceof HolderGoneError) return null
    throw error
  }
}

async function holding(place: string): Promise<HolderLock | null> {
  if (HolderLock.isHere(place)) throw new HeldError(`the store ${place} is open in this process`)
  try {
    return await HolderLock.take(place, '')
  } catch (error) {
    if (error instanceof HeldError) return null
    throw error
  }
}

async function cutOfFile(place: string, inspection: Inspection): Promise<Cut> {
  let database: Database | null = null
  try {
    database = openDatabase(place, { isLarge: inspection.isPending, isReadOnly: true })
    const opened = database
    const snapshot = new Snapshot({ database, place, inspection })
    await checkFormat(place, snapshot)
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

async function checkFormat(place: string, moment: Moment): Promise<void> {
  const { HEADER_KEY, nextKey } = layout
  for await (const [, header] of moment.rows(HEADER_KEY, nextKey(HEADER_KEY))) {
    return void readHeader(place, header)
  }
  throw damaged(place, 'its header is missing')
}
