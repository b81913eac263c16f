/** Anything that a server can say, and the same as the generated code would hold it. */
import type { Message, MessageShape } from '@bufbuild/protobuf'
import * as fc from 'fast-check'
import {
  AnswerSchema,
  Code,
  NoticeSchema,
  RecordChangeSchema,
  ServerMessageSchema,
} from '../../src/gen/tenure/v1/coordination_pb.ts'
import type {
  CodeName,
  NodeSettings,
  Notice,
  RecordChangeMessage,
  RecordMessage,
  Reply,
  ServerMessage,
  SessionMessage,
  TaskViewMessage,
} from '../../src/index.ts'
import { made, member } from './generated.ts'
import {
  bytes,
  flag,
  generatedSettings,
  id,
  semaphore,
  settings,
  TASK_STATES,
  taskId,
  taskState,
  text,
  theme,
  u32,
  u64,
} from './values.ts'

const CODES: readonly CodeName[] = [
  'INVALID_ARGUMENT',
  'NOT_FOUND',
  'ALREADY_EXISTS',
  'PRECONDITION_FAILED',
  'ABORTED',
  'SESSION_EXPIRED',
  'BAD_SESSION',
  'LIMIT_MISMATCH',
  'WRONG_VERSION',
  'WRONG_LEASE',
  'FENCED',
  'UNSUPPORTED',
  'UNAUTHORIZED',
  'OVERLOADED',
  'UNAVAILABLE',
  'INTERNAL',
  'UNKNOWN_THEME',
  'TASK_CLOSED',
  'STALE_ATTEMPT',
  'TASK_TOO_LARGE',
]

const kind = <const K extends string>(name: K): fc.Arbitrary<K> => fc.constant(name)
const few = <T>(each: fc.Arbitrary<T>): fc.Arbitrary<T[]> => fc.array(each, { maxLength: 3 })

const record: fc.Arbitrary<RecordMessage> = fc.record({
  key: bytes,
  value: bytes,
  version: u64,
  createdVersion: u64,
  lease: u64,
})
const recordChange: fc.Arbitrary<RecordChangeMessage> = fc.oneof(
  fc.record({ kind: kind('put'), record }),
  fc.record({ kind: kind('deleted'), key: bytes, version: u64 }),
)
const holding = fc.record({
  name: text,
  orderId: u64,
  count: u64,
  owns: flag,
  forMs: u64,
  isAtLeast: flag,
})
const session: fc.Arbitrary<SessionMessage> = fc.record({
  id: u64,
  description: text,
  timeoutMs: u64,
  isAttached: flag,
  remainingMs: u64,
  holdings: few(holding),
  holdingsCount: u32,
  leases: u32,
})
const node = fc.record({ path: text, config: settings })

const shortReply: fc.Arbitrary<Reply> = fc.oneof(
  fc.record(
    { kind: kind('refused'), code: fc.constantFrom(...CODES), message: text, record },
    { requiredKeys: ['kind', 'code', 'message'] },
  ),
  fc.record({ kind: fc.constantFrom('done', 'not-acquired') }),
  fc.record({ kind: kind('acquired'), token: u64 }),
  fc.record({ kind: kind('pending'), orderId: u64 }),
  fc.record({ kind: kind('released'), released: flag }),
  fc.record({ kind: kind('described'), description: fc.option(semaphore), watchAdded: flag }),
  fc.record({ kind: kind('changed'), data: flag, owners: flag }),
)
const recordReply: fc.Arbitrary<Reply> = fc.oneof(
  fc.record({ kind: fc.constantFrom('record-written', 'record-deleted'), version: u64 }),
  fc.record({ kind: kind('record-read'), record: fc.option(record) }),
  fc.record({ kind: kind('records-listed'), records: few(record), version: u64, more: flag }),
  fc.record({
    kind: kind('records-changed'),
    changes: few(recordChange),
    version: u64,
    reset: flag,
  }),
  fc.record({
    kind: kind('transacted'),
    succeeded: flag,
    version: u64,
    records: few(fc.option(record)),
  }),
  fc.record({ kind: kind('lease-granted'), lease: u64, ttlMs: u64 }),
  fc.record({
    kind: kind('lease-described'),
    lease: u64,
    ttlMs: u64,
    remainingMs: u64,
    isKept: flag,
    records: u32,
  }),
)
const operatorReply: fc.Arbitrary<Reply> = fc.oneof(
  fc.record({ kind: kind('node-described'), node }),
  fc.record({ kind: kind('nodes-listed'), nodes: few(node) }),
  fc.record({ kind: kind('token-checked'), isNewest: flag }),
  fc.record({ kind: kind('sessions-listed'), sessions: few(session), more: flag }),
  fc.record({
    kind: kind('semaphore-explained'),
    description: semaphore,
    sessions: few(session),
  }),
)
const taskView: fc.Arbitrary<TaskViewMessage> = fc.record({
  task: taskId,
  theme: u32,
  state: taskState,
  attempt: u32,
  repeats: u32,
  records: u32,
  recordBytes: u32,
  changed: u64,
  dueSecond: u64,
  operator: u64,
  failure: text,
})
const themeView = fc.record({
  config: theme,
  active: u32,
  stored: u32,
  dead: u32,
  handedOut: u32,
  handlers: u32,
})
const taskReply: fc.Arbitrary<Reply> = fc.oneof(
  fc.record({ kind: kind('task-opened'), task: taskId }),
  fc.record({
    kind: kind('task-handed-out'),
    task: taskId,
    theme: u32,
    attempt: u32,
    repeats: u32,
    records: few(bytes),
    more: flag,
  }),
  fc.record({ kind: kind('task-records'), records: few(bytes), more: flag }),
  fc.record({ kind: kind('themes-listed'), themes: few(themeView) }),
  fc.record({ kind: kind('tasks-listed'), tasks: few(taskView), next: bytes }),
  fc.record({ kind: kind('task-shown'), view: taskView, records: few(bytes), more: flag }),
)
const reply = fc.oneof(shortReply, recordReply, operatorReply, taskReply)
const notice: fc.Arbitrary<Notice> = fc.oneof(
  fc.record({ kind: kind('lease-ended'), lease: u64 }),
  fc.record({ kind: kind('revoked'), name: text, orderId: u64 }),
)

export const serverMessages: fc.Arbitrary<ServerMessage> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ kind: kind('answer'), id, reply }) },
  fc.record({
    kind: kind('hello'),
    version: u32,
    capabilities: few(text),
    agent: text,
    server: text,
  }),
  fc.record({ kind: kind('pong'), id }),
  fc.record({ kind: kind('attached'), channel: id, sessionId: u64, timeoutMs: u64 }),
  fc.record({
    kind: kind('ended'),
    channel: id,
    code: fc.constantFrom(...CODES, 'STOPPED' as const),
    message: text,
  }),
  fc.record({ kind: kind('elsewhere'), channel: id, address: text, server: text }),
  fc.record({ kind: kind('notice'), channel: id, notice }),
  fc.record({ kind: kind('shown'), ids: few(id), description: fc.option(semaphore) }),
  fc.record({ kind: kind('unknown') }),
)

/** The same message as the generated code has it. */
export function generatedServerMessage(
  message: ServerMessage,
): MessageShape<typeof ServerMessageSchema> {
  return made(ServerMessageSchema, { message: serverMember(message) })
}

function serverMember(message: ServerMessage): object | null {
  if (message.kind === 'unknown') return null
  return member(ServerMessageSchema, message.kind, serverFields(message))
}

function serverFields(message: Exclude<ServerMessage, { kind: 'unknown' }>): object {
  const { kind } = message
  if (kind === 'hello') return message
  if (kind === 'pong') return { id: BigInt(message.id) }
  if (kind === 'answer') {
    return { id: BigInt(message.id), reply: generatedReply(message.reply) }
  }
  if (kind === 'shown') return { ...message, ids: message.ids.map(BigInt) }
  const fields = { ...message, channel: BigInt(message.channel) }
  if (kind === 'elsewhere') return fields
  if (kind === 'ended') return { ...fields, code: Code[message.code] }
  if (kind === 'attached') return fields
  return { ...fields, notice: member(NoticeSchema, message.notice.kind, message.notice) }
}

function generatedReply(reply: Reply): object {
  return member(AnswerSchema, reply.kind, replyFields(reply))
}

function replyFields(reply: Reply): object {
  const { kind } = reply
  if (kind === 'refused') return { ...reply, code: Code[reply.code] }
  if (kind === 'records-changed') {
    return { ...reply, changes: reply.changes.map(generatedRecordChange) }
  }
  if (kind === 'transacted') {
    return { ...reply, records: reply.records.map((found) => (found ? { record: found } : {})) }
  }
  if (kind === 'node-described') return { node: generatedNode(reply.node) }
  if (kind === 'nodes-listed') return { nodes: reply.nodes.map(generatedNode) }
  if (kind === 'tasks-listed') return { ...reply, tasks: reply.tasks.map(generatedTask) }
  if (kind === 'task-shown') return { ...reply, view: generatedTask(reply.view) }
  return reply
}

function generatedRecordChange(change: RecordChangeMessage): Message {
  const inner =
    change.kind === 'put'
      ? member(RecordChangeSchema, 'put', change.record)
      : member(RecordChangeSchema, 'deleted', change)
  return made(RecordChangeSchema, { change: inner })
}

function generatedNode({ path, config }: { path: string; config: NodeSettings }): object {
  return { path, config: generatedSettings(config) }
}

function generatedTask(view: TaskViewMessage): object {
  return { ...view, state: TASK_STATES[view.state] }
}
