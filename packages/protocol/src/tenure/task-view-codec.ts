/** Tasks as an operator sees them. */
import { BYTES, VARINT, type WireReader } from '../wire-reader.ts'
import type { WireWriter } from '../wire-writer.ts'
import { isTaskId, NO_TASK, readTaskId, writeTaskId } from './task-id-codec.ts'
import type { TaskViewMessage } from './task-reply.ts'
import { taskStateNumber, taskStateOf } from './task-state.ts'

export function writeTaskView(writer: WireWriter, view: TaskViewMessage): void {
  const start = writer.beginMessage(1)
  writeTaskId(writer, view.task)
  writer.u32Field(2, view.theme)
  writer.u32Field(3, taskStateNumber(view.state))
  writer.u32Field(4, view.attempt)
  writer.u32Field(5, view.repeats)
  writer.u32Field(6, view.records)
  writer.u32Field(7, view.recordBytes)
  writer.u64Field(8, view.changed)
  writer.u64Field(9, view.dueSecond)
  writer.u64Field(10, view.operator)
  writer.textField(11, view.failure)
  writer.endMessage(start)
}

type Parts = { -readonly [K in Exclude<keyof TaskViewMessage, 'state'>]: TaskViewMessage[K] } & {
  state: number
}

/** Reads the task at which the reader stands; null when it is in a state that is not known. */
export function readTaskView(reader: WireReader): TaskViewMessage | null {
  const outerEnd = reader.enter()
  const parts: Parts = {
    task: NO_TASK,
    theme: 0,
    state: 0,
    attempt: 0,
    repeats: 0,
    records: 0,
    recordBytes: 0,
    changed: 0n,
    dueSecond: 0n,
    operator: 0n,
    failure: '',
  }
  while (reader.nextField()) {
    if (isTaskId(reader)) parts.task = readTaskId(reader)
    else if (reader.wireType === VARINT) readNumber(reader, parts)
    else if (reader.field === 11 && reader.wireType === BYTES) parts.failure = reader.text()
    else reader.skip()
  }
  reader.leave(outerEnd)
  const state = taskStateOf(parts.state)
  return state && { ...parts, state }
}

function readNumber(reader: WireReader, parts: Parts): void {
  const { field } = reader
  if (field === 2) parts.theme = reader.u32()
  else if (field === 3) parts.state = reader.u32()
  else if (field === 4) parts.attempt = reader.u32()
  else if (field === 5) parts.repeats = reader.u32()
  else if (field === 6) parts.records = reader.u32()
  else if (field === 7) parts.recordBytes = reader.u32()
  else if (field === 8) parts.changed = reader.u64()
  else if (field === 9) parts.dueSecond = reader.u64()
  else if (field === 10) parts.operator = reader.u64()
  else reader.skip()
}
