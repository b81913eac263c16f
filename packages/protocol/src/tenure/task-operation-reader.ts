/** Reads what a session asks of the session log. */
import { BYTES, VARINT, type WireReader } from '../wire-reader.ts'
import { OPERATION_FIELD } from './field.ts'
import { NO_BYTES, readOnlyU64 } from './field-reader.ts'
import type { SessionOperation } from './operation.ts'
import {
  isTaskId,
  NO_TASK,
  readOnlyTaskId,
  readTaskAndNumber,
  readTaskId,
} from './task-id-codec.ts'
import type {
  AppendTaskOperation,
  HandleThemeOperation,
  OpenTaskOperation,
  ReadTaskOperation,
  ReplaceTaskOperation,
  StoreTaskOperation,
  TaskOperation,
} from './task-operation.ts'

/** Reads the operation at which the reader stands, one of the five that every task goes through. */
export function readTaskOperation(reader: WireReader): TaskOperation {
  switch (reader.field) {
    case OPERATION_FIELD['append-task']:
      return readRecordWrite(reader, 'append-task')
    case OPERATION_FIELD['replace-task']:
      return readRecordWrite(reader, 'replace-task')
    case OPERATION_FIELD['open-task']:
      return readOpen(reader)
    case OPERATION_FIELD['store-task']:
      return readStore(reader)
    default: {
      const { task, number } = readTaskAndNumber(reader)
      return { kind: 'delete-task', task, attempt: number }
    }
  }
}

/** As `readOperation`. */
export function readSeldomTaskOperation(
  reader: WireReader,
  before: SessionOperation | null,
): SessionOperation | null {
  switch (reader.field) {
    case OPERATION_FIELD['read-task']:
      return readRead(reader)
    case OPERATION_FIELD['handle-theme']:
      return readHandle(reader)
    case OPERATION_FIELD['stop-handling']:
      return { kind: 'stop-handling', target: readOnlyU64(reader, 1) }
    case OPERATION_FIELD['take-task']:
      return { kind: 'take-task', task: readOnlyTaskId(reader) }
    default:
      reader.skip()
      return before
  }
}

function readRecordWrite(
  reader: WireReader,
  kind: 'append-task' | 'replace-task',
): AppendTaskOperation | ReplaceTaskOperation {
  const outerEnd = reader.enter()
  let task = NO_TASK
  let attempt = 0
  let record = NO_BYTES
  while (reader.nextField()) {
    const { field, wireType } = reader
    if (isTaskId(reader)) task = readTaskId(reader)
    else if (wireType === VARINT && field === 2) attempt = reader.u32()
    else if (wireType === BYTES && field === 3) record = reader.bytes()
    else reader.skip()
  }
  reader.leave(outerEnd)
  return { kind, task, attempt, record }
}

function readOpen(reader: WireReader): OpenTaskOperation {
  const outerEnd = reader.enter()
  let theme = 0
  let record: Uint8Array | null = null
  while (reader.nextField()) {
    const { field, wireType } = reader
    if (wireType === VARINT && field === 1) theme = reader.u32()
    else if (wireType === BYTES && field === 2) record = reader.bytes()
    else reader.skip()
  }
  reader.leave(outerEnd)
  return { kind: 'open-task', theme, record }
}

function readStore(reader: WireReader): StoreTaskOperation {
  const outerEnd = reader.enter()
  let task = NO_TASK
  let attempt = 0
  let delaySeconds = 0
  let failure = ''
  while (reader.nextField()) {
    const { field, wireType } = reader
    if (isTaskId(reader)) task = readTaskId(reader)
    else if (wireType === BYTES && field === 4) failure = reader.text()
    else if (wireType !== VARINT) reader.skip()
    else if (field === 2) attempt = reader.u32()
    else if (field === 3) delaySeconds = reader.u32()
    else reader.skip()
  }
  reader.leave(outerEnd)
  return { kind: 'store-task', task, attempt, delaySeconds, failure }
}

function readRead(reader: WireReader): ReadTaskOperation {
  const outerEnd = reader.enter()
  let task = NO_TASK
  let attempt = 0
  let from = 0
  while (reader.nextField()) {
    const { field, wireType } = reader
    if (isTaskId(reader)) task = readTaskId(reader)
    else if (wireType !== VARINT) reader.skip()
    else if (field === 2) attempt = reader.u32()
    else if (field === 3) from = reader.u32()
    else reader.skip()
  }
  reader.leave(outerEnd)
  return { kind: 'read-task', task, attempt, from }
}

function readHandle(reader: WireReader): HandleThemeOperation {
  const outerEnd = reader.enter()
  let theme = 0
  let concurrency = 0
  while (reader.nextField()) {
    if (reader.wireType !== VARINT) reader.skip()
    else if (reader.field === 1) theme = reader.u32()
    else if (reader.field === 2) concurrency = reader.u32()
    else reader.skip()
  }
  reader.leave(outerEnd)
  return { kind: 'handle-theme', theme, concurrency }
}
