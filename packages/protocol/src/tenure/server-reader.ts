/** Reads what a server says. A field that is given twice counts as it was given last: no writer gives one twice. */
import { readSemaphore } from '../session/response-reader.ts'
import type { SemaphoreMessage } from '../session/response.ts'
import { BYTES, VARINT, WireReader } from '../wire-reader.ts'
import { endCodeOf } from './code.ts'
import { NOTICE_FIELD, SERVER_FIELD } from './field.ts'
import { readFrame } from './frame-reader.ts'
import { checkedId, NO_ID, readOnlyNumber, readOnlyU64 } from './field-reader.ts'
import { readReply } from './reply-reader.ts'
import type {
  Notice,
  Reply,
  ServerHello,
  ServerMessage,
  SessionAttached,
  SessionElsewhere,
  SessionEnded,
  UnknownServerMessage,
  WatchShown,
} from './server-message.ts'

const UNKNOWN: UnknownServerMessage = { kind: 'unknown' }

/** @throws WireError when anything in the frame is malformed, an id is none or a text is not valid UTF-8 */
export function decodeServerFrame(bytes: Uint8Array): ServerMessage[] {
  return readFrame<ServerMessage>(bytes, readMember, UNKNOWN)
}

function readMember(reader: WireReader, before: ServerMessage): ServerMessage {
  switch (reader.field) {
    case SERVER_FIELD.answer:
      return readAnswer(reader)
    case SERVER_FIELD.hello:
      return readHello(reader)
    case SERVER_FIELD.pong:
      return { kind: 'pong', id: checkedId(readOnlyNumber(reader, 1)) }
    case SERVER_FIELD.attached:
      return readAttached(reader)
    case SERVER_FIELD.ended:
      return readEnded(reader)
    case SERVER_FIELD.elsewhere:
      return readElsewhere(reader)
    case SERVER_FIELD.notice:
      return readSessionNotice(reader)
    case SERVER_FIELD.shown:
      return readShown(reader)
    default:
      reader.skip()
      return before
  }
}

function readAnswer(reader: WireReader): ServerMessage {
  const outerEnd = reader.enter()
  let id = NO_ID
  let reply: Reply | null = null
  while (reader.nextField()) {
    if (reader.wireType === BYTES) reply = readReply(reader, reply)
    else if (reader.wireType === VARINT && reader.field === 1) id = reader.number()
    else reader.skip()
  }
  reader.leave(outerEnd)
  checkedId(id)
  return reply === null ? UNKNOWN : { kind: 'answer', id, reply }
}

function readHello(reader: WireReader): ServerHello {
  const outerEnd = reader.enter()
  let version = 0
  let agent = ''
  let server = ''
  const capabilities: string[] = []
  while (reader.nextField()) {
    const { field, wireType } = reader
    if (wireType === VARINT && field === 1) version = reader.u32()
    else if (wireType !== BYTES) reader.skip()
    else if (field === 2) capabilities.push(reader.text())
    else if (field === 3) agent = reader.text()
    else if (field === 4) server = reader.text()
    else reader.skip()
  }
  reader.leave(outerEnd)
  return { kind: 'hello', version, capabilities, agent, server }
}

function readAttached(reader: WireReader): SessionAttached {
  const outerEnd = reader.enter()
  let channel = NO_ID
  let sessionId = 0n
  let timeoutMs = 0n
  while (reader.nextField()) {
    if (reader.wireType !== VARINT) reader.skip()
    else if (reader.field === 1) channel = reader.number()
    else if (reader.field === 2) sessionId = reader.u64()
    else if (reader.field === 3) timeoutMs = reader.u64()
    else reader.skip()
  }
  reader.leave(outerEnd)
  return { kind: 'attached', channel: checkedId(channel), sessionId, timeoutMs }
}

function readEnded(reader: WireReader): SessionEnded {
  const outerEnd = reader.enter()
  let channel = NO_ID
  let code = 0
  let message = ''
  while (reader.nextField()) {
    const { field, wireType } = reader
    if (wireType === VARINT && field === 1) channel = reader.number()
    else if (wireType === VARINT && field === 2) code = reader.u32()
    else if (wireType === BYTES && field === 3) message = reader.text()
    else reader.skip()
  }
  reader.leave(outerEnd)
  return { kind: 'ended', channel: checkedId(channel), code: endCodeOf(code), message }
}

function readElsewhere(reader: WireReader): SessionElsewhere {
  const outerEnd = reader.enter()
  let channel = NO_ID
  let address = ''
  let server = ''
  while (reader.nextField()) {
    const { field, wireType } = reader
    if (wireType === VARINT && field === 1) channel = reader.number()
    else if (wireType !== BYTES) reader.skip()
    else if (field === 2) address = reader.text()
    else if (field === 3) server = reader.text()
    else reader.skip()
  }
  reader.leave(outerEnd)
  return { kind: 'elsewhere', channel: checkedId(channel), address, server }
}

function readShown(reader: WireReader): WatchShown {
  const outerEnd = reader.enter()
  const ids: number[] = []
  let description: SemaphoreMessage | null = null
  while (reader.nextField()) {
    const { field, wireType } = reader
    if (wireType === BYTES && field === 1) reader.packedNumbers(ids)
    else if (wireType === VARINT && field === 1) ids.push(reader.number())
    else if (wireType === BYTES && field === 2) description = readSemaphore(reader)
    else reader.skip()
  }
  reader.leave(outerEnd)
  for (const id of ids) checkedId(id)
  return { kind: 'shown', ids, description }
}

function readSessionNotice(reader: WireReader): ServerMessage {
  const outerEnd = reader.enter()
  let channel = NO_ID
  let notice: Notice | null = null
  while (reader.nextField()) {
    const { field, wireType } = reader
    if (wireType === VARINT && field === 1) channel = reader.number()
    else if (wireType !== BYTES) reader.skip()
    else if (field === NOTICE_FIELD['lease-ended']) {
      notice = { kind: 'lease-ended', lease: readOnlyU64(reader, 1) }
    } else if (field === NOTICE_FIELD.revoked) notice = readRevoked(reader)
    else reader.skip()
  }
  reader.leave(outerEnd)
  checkedId(channel)
  return notice === null ? UNKNOWN : { kind: 'notice', channel, notice }
}

function readRevoked(reader: WireReader): Notice {
  const outerEnd = reader.enter()
  let name = ''
  let orderId = 0n
  while (reader.nextField()) {
    if (reader.field === 1 && reader.wireType === BYTES) name = reader.text()
    else if (reader.field === 2 && reader.wireType === VARINT) orderId = reader.u64()
    else reader.skip()
  }
  reader.leave(outerEnd)
  return { kind: 'revoked', name, orderId }
}
