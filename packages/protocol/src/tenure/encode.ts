/** Whole frames as bytes of their own. */
import { WireWriter } from '../wire-writer.ts'
import type { ClientMessage } from './client-message.ts'
import { writeClientMessage } from './client-writer.ts'
import type { ServerMessage } from './server-message.ts'
import { writeServerMessage } from './server-writer.ts'

/** @throws WireError as `writeClientMessage` */
export function encodeClientFrame(messages: readonly ClientMessage[]): Buffer {
  const writer = new WireWriter()
  for (const message of messages) writeClientMessage(writer, message)
  return writer.take()
}

/** @throws WireError as `writeServerMessage` */
export function encodeServerFrame(messages: readonly ServerMessage[]): Buffer {
  const writer = new WireWriter()
  for (const message of messages) writeServerMessage(writer, message)
  return writer.take()
}
