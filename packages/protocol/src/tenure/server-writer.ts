/** What a server says, as bytes. */
import { writeSemaphore } from '../session/response.ts'
import type { WireWriter } from '../wire-writer.ts'
import { codeNumber } from './code.ts'
import { FRAME_MESSAGE, NOTICE_FIELD, SERVER_FIELD } from './field.ts'
import { checkedId } from './field-reader.ts'
import { writeReply } from './reply-writer.ts'
import type { Notice, ServerHello, ServerMessage, UnknownServerMessage } from './server-message.ts'

/**
 * Appends the message to the frame that the writer holds. When it throws, the frame is as it was before.
 *
 * @throws WireError when an id is none, a number does not fit its field or a text is not well-formed Unicode
 */
export function writeServerMessage(writer: WireWriter, message: ServerMessage): void {
  const before = writer.length
  try {
    const start = writer.beginMessage(FRAME_MESSAGE)
    if (message.kind !== 'unknown') writeMember(writer, message)
    writer.endMessage(start)
  } catch (error) {
    writer.rewind(before)
    throw error
  }
}

function writeMember(
  writer: WireWriter,
  message: Exclude<ServerMessage, UnknownServerMessage>,
): void {
  const start = writer.beginMessage(SERVER_FIELD[message.kind])
  switch (message.kind) {
    case 'answer':
      writer.numberField(1, checkedId(message.id))
      writeReply(writer, message.reply)
      break
    case 'hello':
      writeHello(writer, message)
      break
    case 'pong':
      writer.numberField(1, checkedId(message.id))
      break
    case 'attached':
      writer.numberField(1, checkedId(message.channel))
      writer.u64Field(2, message.sessionId)
      writer.u64Field(3, message.timeoutMs)
      break
    case 'ended':
      writer.numberField(1, checkedId(message.channel))
      writer.u32Field(2, codeNumber(message.code))
      writer.textField(3, message.message)
      break
    case 'elsewhere':
      writer.numberField(1, checkedId(message.channel))
      writer.textField(2, message.address)
      writer.textField(3, message.server)
      break
    case 'shown':
      for (const id of message.ids) checkedId(id)
      writer.packedNumbersField(1, message.ids)
      if (message.description !== null) writeSemaphore(writer, 2, message.description)
      break
    case 'notice':
      writer.numberField(1, checkedId(message.channel))
      writeNotice(writer, message.notice)
      break
  }
  writer.endMessage(start)
}

function writeHello(writer: WireWriter, hello: ServerHello): void {
  writer.u32Field(1, hello.version)
  for (const capability of hello.capabilities) writer.itemTextField(2, capability)
  writer.textField(3, hello.agent)
  writer.textField(4, hello.server)
}

function writeNotice(writer: WireWriter, notice: Notice): void {
  const start = writer.beginMessage(NOTICE_FIELD[notice.kind])
  if (notice.kind === 'lease-ended') writer.u64Field(1, notice.lease)
  else {
    writer.textField(1, notice.name)
    writer.u64Field(2, notice.orderId)
  }
  writer.endMessage(start)
}
