/** Reads what an answer says: of semaphores and in general here, of records, of the session log and for operators in files beside. */
import { readSemaphore } from '../session/response-reader.ts'
import type { SemaphoreMessage } from '../session/response.ts'
import { BYTES, VARINT, type WireReader } from '../wire-reader.ts'
import { codeOf } from './code.ts'
import { REPLY_FIELD } from './field.ts'
import { readNothing, readOnlyFlag, readOnlyU64 } from './field-reader.ts'
import { readOperatorReply } from './operator-reply-reader.ts'
import { readFound, readRecord } from './record-codec.ts'
import { readRecordReply } from './record-reply-reader.ts'
import type { RecordMessage, Reply } from './server-message.ts'
import { readTaskHandedOut, readTaskOpened } from './task-reply-reader.ts'

/**
 * Reads the reply at which the reader stands.
 *
 * @param before what the answer has held so far; stays when the field is no reply that is known
 * @returns null when it is not understood
 */
export function readReply(reader: WireReader, before: Reply | null): Reply | null {
  switch (reader.field) {
    case REPLY_FIELD.acquired:
      return { kind: 'acquired', token: readOnlyU64(reader, 1) }
    case REPLY_FIELD.released:
      return { kind: 'released', released: readOnlyFlag(reader, 1) }
    case REPLY_FIELD['record-written']:
      return { kind: 'record-written', version: readOnlyU64(reader, 1) }
    case REPLY_FIELD['record-read']:
      return { kind: 'record-read', record: readFound(reader) }
    case REPLY_FIELD['record-deleted']:
      return { kind: 'record-deleted', version: readOnlyU64(reader, 1) }
    case REPLY_FIELD.done:
      readNothing(reader)
      return { kind: 'done' }
    case REPLY_FIELD.refused:
      return readRefused(reader)
    case REPLY_FIELD['not-acquired']:
      readNothing(reader)
      return { kind: 'not-acquired' }
    case REPLY_FIELD.pending:
      return { kind: 'pending', orderId: readOnlyU64(reader, 1) }
    case REPLY_FIELD['task-opened']:
      return readTaskOpened(reader)
    case REPLY_FIELD['task-handed-out']:
      return readTaskHandedOut(reader)
    default:
      return readLongReply(reader, before)
  }
}

function readLongReply(reader: WireReader, before: Reply | null): Reply | null {
  switch (reader.field) {
    case REPLY_FIELD.described:
      return readDescribed(reader)
    case REPLY_FIELD.changed:
      return readChanged(reader)
    case REPLY_FIELD['records-listed']:
    case REPLY_FIELD['records-changed']:
    case REPLY_FIELD.transacted:
    case REPLY_FIELD['lease-granted']:
    case REPLY_FIELD['lease-described']:
      return readRecordReply(reader)
    default:
      return readOperatorReply(reader, before)
  }
}

function readRefused(reader: WireReader): Reply {
  const outerEnd = reader.enter()
  let code = 0
  let message = ''
  let record: RecordMessage | undefined
  while (reader.nextField()) {
    const { field, wireType } = reader
    if (wireType === VARINT && field === 1) code = reader.u32()
    else if (wireType === BYTES && field === 2) message = reader.text()
    else if (wireType === BYTES && field === 3) record = readRecord(reader)
    else reader.skip()
  }
  reader.leave(outerEnd)
  if (record === undefined) return { kind: 'refused', code: codeOf(code), message }
  return { kind: 'refused', code: codeOf(code), message, record }
}

function readDescribed(reader: WireReader): Reply {
  const outerEnd = reader.enter()
  let description: SemaphoreMessage | null = null
  let watchAdded = false
  while (reader.nextField()) {
    const { field, wireType } = reader
    if (wireType === BYTES && field === 1) description = readSemaphore(reader)
    else if (wireType === VARINT && field === 2) watchAdded = reader.bool()
    else reader.skip()
  }
  reader.leave(outerEnd)
  return { kind: 'described', description, watchAdded }
}

function readChanged(reader: WireReader): Reply {
  const outerEnd = reader.enter()
  let data = false
  let owners = false
  while (reader.nextField()) {
    if (reader.wireType !== VARINT) reader.skip()
    else if (reader.field === 1) data = reader.bool()
    else if (reader.field === 2) owners = reader.bool()
    else reader.skip()
  }
  reader.leave(outerEnd)
  return { kind: 'changed', data, owners }
}
