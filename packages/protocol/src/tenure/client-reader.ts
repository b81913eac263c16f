/**
 * Reads what a client says.
 *
 * A field that is given twice counts as it was given last, messages inside too: no writer gives one twice.
 */
import { BYTES, VARINT, WireReader } from '../wire-reader.ts'
import type {
  AttachSession,
  ClientHello,
  ClientMessage,
  ForgetRequest,
  NodeQuestion,
  UnknownMessage,
} from './client-message.ts'
import { CLIENT_FIELD } from './field.ts'
import { readFrame } from './frame-reader.ts'
import { checkedId, NO_BYTES, NO_ID, readOnlyNumber } from './field-reader.ts'
import type { SessionOperation } from './operation.ts'
import { readOperation } from './operation-reader.ts'
import { readQuestion } from './question-codec.ts'

const NOTHING: UnknownMessage = { kind: 'unknown', id: NO_ID }

/** @throws WireError when anything in the frame is malformed, an id is none or a text is not valid UTF-8 */
export function decodeClientFrame(bytes: Uint8Array): ClientMessage[] {
  return readFrame<ClientMessage>(bytes, readMember, NOTHING)
}

function readMember(reader: WireReader, before: ClientMessage): ClientMessage {
  switch (reader.field) {
    case CLIENT_FIELD.ask:
      return readAsk(reader)
    case CLIENT_FIELD['ask-node']:
      return readAskNode(reader)
    case CLIENT_FIELD.ping:
      return readPing(reader)
    case CLIENT_FIELD.attach:
      return readAttach(reader)
    case CLIENT_FIELD.hello:
      return readHello(reader)
    case CLIENT_FIELD.stop:
      return { kind: 'stop', channel: checkedId(readOnlyNumber(reader, 2)) }
    case CLIENT_FIELD.leave:
      return { kind: 'leave', channel: checkedId(readOnlyNumber(reader, 2)) }
    case CLIENT_FIELD.forget:
      return readForget(reader)
    default:
      return readUnknown(reader, before)
  }
}

/** Beside a member that is known, one that is not is a field like any other. */
function readUnknown(reader: WireReader, before: ClientMessage): ClientMessage {
  if (before.kind === 'unknown') return unknown(laterId(reader.bytes()))
  reader.skip()
  return before
}

/** The id of a member of a later version. Nothing else of it is known: it may be no message at all. */
function laterId(member: Uint8Array): number {
  const reader = new WireReader(member)
  let id = NO_ID
  try {
    while (reader.nextField()) {
      if (reader.field === 1 && reader.wireType === VARINT) id = reader.number()
      else reader.skip()
    }
  } catch {
    return NO_ID
  }
  return id
}

function unknown(id: number): UnknownMessage {
  return id === NO_ID ? NOTHING : { kind: 'unknown', id }
}

function readAsk(reader: WireReader): ClientMessage {
  const outerEnd = reader.enter()
  let id = NO_ID
  let channel = NO_ID
  let operation: SessionOperation | null = null
  while (reader.nextField()) {
    if (reader.wireType === BYTES) operation = readOperation(reader, operation)
    else if (reader.wireType !== VARINT) reader.skip()
    else if (reader.field === 1) id = reader.number()
    else if (reader.field === 2) channel = reader.number()
    else reader.skip()
  }
  reader.leave(outerEnd)
  checkedId(id)
  checkedId(channel)
  return operation === null ? unknown(id) : { kind: 'ask', channel, id, operation }
}

function readAskNode(reader: WireReader): ClientMessage {
  const outerEnd = reader.enter()
  let id = NO_ID
  let path = ''
  let question: NodeQuestion | null = null
  while (reader.nextField()) {
    const { field, wireType } = reader
    if (wireType === VARINT && field === 1) id = reader.number()
    else if (wireType !== BYTES) reader.skip()
    else if (field === 2) path = reader.text()
    else question = readQuestion(reader, question)
  }
  reader.leave(outerEnd)
  checkedId(id)
  return question === null ? unknown(id) : { kind: 'ask-node', id, path, question }
}

function readPing(reader: WireReader): ClientMessage {
  const outerEnd = reader.enter()
  let id = NO_ID
  let periodMs = 0
  while (reader.nextField()) {
    if (reader.wireType !== VARINT) reader.skip()
    else if (reader.field === 1) id = reader.number()
    else if (reader.field === 2) periodMs = reader.u32()
    else reader.skip()
  }
  reader.leave(outerEnd)
  return { kind: 'ping', id: checkedId(id), periodMs }
}

function readHello(reader: WireReader): ClientHello {
  const outerEnd = reader.enter()
  let version = 0
  let agent = ''
  const capabilities: string[] = []
  while (reader.nextField()) {
    const { field, wireType } = reader
    if (wireType === VARINT && field === 2) version = reader.u32()
    else if (wireType !== BYTES) reader.skip()
    else if (field === 3) capabilities.push(reader.text())
    else if (field === 4) agent = reader.text()
    else reader.skip()
  }
  reader.leave(outerEnd)
  return { kind: 'hello', version, capabilities, agent }
}

function readAttach(reader: WireReader): AttachSession {
  const outerEnd = reader.enter()
  let id = NO_ID
  let path = ''
  let sessionId = 0n
  let timeoutMs = 0n
  let description = ''
  let sequenceNumber = 0n
  let protectionKey = NO_BYTES
  let unreached = ''
  while (reader.nextField()) {
    const { field, wireType } = reader
    if (wireType === BYTES) {
      if (field === 2) path = reader.text()
      else if (field === 5) description = reader.text()
      else if (field === 7) protectionKey = reader.bytes()
      else if (field === 8) unreached = reader.text()
      else reader.skip()
    } else if (wireType !== VARINT) reader.skip()
    else if (field === 1) id = reader.number()
    else if (field === 3) sessionId = reader.u64()
    else if (field === 4) timeoutMs = reader.u64()
    else if (field === 6) sequenceNumber = reader.u64()
    else reader.skip()
  }
  reader.leave(outerEnd)
  checkedId(id)
  const session = { path, sessionId, timeoutMs, description, sequenceNumber, protectionKey }
  return { kind: 'attach', id, ...session, unreached }
}

function readForget(reader: WireReader): ForgetRequest {
  const outerEnd = reader.enter()
  let channel = NO_ID
  let target = NO_ID
  while (reader.nextField()) {
    if (reader.wireType !== VARINT) reader.skip()
    else if (reader.field === 2) channel = reader.number()
    else if (reader.field === 3) target = reader.number()
    else reader.skip()
  }
  reader.leave(outerEnd)
  return { kind: 'forget', channel: checkedId(channel), target: checkedId(target) }
}
