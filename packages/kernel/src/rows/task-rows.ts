/** The rows of tasks: of one that somebody drives, of one that is stored or dead, and of where the latter is. */
import { writeSafeU64, writeU32 } from '../bytes.ts'
import { utf8Length, utf8Text, writeUtf8 } from '../utf8.ts'
import type { StoredPlace } from './task-keys.ts'
import { rowBytes } from './row-bytes.ts'
import { RowReader, ROW_VERSION } from './row-reader.ts'

interface TaskRow {
  readonly term: number
  readonly attempt: number
  readonly repeats: number
  /** The number of its first record. */
  readonly firstRecord: number
  /** The latest, for people. */
  readonly failure: string
}

/** Its index is the key. How many records it has is not kept: each is a row of its own, and none is written twice. */
export interface ActiveTaskRow extends TaskRow {
  readonly theme: number
  /** The node's commit number when it was opened or handed out. */
  readonly changed: number
}

/** Of a stored or dead task. */
export interface KeptTaskRow extends TaskRow {
  readonly index: number
  /** The number that its next record would have. */
  readonly nextRecord: number
  readonly recordBytes: number
}

export function encodeActiveTask(theme: number, task: Omit<ActiveTaskRow, 'theme'>): Uint8Array {
  const value = rowBytes(33 + utf8Length(task.failure))
  value[0] = ROW_VERSION
  writeSafeU64(value, 1, task.term)
  writeU32(value, 9, theme)
  writeU32(value, 13, task.attempt)
  writeU32(value, 17, task.repeats)
  writeU32(value, 21, task.firstRecord)
  writeSafeU64(value, 25, task.changed)
  writeUtf8(value, 33, task.failure)
  return value
}

export function decodeActiveTask(value: Uint8Array): ActiveTaskRow {
  const row: RowReader = new RowReader('active task', value)
  return {
    term: row.safeU64(),
    theme: row.u32(),
    attempt: row.u32(),
    repeats: row.u32(),
    firstRecord: row.u32(),
    changed: row.safeU64(),
    failure: readFailure(row),
  }
}

export function encodeKeptTask(task: KeptTaskRow): Uint8Array {
  const value = rowBytes(41 + utf8Length(task.failure))
  value[0] = ROW_VERSION
  writeSafeU64(value, 1, task.index)
  writeSafeU64(value, 9, task.term)
  writeU32(value, 17, task.attempt)
  writeU32(value, 21, task.repeats)
  writeU32(value, 25, task.firstRecord)
  writeU32(value, 29, task.nextRecord)
  writeSafeU64(value, 33, task.recordBytes)
  writeUtf8(value, 41, task.failure)
  return value
}

export function decodeKeptTask(value: Uint8Array): KeptTaskRow {
  const row: RowReader = new RowReader('kept task', value)
  const task = {
    index: row.safeU64(),
    term: row.safeU64(),
    attempt: row.u32(),
    repeats: row.u32(),
    firstRecord: row.u32(),
    nextRecord: row.u32(),
    recordBytes: row.safeU64(),
    failure: readFailure(row),
  }
  row.check(task.firstRecord <= task.nextRecord, 'records')
  return task
}

/** Where a stored or dead task is; a dead one has no due second. */
export interface TaskPlaceRow extends StoredPlace {
  readonly state: 'stored' | 'dead'
}

const DEAD = 1

export function encodeTaskPlace({ state, theme, dueSecond, number }: TaskPlaceRow): Uint8Array {
  const value = rowBytes(22)
  value[0] = ROW_VERSION
  value[1] = state === 'dead' ? DEAD : 0
  writeU32(value, 2, theme)
  writeSafeU64(value, 6, dueSecond)
  writeSafeU64(value, 14, number)
  return value
}

export function decodeTaskPlace(value: Uint8Array): TaskPlaceRow {
  const row: RowReader = new RowReader('task place', value)
  const state = row.byte() === DEAD ? 'dead' : 'stored'
  const place = {
    state,
    theme: row.u32(),
    dueSecond: row.safeU64(),
    number: row.safeU64(),
  } as const
  row.end()
  return place
}

export function encodeTaskRecord(record: Uint8Array): Uint8Array {
  const value = rowBytes(1 + record.length)
  value[0] = ROW_VERSION
  value.set(record, 1)
  return value
}

export function decodeTaskRecord(value: Uint8Array): Uint8Array {
  return new RowReader('task record', value).rest()
}

function readFailure(row: RowReader): string {
  const failure = utf8Text(row.rest())
  row.check(failure !== null, 'failure')
  return failure
}
