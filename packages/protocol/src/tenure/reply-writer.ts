/** What an answer says, as bytes. */
import { writeSemaphore } from '../session/response.ts'
import type { WireWriter } from '../wire-writer.ts'
import { codeNumber } from './code.ts'
import { REPLY_FIELD } from './field.ts'
import { writeNode } from './node-codec.ts'
import { writeFound, writeRecord, writeRecordChange } from './record-codec.ts'
import type { Reply } from './server-message.ts'
import { writeSession } from './session-codec.ts'
import { writeTaskId } from './task-id-codec.ts'
import { type SeldomTaskReply, writeTaskHandedOut, writeTaskReply } from './task-reply-writer.ts'

export function writeReply(writer: WireWriter, reply: Reply): void {
  const start = writer.beginMessage(REPLY_FIELD[reply.kind])
  // oxlint-disable-next-line typescript/switch-exhaustiveness-check -- the type of the last call demands the rest
  switch (reply.kind) {
    case 'acquired':
      writer.u64Field(1, reply.token)
      break
    case 'released':
      writer.boolField(1, reply.released)
      break
    case 'record-written':
    case 'record-deleted':
      writer.u64Field(1, reply.version)
      break
    case 'record-read':
      if (reply.record !== null) writeRecord(writer, 1, reply.record)
      break
    case 'done':
    case 'not-acquired':
      break
    case 'refused':
      writer.u32Field(1, codeNumber(reply.code))
      writer.textField(2, reply.message)
      if (reply.record !== undefined) writeRecord(writer, 3, reply.record)
      break
    case 'pending':
      writer.u64Field(1, reply.orderId)
      break
    case 'task-opened':
      writeTaskId(writer, reply.task)
      break
    case 'task-handed-out':
      writeTaskHandedOut(writer, reply)
      break
    default:
      writeLongReply(writer, reply)
  }
  writer.endMessage(start)
}

type Named<K extends Reply['kind']> = Extract<Reply, { readonly kind: K }>
type RecordReply = Named<
  'records-listed' | 'records-changed' | 'transacted' | 'lease-granted' | 'lease-described'
>
type LongReply =
  | RecordReply
  | Named<'described' | 'changed' | 'node-described' | 'nodes-listed' | 'token-checked'>
  | Named<'sessions-listed' | 'semaphore-explained'>
  | SeldomTaskReply

function writeLongReply(writer: WireWriter, reply: LongReply): void {
  // oxlint-disable-next-line typescript/switch-exhaustiveness-check -- the type of the last call demands the rest
  switch (reply.kind) {
    case 'described':
      if (reply.description !== null) writeSemaphore(writer, 1, reply.description)
      writer.boolField(2, reply.watchAdded)
      return
    case 'changed':
      writer.boolField(1, reply.data)
      writer.boolField(2, reply.owners)
      return
    case 'node-described':
      writeNode(writer, reply.node)
      return
    case 'nodes-listed':
      for (const node of reply.nodes) writeNode(writer, node)
      return
    case 'token-checked':
      writer.boolField(1, reply.isNewest)
      return
    case 'sessions-listed':
      for (const session of reply.sessions) writeSession(writer, 1, session)
      writer.boolField(2, reply.more)
      return
    case 'semaphore-explained':
      writeSemaphore(writer, 1, reply.description)
      for (const session of reply.sessions) writeSession(writer, 2, session)
      return
    default:
      writeOtherReply(writer, reply)
  }
}

function writeOtherReply(writer: WireWriter, reply: RecordReply | SeldomTaskReply): void {
  // oxlint-disable-next-line typescript/switch-exhaustiveness-check -- the type of the last call demands the rest
  switch (reply.kind) {
    case 'records-listed':
      for (const record of reply.records) writeRecord(writer, 1, record)
      writer.u64Field(2, reply.version)
      writer.boolField(3, reply.more)
      return
    case 'records-changed':
      for (const change of reply.changes) writeRecordChange(writer, 1, change)
      writer.u64Field(2, reply.version)
      writer.boolField(3, reply.reset)
      return
    case 'transacted':
      writer.boolField(1, reply.succeeded)
      writer.u64Field(2, reply.version)
      for (const record of reply.records) writeFound(writer, 3, record)
      return
    case 'lease-granted':
      writer.u64Field(1, reply.lease)
      writer.u64Field(2, reply.ttlMs)
      return
    case 'lease-described':
      writer.u64Field(1, reply.lease)
      writer.u64Field(2, reply.ttlMs)
      writer.u64Field(3, reply.remainingMs)
      writer.boolField(4, reply.isKept)
      writer.u32Field(5, reply.records)
      return
    default:
      writeTaskReply(writer, reply)
  }
}
