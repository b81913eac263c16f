/** The keys of the session log's rows; `keys.ts` says where each stands among all rows. */
import { readU32, readU64, writeSafeU64, writeU32 } from '../bytes.ts'
import { invariant } from '../invariant.ts'
import {
  ACTIVE_TASK_TAG,
  DEAD_TASK_TAG,
  type KeyBounds,
  STORED_TASK_TAG,
  TASK_PLACE_TAG,
  TASK_RECORD_TAG,
  THEMES_TAG,
  TOTALS_TAG,
} from './keys.ts'
import { rowBytes } from './row-bytes.ts'

/** Present when the node has themes; `decodeThemes` reads its value. */
export const THEMES_KEY: Uint8Array = new Uint8Array([THEMES_TAG])

/** No record of a task has this number, or one above it. */
export const RECORD_NUMBERS_END = 0xffff_ffff

/** Of how many tasks a theme has that are stored or dead. */
export function totalsKey(theme: number): Uint8Array {
  return themeKey(TOTALS_TAG, theme)
}

export function readTotalsKey(key: Uint8Array): number {
  invariant(key.length === 5, 'I-8', 'totals key', key.length)
  return readU32(key, 1)
}

export function activeTaskKey(index: number): Uint8Array {
  return indexedKey(ACTIVE_TASK_TAG, index)
}

export function taskPlaceKey(index: number): Uint8Array {
  return indexedKey(TASK_PLACE_TAG, index)
}

function indexedKey(tag: number, index: number): Uint8Array {
  const key = rowBytes(9)
  key[0] = tag
  writeSafeU64(key, 1, index)
  return key
}

/** Of a task that somebody drives. */
export function readActiveTaskKey(key: Uint8Array): bigint {
  invariant(key.length === 9, 'I-8', 'task key', key.length)
  return readU64(key, 1)
}

export function taskRecordKey(index: number, number: number): Uint8Array {
  const key = rowBytes(13)
  key[0] = TASK_RECORD_TAG
  writeSafeU64(key, 1, index)
  writeU32(key, 9, number)
  return key
}

/** The keys of a task's records from this number on. */
export function taskRecordKeys(index: number, from: number): KeyBounds {
  return { start: taskRecordKey(index, from), end: taskRecordKey(index, RECORD_NUMBERS_END) }
}

export function readTaskRecordNumber(key: Uint8Array): number {
  invariant(key.length === 13, 'I-8', 'task record key', key.length)
  return readU32(key, 9)
}

export interface StoredPlace {
  readonly theme: number
  readonly dueSecond: number
  readonly number: number
}

export function storedTaskKey({ theme, dueSecond, number }: StoredPlace): Uint8Array {
  const key = rowBytes(21)
  key[0] = STORED_TASK_TAG
  writeU32(key, 1, theme)
  writeSafeU64(key, 5, dueSecond)
  writeSafeU64(key, 13, number)
  return key
}

export function readStoredTaskKey(key: Uint8Array): StoredPlace {
  invariant(key.length === 21, 'I-8', 'stored task key', key.length)
  return {
    theme: readU32(key, 1),
    dueSecond: Number(readU64(key, 5)),
    number: Number(readU64(key, 13)),
  }
}

export function deadTaskKey({ theme, number }: Omit<StoredPlace, 'dueSecond'>): Uint8Array {
  const key = rowBytes(13)
  key[0] = DEAD_TASK_TAG
  writeU32(key, 1, theme)
  writeSafeU64(key, 5, number)
  return key
}

export function readDeadTaskKey(key: Uint8Array): Omit<StoredPlace, 'dueSecond'> {
  invariant(key.length === 13, 'I-8', 'dead task key', key.length)
  return { theme: readU32(key, 1), number: Number(readU64(key, 5)) }
}

/** The keys of all rows with this tag, of one theme or of all. */
export function taskKeys(tag: number, theme: number | null): KeyBounds {
  if (theme === null) return { start: new Uint8Array([tag]), end: new Uint8Array([tag + 1]) }
  return {
    start: themeKey(tag, theme),
    end: theme === 0xffff_ffff ? new Uint8Array([tag + 1]) : themeKey(tag, theme + 1),
  }
}

function themeKey(tag: number, theme: number): Uint8Array {
  const key = new Uint8Array(5)
  key[0] = tag
  writeU32(key, 1, theme)
  return key
}

/** The range of one key alone. */
export function onlyKey(key: Uint8Array): KeyBounds {
  const end = new Uint8Array(key.length + 1)
  end.set(key)
  return { start: key, end }
}
