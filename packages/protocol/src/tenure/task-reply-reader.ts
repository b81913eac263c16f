/** Reads what an answer says of a node's session log. */
import { BYTES, VARINT, type WireReader } from '../wire-reader.ts'
import { REPLY_FIELD } from './field.ts'
import { NO_BYTES } from './field-reader.ts'
import type { Reply } from './server-message.ts'
import { isTaskId, NO_TASK, readOnlyTaskId, readTaskId } from './task-id-codec.ts'
import type { TaskHandedOutReply, TaskViewMessage, ThemeViewMessage } from './task-reply.ts'
import { readTaskView } from './task-view-codec.ts'
import { readThemeView } from './theme-codec.ts'

/** Reads the reply at which the reader stands. */
export function readTaskOpened(reader: WireReader): Reply {
  return { kind: 'task-opened', task: readOnlyTaskId(reader) }
}

/** Reads the reply at which the reader stands. */
export function readTaskHandedOut(reader: WireReader): TaskHandedOutReply {
  const outerEnd = reader.enter()
  const records: Uint8Array[] = []
  let task = NO_TASK
  let theme = 0
  let attempt = 0
  let repeats = 0
  let more = false
  while (reader.nextField()) {
    const { field, wireType } = reader
    if (isTaskId(reader)) task = readTaskId(reader)
    else if (wireType === BYTES && field === 5) records.push(reader.bytes())
    else if (wireType !== VARINT) reader.skip()
    else if (field === 2) theme = reader.u32()
    else if (field === 3) attempt = reader.u32()
    else if (field === 4) repeats = reader.u32()
    else if (field === 6) more = reader.bool()
    else reader.skip()
  }
  reader.leave(outerEnd)
  return { kind: 'task-handed-out', task, theme, attempt, repeats, records, more }
}

/** As `readReply`. */
export function readTaskReply(reader: WireReader, before: Reply | null): Reply | null {
  switch (reader.field) {
    case REPLY_FIELD['task-records']:
      return readTaskRecords(reader)
    case REPLY_FIELD['themes-listed']:
      return readThemesListed(reader)
    case REPLY_FIELD['tasks-listed']:
      return readTasksListed(reader)
    case REPLY_FIELD['task-shown']:
      return readTaskShown(reader)
    default:
      reader.skip()
      return before
  }
}

function readTaskRecords(reader: WireReader): Reply {
  const outerEnd = reader.enter()
  const records: Uint8Array[] = []
  let more = false
  while (reader.nextField()) {
    const { field, wireType } = reader
    if (wireType === BYTES && field === 1) records.push(reader.bytes())
    else if (wireType === VARINT && field === 2) more = reader.bool()
    else reader.skip()
  }
  reader.leave(outerEnd)
  return { kind: 'task-records', records, more }
}

function readThemesListed(reader: WireReader): Reply {
  const outerEnd = reader.enter()
  const themes: ThemeViewMessage[] = []
  while (reader.nextField()) {
    if (reader.field === 1 && reader.wireType === BYTES) themes.push(readThemeView(reader))
    else reader.skip()
  }
  reader.leave(outerEnd)
  return { kind: 'themes-listed', themes }
}

/** Null when one of the tasks is not understood. */
function readTasksListed(reader: WireReader): Reply | null {
  const outerEnd = reader.enter()
  const tasks: TaskViewMessage[] = []
  let isKnown = true
  let next = NO_BYTES
  while (reader.nextField()) {
    const { field, wireType } = reader
    if (wireType === BYTES && field === 1) {
      const view = readTaskView(reader)
      if (view === null) isKnown = false
      else tasks.push(view)
    } else if (wireType === BYTES && field === 2) next = reader.bytes()
    else reader.skip()
  }
  reader.leave(outerEnd)
  return isKnown ? { kind: 'tasks-listed', tasks, next } : null
}

/** Null when the task is not understood. */
function readTaskShown(reader: WireReader): Reply | null {
  const outerEnd = reader.enter()
  const records: Uint8Array[] = []
  let view: TaskViewMessage | null = null
  let more = false
  while (reader.nextField()) {
    const { field, wireType } = reader
    if (wireType === BYTES && field === 1) view = readTaskView(reader)
    else if (wireType === BYTES && field === 2) records.push(reader.bytes())
    else if (wireType === VARINT && field === 3) more = reader.bool()
    else reader.skip()
  }
  reader.leave(outerEnd)
  return view && { kind: 'task-shown', view, records, more }
}
