/** Reads what an answer says of nodes, and what it says to operators. */
import { readSemaphore } from '../session/response-reader.ts'
import type { SemaphoreMessage } from '../session/response.ts'
import { BYTES, VARINT, type WireReader } from '../wire-reader.ts'
import { REPLY_FIELD } from './field.ts'
import { NO_BYTES, readOnlyFlag } from './field-reader.ts'
import { NO_SETTINGS, readNodes } from './node-codec.ts'
import type { NodeMessage, Reply, SessionMessage } from './server-message.ts'
import { readSession } from './session-codec.ts'
import { readTaskReply } from './task-reply-reader.ts'

const NO_NODE: NodeMessage = { path: '', config: NO_SETTINGS }
const NO_SEMAPHORE: SemaphoreMessage = {
  name: '',
  data: NO_BYTES,
  count: 0n,
  limit: 0n,
  ephemeral: false,
  owners: [],
  waiters: [],
}

/** As `readReply`. */
export function readOperatorReply(reader: WireReader, before: Reply | null): Reply | null {
  switch (reader.field) {
    case REPLY_FIELD['node-described']:
      return { kind: 'node-described', node: readNodes(reader).at(-1) ?? NO_NODE }
    case REPLY_FIELD['nodes-listed']:
      return { kind: 'nodes-listed', nodes: readNodes(reader) }
    case REPLY_FIELD['token-checked']:
      return { kind: 'token-checked', isNewest: readOnlyFlag(reader, 1) }
    case REPLY_FIELD['sessions-listed']:
      return readSessionsListed(reader)
    case REPLY_FIELD['semaphore-explained']:
      return readExplained(reader)
    default:
      return readTaskReply(reader, before)
  }
}

function readSessionsListed(reader: WireReader): Reply {
  const outerEnd = reader.enter()
  const sessions: SessionMessage[] = []
  let more = false
  while (reader.nextField()) {
    const { field, wireType } = reader
    if (wireType === BYTES && field === 1) sessions.push(readSession(reader))
    else if (wireType === VARINT && field === 2) more = reader.bool()
    else reader.skip()
  }
  reader.leave(outerEnd)
  return { kind: 'sessions-listed', sessions, more }
}

function readExplained(reader: WireReader): Reply {
  const outerEnd = reader.enter()
  let description = NO_SEMAPHORE
  const sessions: SessionMessage[] = []
  while (reader.nextField()) {
    if (reader.wireType !== BYTES) reader.skip()
    else if (reader.field === 1) description = readSemaphore(reader)
    else if (reader.field === 2) sessions.push(readSession(reader))
    else reader.skip()
  }
  reader.leave(outerEnd)
  return { kind: 'semaphore-explained', description, sessions }
}
