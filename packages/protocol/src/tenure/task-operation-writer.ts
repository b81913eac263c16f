/** What a session asks of the session log, as bytes. */
import type { WireWriter } from '../wire-writer.ts'
import { writeTaskId } from './task-id-codec.ts'
import type { TaskOperation } from './task-operation.ts'

/** Writes what the operation holds into the message that the writer has begun. */
export function writeTaskOperation(writer: WireWriter, operation: TaskOperation): void {
  switch (operation.kind) {
    case 'append-task':
    case 'replace-task':
      writeTaskId(writer, operation.task)
      writer.u32Field(2, operation.attempt)
      writer.bytesField(3, operation.record)
      return
    case 'open-task':
      writer.u32Field(1, operation.theme)
      writer.optionalBytesField(2, operation.record)
      return
    case 'delete-task':
      writeTaskId(writer, operation.task)
      writer.u32Field(2, operation.attempt)
      return
    case 'store-task':
      writeTaskId(writer, operation.task)
      writer.u32Field(2, operation.attempt)
      writer.u32Field(3, operation.delaySeconds)
      writer.textField(4, operation.failure)
      return
    case 'read-task':
      writeTaskId(writer, operation.task)
      writer.u32Field(2, operation.attempt)
      writer.u32Field(3, operation.from)
      return
    case 'handle-theme':
      writer.u32Field(1, operation.theme)
      writer.u32Field(2, operation.concurrency)
      return
    case 'stop-handling':
      writer.u64Field(1, operation.target)
      return
    case 'take-task':
      writeTaskId(writer, operation.task)
      return
  }
}
