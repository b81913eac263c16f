/** What a client says, as bytes. */
import type { WireWriter } from '../wire-writer.ts'
import type { AttachSession, ClientHello, ClientMessage, UnknownMessage } from './client-message.ts'
import { CLIENT_FIELD, FRAME_MESSAGE } from './field.ts'
import { checkedId, NO_ID } from './field-reader.ts'
import { writeOperation } from './operation-writer.ts'
import { writeQuestion } from './question-codec.ts'

/**
 * Appends the message to the frame that the writer holds. When it throws, the frame is as it was before.
 *
 * @throws WireError when an id is none, a number does not fit its field or a text is not well-formed Unicode
 */
export function writeClientMessage(writer: WireWriter, message: ClientMessage): void {
  const before = writer.length
  try {
    const start = writer.beginMessage(FRAME_MESSAGE)
    if (message.kind === 'unknown') writeUnknown(writer, message)
    else writeMember(writer, message)
    writer.endMessage(start)
  } catch (error) {
    writer.rewind(before)
    throw error
  }
}

function writeMember(writer: WireWriter, message: Exclude<ClientMessage, UnknownMessage>): void {
  const start = writer.beginMessage(CLIENT_FIELD[message.kind])
  switch (message.kind) {
    case 'ask':
      writer.numberField(1, checkedId(message.id))
      writer.numberField(2, checkedId(message.channel))
      writeOperation(writer, message.operation)
      break
    case 'ask-node':
      writer.numberField(1, checkedId(message.id))
      writer.textField(2, message.path)
      writeQuestion(writer, message.question)
      break
    case 'ping':
      writer.numberField(1, checkedId(message.id))
      writer.u32Field(2, message.periodMs)
      break
    case 'hello':
      writeHello(writer, message)
      break
    case 'attach':
      writeAttach(writer, message)
      break
    case 'stop':
    case 'leave':
      writer.numberField(2, checkedId(message.channel))
      break
    case 'forget':
      writer.numberField(2, checkedId(message.channel))
      writer.numberField(3, checkedId(message.target))
      break
  }
  writer.endMessage(start)
}

function writeHello(writer: WireWriter, hello: ClientHello): void {
  writer.u32Field(2, hello.version)
  for (const capability of hello.capabilities) writer.itemTextField(3, capability)
  writer.textField(4, hello.agent)
}

function writeAttach(writer: WireWriter, attach: AttachSession): void {
  writer.numberField(1, checkedId(attach.id))
  writer.textField(2, attach.path)
  writer.u64Field(3, attach.sessionId)
  writer.u64Field(4, attach.timeoutMs)
  writer.textField(5, attach.description)
  writer.u64Field(6, attach.sequenceNumber)
  writer.bytesField(7, attach.protectionKey)
  writer.textField(8, attach.unreached)
}

/** A question that asks nothing is one that nobody knows. Without an id nothing at all is said. */
function writeUnknown(writer: WireWriter, { id }: UnknownMessage): void {
  if (id === NO_ID) return
  const start = writer.beginMessage(CLIENT_FIELD['ask-node'])
  writer.numberField(1, id)
  writer.endMessage(start)
}
