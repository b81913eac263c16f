/** Reads frames, which are alike in both directions: rows of messages, of which each holds one member. */
import { BYTES, WireReader } from '../wire-reader.ts'
import { FRAME_MESSAGE } from './field.ts'

/**
 * @param readMember given the member at which the reader stands, and what the message has held before; a field that is no known member
 *   leaves that as it is
 * @param nothing what a message without a member is: one for all, so that a frame of many costs no memory
 * @throws WireError when anything in the frame is malformed
 */
export function readFrame<T>(
  bytes: Uint8Array,
  readMember: (reader: WireReader, before: T) => T,
  nothing: T,
): T[] {
  const reader = new WireReader(bytes)
  const messages: T[] = []
  while (reader.nextField()) {
    if (reader.field !== FRAME_MESSAGE || reader.wireType !== BYTES) {
      reader.skip()
      continue
    }
    const outerEnd = reader.enter()
    let message = nothing
    while (reader.nextField()) {
      if (reader.wireType === BYTES) message = readMember(reader, message)
      else reader.skip()
    }
    reader.leave(outerEnd)
    messages.push(message)
  }
  return messages
}
