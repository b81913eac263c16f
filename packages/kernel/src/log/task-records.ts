/** The records of tasks, which are in no memory: written once, read for a hand-out or for a look. */
import { invariant } from '../invariant.ts'
import type { Limits } from '../limits.ts'
import type { Found, Reading } from '../reading.ts'
import type { KeyBounds } from '../rows/keys.ts'
import {
  readTaskRecordNumber,
  RECORD_NUMBERS_END,
  taskRecordKey,
  taskRecordKeys,
} from '../rows/task-keys.ts'
import { decodeTaskRecord, encodeTaskRecord } from '../rows/task-rows.ts'
import type { Turn } from '../step.ts'

/** So many are deleted one by one; a range costs more than that. */
const SINGLE_DELETES_MAX = 8

/** A record's row has so many besides: its key, and the version before the record. */
const BYTES_BESIDE_RECORD = 14

interface RecordsOf {
  readonly index: number
  readonly firstRecord: number
  readonly nextRecord: number
}

/** An event that tells of records. */
interface Page {
  records: readonly Uint8Array[]
  more: boolean
}

export function putRecord(turn: Turn, task: RecordsOf, record: Uint8Array): void {
  turn.put(taskRecordKey(task.index, task.nextRecord), encodeTaskRecord(record))
}

export function deleteRecords(turn: Turn, { index, firstRecord, nextRecord }: RecordsOf): void {
  if (nextRecord - firstRecord > SINGLE_DELETES_MAX) {
    turn.deleteRange(taskRecordKey(index, firstRecord), taskRecordKey(index, nextRecord))
    return
  }
  for (let number = firstRecord; number < nextRecord; number += 1) {
    turn.delete(taskRecordKey(index, number))
  }
}

/** Has a page of records read into an event, behind the first `from` ones. */
export function readRecords(
  { turn, limits }: { readonly turn: Turn; readonly limits: Limits },
  page: Page,
  task: RecordsOf & { readonly recordBytes: number; readonly isCounted?: boolean },
  from = 0,
): void {
  const { index, firstRecord, isCounted = true } = task
  const nextRecord = isCounted ? task.nextRecord : RECORD_NUMBERS_END
  const first = firstRecord + from
  if (first >= nextRecord) return
  // No more than there is: for as many bytes room is kept until all has been read.
  const rowBytes = task.recordBytes + (nextRecord - first) * BYTES_BESIDE_RECORD
  const bytesMax = Math.min(limits.taskPageBytesMax, rowBytes)
  turn.read(new RecordsReading(page, { index, first, nextRecord, bytesMax }, limits))
}

export class RecordsReading implements Reading {
  readonly range: KeyBounds
  readonly entriesMax: number
  readonly bytesMax: number
  readonly #page: Page
  readonly #first: number
  readonly #end: number

  constructor(
    page: Page,
    {
      index,
      first,
      nextRecord,
      bytesMax,
    }: { index: number; first: number; nextRecord: number; bytesMax: number },
    limits: Limits,
  ) {
    this.#page = page
    this.#first = first
    this.#end = nextRecord
    this.range = { start: taskRecordKey(index, first), end: taskRecordKey(index, nextRecord) }
    this.entriesMax = limits.taskPageRecordsMax
    this.bytesMax = bytesMax
  }

  supply({ entries, isWhole }: Found): void {
    let number = this.#first
    const records = entries.map(([key, value]) => {
      invariant(readTaskRecordNumber(key) === number, 'I-18', 'record', number)
      number += 1
      return decodeTaskRecord(value)
    })
    const isComplete = number === this.#end || this.#end === RECORD_NUMBERS_END
    invariant(!isWhole || isComplete, 'I-18', 'records', number, this.#end)
    this.#page.records = records
    this.#page.more = !isWhole
  }
}

/** Finds out how many records a task has, from `nextRecord` on: after a restart nobody knows. */
export class CountReading<
  Counted extends { nextRecord: number; recordBytes: number },
> implements Reading {
  readonly task: Counted & { readonly index: number }
  readonly range: KeyBounds
  readonly entriesMax: number
  readonly bytesMax: number

  constructor(task: Counted & { readonly index: number }, limits: Limits) {
    this.task = task
    this.range = taskRecordKeys(task.index, task.nextRecord)
    this.entriesMax = limits.taskPageRecordsMax
    this.bytesMax = limits.taskPageBytesMax
  }

  supply({ entries }: Found): void {
    for (const [key, value] of entries) {
      invariant(readTaskRecordNumber(key) === this.task.nextRecord, 'I-18', this.task.index)
      this.task.nextRecord += 1
      this.task.recordBytes += decodeTaskRecord(value).length
    }
  }
}
