/** LMDB with the settings by which what it says is on disk is on disk. */
import { join } from 'node:path'
import { open } from 'lmdb'
import type { RootDatabase } from 'lmdb'

export type Database = RootDatabase<Buffer, Uint8Array>

export const DATA_FILE = 'data.mdb'

/**
 * How many free pages, or runs of them, LMDB looks through for a place. What it takes into its list it sorts in one by one, so with its own
 * bounds each large value costs a second when some hundred megabytes are free. What is not found is added at the end of the file; what
 * was freed lately is looked at first.
 */
const FREE_PAGES = { maxFreeSpaceToLoad: 3_000, maxFreeSpaceToRetain: 6_000 }

/** A large file may not fit into memory; what the system reads ahead there drives out what is needed. */
const NO_READ_AHEAD = { noReadAhead: true }

export function openDatabase(
  place: string,
  { isLarge, isReadOnly }: { readonly isLarge: boolean; readonly isReadOnly: boolean },
): Database {
  return open<Buffer, Uint8Array>(join(place, DATA_FILE), {
    keyEncoding: 'binary',
    encoding: 'binary',
    cache: false,
    compression: false,
    readOnly: isReadOnly,
    // Without this the promise of a transaction resolves before its pages are synced.
    overlappingSync: false,
    // With it LMDB makes promises of its own that nobody handles: a full disk would end the process.
    eventTurnBatching: false,
    ...FREE_PAGES,
    ...(isLarge ? NO_READ_AHEAD : {}),
  })
}
