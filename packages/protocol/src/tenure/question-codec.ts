/** What is asked of nodes outside of sessions: of the session log in a file beside. */
import { BYTES, VARINT, type WireReader } from '../wire-reader.ts'
import type { WireWriter } from '../wire-writer.ts'
import type { NodeQuestion, NodeSettings } from './client-message.ts'
import { QUESTION_FIELD } from './field.ts'
import { readNothing, readOnlyText, readOnlyU64 } from './field-reader.ts'
import { NO_SETTINGS, readSettings, writeSettings } from './node-codec.ts'
import { readTaskQuestion, writeTaskQuestion } from './task-question-codec.ts'

export function writeQuestion(writer: WireWriter, question: NodeQuestion): void {
  const start = writer.beginMessage(QUESTION_FIELD[question.kind])
  // oxlint-disable-next-line typescript/switch-exhaustiveness-check -- the type of the last call demands the rest
  switch (question.kind) {
    case 'create-node':
    case 'alter-node':
      writeSettings(writer, 1, question.config)
      break
    case 'drop-node':
    case 'describe-node':
    case 'list-nodes':
      break
    case 'check-token':
      writer.textField(1, question.name)
      writer.u64Field(2, question.token)
      break
    case 'list-sessions':
      writer.u64Field(1, question.after)
      writer.u32Field(2, question.limit)
      break
    case 'end-session':
      writer.u64Field(1, question.session)
      break
    case 'force-release':
      writer.textField(1, question.name)
      writer.u64Field(2, question.session)
      break
    case 'explain-semaphore':
      writer.textField(1, question.name)
      break
    default:
      writeTaskQuestion(writer, question)
  }
  writer.endMessage(start)
}

/**
 * Reads the question at which the reader stands.
 *
 * @param before what the ask has held so far; stays when the field is no question that is known
 * @returns null when it is not understood
 */
export function readQuestion(reader: WireReader, before: NodeQuestion | null): NodeQuestion | null {
  switch (reader.field) {
    case QUESTION_FIELD['create-node']:
      return { kind: 'create-node', config: readConfig(reader) }
    case QUESTION_FIELD['alter-node']:
      return { kind: 'alter-node', config: readConfig(reader) }
    case QUESTION_FIELD['drop-node']:
      readNothing(reader)
      return { kind: 'drop-node' }
    case QUESTION_FIELD['describe-node']:
      readNothing(reader)
      return { kind: 'describe-node' }
    case QUESTION_FIELD['list-nodes']:
      readNothing(reader)
      return { kind: 'list-nodes' }
    default:
      return readOperatorQuestion(reader, before)
  }
}

function readOperatorQuestion(
  reader: WireReader,
  before: NodeQuestion | null,
): NodeQuestion | null {
  switch (reader.field) {
    case QUESTION_FIELD['check-token']: {
      const { name, number } = readNamed(reader)
      return { kind: 'check-token', name, token: number }
    }
    case QUESTION_FIELD['list-sessions']:
      return readListSessions(reader)
    case QUESTION_FIELD['end-session']:
      return { kind: 'end-session', session: readOnlyU64(reader, 1) }
    case QUESTION_FIELD['force-release']: {
      const { name, number } = readNamed(reader)
      return { kind: 'force-release', name, session: number }
    }
    case QUESTION_FIELD['explain-semaphore']:
      return { kind: 'explain-semaphore', name: readOnlyText(reader, 1) }
    default:
      return readTaskQuestion(reader, before)
  }
}

function readConfig(reader: WireReader): NodeSettings {
  const outerEnd = reader.enter()
  let config = NO_SETTINGS
  while (reader.nextField()) {
    if (reader.field === 1 && reader.wireType === BYTES) config = readSettings(reader)
    else reader.skip()
  }
  reader.leave(outerEnd)
  return config
}

/** A semaphore's name, and a number beside it. */
function readNamed(reader: WireReader): { readonly name: string; readonly number: bigint } {
  const outerEnd = reader.enter()
  let name = ''
  let number = 0n
  while (reader.nextField()) {
    if (reader.field === 1 && reader.wireType === BYTES) name = reader.text()
    else if (reader.field === 2 && reader.wireType === VARINT) number = reader.u64()
    else reader.skip()
  }
  reader.leave(outerEnd)
  return { name, number }
}

function readListSessions(reader: WireReader): NodeQuestion {
  const outerEnd = reader.enter()
  let after = 0n
  let limit = 0
  while (reader.nextField()) {
    if (reader.wireType !== VARINT) reader.skip()
    else if (reader.field === 1) after = reader.u64()
    else if (reader.field === 2) limit = reader.u32()
    else reader.skip()
  }
  reader.leave(outerEnd)
  return { kind: 'list-sessions', after, limit }
}
