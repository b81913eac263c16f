/**
 * A small file that says: a store was made here. Without it an emptied or removed data file would look like a new store.
 */
import { closeSync, existsSync, fsyncSync, openSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { damaged } from './failure.ts'

const MARKER_FILE = 'tenure-store'
const TEXT =
  'A Tenure store lives in this directory. Its data are in data.mdb, and after a crash in journal-0 and journal-1 too; keep them together.\n'

/** @throws DamagedError when a store was made here and its data file is gone or empty */
export function checkMarker(directory: string, dataFile: string): void {
  if (!existsSync(join(directory, MARKER_FILE))) return
  const path = join(directory, dataFile)
  if (!existsSync(path)) throw damaged(directory, `${dataFile} is gone`)
  if (statSync(path).size === 0) throw damaged(directory, `${dataFile} is empty`)
}

/** Leaves the marker on disk, once the store's header is there. */
export function leaveMarker(directory: string): void {
  const path = join(directory, MARKER_FILE)
  if (existsSync(path)) return
  writeFileSync(path, TEXT, { mode: 0o600 })
  syncFile(path)
  // The names of the marker and the data file are content of the directory.
  syncFile(directory)
}

/** Waits until the file or directory at `path` is on disk. */
export function syncFile(path: string): void {
  const file = openSync(path, 'r')
  try {
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}
