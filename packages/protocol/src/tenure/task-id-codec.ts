/** Ids of tasks, as every message about a task holds them: in its field 1. */
import { BYTES, VARINT, type WireReader } from '../wire-reader.ts'
import type { WireWriter } from '../wire-writer.ts'
import type { TaskIdMessage } from './task-operation.ts'

const TASK_FIELD = 1

/** What a task's id is when it is left out. */
export const NO_TASK: TaskIdMessage = { term: 0n, index: 0n }

export function writeTaskId(writer: WireWriter, { term, index }: TaskIdMessage): void {
  const start = writer.beginMessage(TASK_FIELD)
  writer.u64Field(1, term)
  writer.u64Field(2, index)
  writer.endMessage(start)
}

/** The reader stands at a task's id. */
export function isTaskId(reader: WireReader): boolean {
  return reader.field === TASK_FIELD && reader.wireType === BYTES
}

/** Reads the id at which the reader stands. */
export function readTaskId(reader: WireReader): TaskIdMessage {
  const outerEnd = reader.enter()
  let term = 0n
  let index = 0n
  while (reader.nextField()) {
    if (reader.wireType !== VARINT) reader.skip()
    else if (reader.field === 1) term = reader.u64()
    else if (reader.field === 2) index = reader.u64()
    else reader.skip()
  }
  reader.leave(outerEnd)
  return { term, index }
}

/** Reads the message at which the reader stands, of which only the task is wanted. */
export function readOnlyTaskId(reader: WireReader): TaskIdMessage {
  const outerEnd = reader.enter()
  let task = NO_TASK
  while (reader.nextField()) {
    if (isTaskId(reader)) task = readTaskId(reader)
    else reader.skip()
  }
  reader.leave(outerEnd)
  return task
}

/** Reads the message at which the reader stands: a task, and a 32-bit number beside it. */
export function readTaskAndNumber(reader: WireReader): {
  readonly task: TaskIdMessage
  readonly number: number
} {
  const outerEnd = reader.enter()
  let task = NO_TASK
  let number = 0
  while (reader.nextField()) {
    if (isTaskId(reader)) task = readTaskId(reader)
    else if (reader.field === 2 && reader.wireType === VARINT) number = reader.u32()
    else reader.skip()
  }
  reader.leave(outerEnd)
  return { task, number }
}
