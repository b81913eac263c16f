/** What an answer says of a node's session log, as bytes. */
import type { WireWriter } from '../wire-writer.ts'
import { writeTaskId } from './task-id-codec.ts'
import type { TaskHandedOutReply, TaskReply } from './task-reply.ts'
import { writeTaskView } from './task-view-codec.ts'
import { writeThemeView } from './theme-codec.ts'

export function writeTaskHandedOut(writer: WireWriter, reply: TaskHandedOutReply): void {
  writeTaskId(writer, reply.task)
  writer.u32Field(2, reply.theme)
  writer.u32Field(3, reply.attempt)
  writer.u32Field(4, reply.repeats)
  writeRecords(writer, 5, reply.records)
  writer.boolField(6, reply.more)
}

export type SeldomTaskReply = Exclude<
  TaskReply,
  { readonly kind: 'task-opened' | 'task-handed-out' }
>

/** Writes what the reply holds into the message that the writer has begun. */
export function writeTaskReply(writer: WireWriter, reply: SeldomTaskReply): void {
  switch (reply.kind) {
    case 'task-records':
      writeRecords(writer, 1, reply.records)
      writer.boolField(2, reply.more)
      return
    case 'themes-listed':
      for (const view of reply.themes) writeThemeView(writer, view)
      return
    case 'tasks-listed':
      for (const view of reply.tasks) writeTaskView(writer, view)
      writer.bytesField(2, reply.next)
      return
    case 'task-shown':
      writeTaskView(writer, reply.view)
      writeRecords(writer, 2, reply.records)
      writer.boolField(3, reply.more)
      return
  }
}

/** Each is written, also an empty one: their number counts. */
function writeRecords(writer: WireWriter, field: number, records: readonly Uint8Array[]): void {
  for (const record of records) writer.optionalBytesField(field, record)
}
