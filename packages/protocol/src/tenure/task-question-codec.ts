/** What is asked of a node's session log outside of sessions. */
import { BYTES, VARINT, type WireReader } from '../wire-reader.ts'
import type { WireWriter } from '../wire-writer.ts'
import type { NodeQuestion } from './client-message.ts'
import { QUESTION_FIELD } from './field.ts'
import { NO_BYTES, readNothing } from './field-reader.ts'
import { readOnlyTaskId, readTaskAndNumber, writeTaskId } from './task-id-codec.ts'
import type { TaskQuestion, ThemeMessage } from './task-operation.ts'
import { taskStateNumber, taskStateOf } from './task-state.ts'
import { NO_THEME, readTheme, writeTheme } from './theme-codec.ts'

/** Writes what the question holds into the message that the writer has begun. */
export function writeTaskQuestion(writer: WireWriter, question: TaskQuestion): void {
  switch (question.kind) {
    case 'configure-theme':
      writeTheme(writer, question.config)
      return
    case 'list-themes':
      return
    case 'list-tasks':
      writer.u32Field(1, taskStateNumber(question.state))
      writer.optionalU32Field(2, question.theme)
      writer.bytesField(3, question.after)
      writer.u32Field(4, question.limit)
      return
    case 'show-task':
      writeTaskId(writer, question.task)
      writer.u32Field(2, question.from)
      return
    case 'requeue-task':
      writeTaskId(writer, question.task)
      writer.u32Field(2, question.delaySeconds)
      return
    case 'drop-task':
      writeTaskId(writer, question.task)
      return
  }
}

/** As `readQuestion`. */
export function readTaskQuestion(
  reader: WireReader,
  before: NodeQuestion | null,
): NodeQuestion | null {
  switch (reader.field) {
    case QUESTION_FIELD['configure-theme']:
      return { kind: 'configure-theme', config: readConfig(reader) }
    case QUESTION_FIELD['list-themes']:
      readNothing(reader)
      return { kind: 'list-themes' }
    case QUESTION_FIELD['list-tasks']:
      return readListTasks(reader)
    case QUESTION_FIELD['show-task']: {
      const { task, number } = readTaskAndNumber(reader)
      return { kind: 'show-task', task, from: number }
    }
    case QUESTION_FIELD['requeue-task']: {
      const { task, number } = readTaskAndNumber(reader)
      return { kind: 'requeue-task', task, delaySeconds: number }
    }
    case QUESTION_FIELD['drop-task']:
      return { kind: 'drop-task', task: readOnlyTaskId(reader) }
    default:
      reader.skip()
      return before
  }
}

function readConfig(reader: WireReader): ThemeMessage {
  const outerEnd = reader.enter()
  let config = NO_THEME
  while (reader.nextField()) {
    if (reader.field === 1 && reader.wireType === BYTES) config = readTheme(reader)
    else reader.skip()
  }
  reader.leave(outerEnd)
  return config
}

/** Null when it asks for a state that is not known. */
function readListTasks(reader: WireReader): NodeQuestion | null {
  const outerEnd = reader.enter()
  let stateNumber = 0
  let theme: number | null = null
  let after = NO_BYTES
  let limit = 0
  while (reader.nextField()) {
    const { field, wireType } = reader
    if (wireType === BYTES && field === 3) after = reader.bytes()
    else if (wireType !== VARINT) reader.skip()
    else if (field === 1) stateNumber = reader.u32()
    else if (field === 2) theme = reader.u32()
    else if (field === 4) limit = reader.u32()
    else reader.skip()
  }
  reader.leave(outerEnd)
  const state = taskStateOf(stateNumber)
  return state && { kind: 'list-tasks', state, theme, after, limit }
}
