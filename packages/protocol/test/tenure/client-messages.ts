/** Anything that a client can say, and the same as the generated code would hold it. */
import type { Message, MessageShape } from '@bufbuild/protobuf'
import * as fc from 'fast-check'
import {
  AskNodeSchema,
  AskSchema,
  ClientMessageSchema,
  CompareSchema,
  Comparison,
  StepSchema,
} from '../../src/gen/tenure/v1/coordination_pb.ts'
import type {
  ClientMessage,
  Compare,
  NodeQuestion,
  SessionOperation,
  TransactStep,
} from '../../src/index.ts'
import { made, member } from './generated.ts'
import {
  bytes,
  flag,
  generatedSettings,
  id,
  settings,
  TASK_STATES,
  taskId,
  taskState,
  text,
  theme,
  u32,
  u64,
} from './values.ts'

const kind = <const K extends string>(name: K): fc.Arbitrary<K> => fc.constant(name)
const change = fc.record({ serial: u64, settledBelow: u64 })
const fence = fc.record({ name: text, token: u64 })
const optional = fc.option(u64)
const someBytes = fc.option(bytes)

const compare: fc.Arbitrary<Compare> = fc.oneof(
  fc.record({
    target: kind('version'),
    key: bytes,
    is: fc.constantFrom('==', '!=', '<', '>'),
    version: u64,
  }),
  fc.record({ target: kind('value'), key: bytes, is: fc.constantFrom('==', '!='), value: bytes }),
)
const step: fc.Arbitrary<TransactStep> = fc.oneof(
  fc.record({ kind: kind('put'), key: bytes, value: bytes, lease: optional }),
  fc.record({ kind: kind('delete'), key: bytes }),
  fc.record({ kind: kind('get'), key: bytes }),
)
const steps = fc.array(step, { maxLength: 3 })

const semaphoreOperation: fc.Arbitrary<SessionOperation> = fc.oneof(
  fc.record(
    {
      kind: kind('acquire'),
      name: text,
      count: u64,
      timeoutMs: u64,
      data: bytes,
      ephemeral: flag,
      createLimit: u64,
    },
    { requiredKeys: ['kind', 'name', 'count', 'timeoutMs', 'data', 'ephemeral'] },
  ),
  fc.record({ kind: kind('release'), name: text }),
  fc.record({
    kind: kind('describe'),
    name: text,
    owners: flag,
    waiters: flag,
    watchData: flag,
    watchOwners: flag,
    watchAbsent: flag,
    watchStands: flag,
  }),
  fc.record(
    { kind: kind('create'), name: text, limit: u64, data: bytes, change },
    { requiredKeys: ['kind', 'name', 'limit', 'data'] },
  ),
  fc.record(
    { kind: kind('update'), name: text, data: bytes, change },
    { requiredKeys: ['kind', 'name', 'data'] },
  ),
  fc.record(
    { kind: kind('delete'), name: text, force: flag, change },
    { requiredKeys: ['kind', 'name', 'force'] },
  ),
)

const recordWrite: fc.Arbitrary<SessionOperation> = fc.oneof(
  fc.record(
    { kind: kind('create-record'), key: bytes, value: bytes, lease: u64, change, fence },
    { requiredKeys: ['kind', 'key', 'value', 'lease'] },
  ),
  fc.record(
    { kind: kind('put-record'), key: bytes, value: bytes, lease: optional, change, fence },
    { requiredKeys: ['kind', 'key', 'value', 'lease'] },
  ),
  fc.record(
    { kind: kind('cas-record'), key: bytes, value: bytes, version: u64, change, fence },
    { requiredKeys: ['kind', 'key', 'value', 'version'] },
  ),
  fc.record(
    { kind: kind('delete-record'), key: bytes, ifVersion: optional, change, fence },
    { requiredKeys: ['kind', 'key', 'ifVersion'] },
  ),
  fc.record(
    {
      kind: kind('transact'),
      compares: fc.array(compare, { maxLength: 3 }),
      then: steps,
      otherwise: steps,
      change,
      fence,
    },
    { requiredKeys: ['kind', 'compares', 'then', 'otherwise'] },
  ),
)

const otherRecordOperation: fc.Arbitrary<SessionOperation> = fc.oneof(
  fc.record({ kind: kind('get-record'), key: bytes }),
  fc.record({
    kind: kind('range-records'),
    start: bytes,
    end: someBytes,
    limit: u32,
    after: someBytes,
    hold: flag,
    atVersion: u64,
  }),
  fc.record({ kind: kind('wait-record'), key: bytes, version: u64 }),
  fc.record({ kind: kind('watch-records'), start: bytes, end: someBytes, fromVersion: u64 }),
  fc.record(
    { kind: kind('grant-lease'), ttlMs: u64, keepAlive: flag, change },
    { requiredKeys: ['kind', 'ttlMs', 'keepAlive'] },
  ),
  fc.record(
    { kind: kind('release-lease'), lease: u64, change },
    { requiredKeys: ['kind', 'lease'] },
  ),
  fc.record({ kind: kind('describe-lease'), lease: u64 }),
  fc.record({ kind: kind('keep-lease'), lease: u64 }),
)

const taskOperation: fc.Arbitrary<SessionOperation> = fc.oneof(
  fc.record({ kind: kind('open-task'), theme: u32, record: someBytes }),
  fc.record({
    kind: fc.constantFrom('append-task', 'replace-task'),
    task: taskId,
    attempt: u32,
    record: bytes,
  }),
  fc.record({ kind: kind('delete-task'), task: taskId, attempt: u32 }),
  fc.record({
    kind: kind('store-task'),
    task: taskId,
    attempt: u32,
    delaySeconds: u32,
    failure: text,
  }),
  fc.record({ kind: kind('read-task'), task: taskId, attempt: u32, from: u32 }),
  fc.record({ kind: kind('handle-theme'), theme: u32, concurrency: u32 }),
  fc.record({ kind: kind('stop-handling'), target: u64 }),
  fc.record({ kind: kind('take-task'), task: taskId }),
)

const taskQuestion: fc.Arbitrary<NodeQuestion> = fc.oneof(
  fc.record({ kind: kind('configure-theme'), config: theme }),
  fc.record({ kind: kind('list-themes') }),
  fc.record({
    kind: kind('list-tasks'),
    state: taskState,
    theme: fc.option(u32),
    after: bytes,
    limit: u32,
  }),
  fc.record({ kind: kind('show-task'), task: taskId, from: u32 }),
  fc.record({ kind: kind('requeue-task'), task: taskId, delaySeconds: u32 }),
  fc.record({ kind: kind('drop-task'), task: taskId }),
)

const nodeQuestion: fc.Arbitrary<NodeQuestion> = fc.oneof(
  fc.record({ kind: kind('create-node'), config: settings }),
  fc.record({ kind: kind('alter-node'), config: settings }),
  fc.record({ kind: fc.constantFrom('drop-node', 'describe-node', 'list-nodes') }),
  fc.record({ kind: kind('check-token'), name: text, token: u64 }),
  fc.record({ kind: kind('list-sessions'), after: u64, limit: u32 }),
  fc.record({ kind: kind('end-session'), session: u64 }),
  fc.record({ kind: kind('force-release'), name: text, session: u64 }),
  fc.record({ kind: kind('explain-semaphore'), name: text }),
)

const question = fc.oneof(nodeQuestion, taskQuestion)
const operation = fc.oneof(semaphoreOperation, recordWrite, otherRecordOperation, taskOperation)
const ask = fc.record({ kind: kind('ask'), channel: id, id, operation })

export const clientMessages: fc.Arbitrary<ClientMessage> = fc.oneof(
  { weight: 8, arbitrary: ask },
  { weight: 3, arbitrary: fc.record({ kind: kind('ask-node'), id, path: text, question }) },
  fc.record({
    kind: kind('hello'),
    version: u32,
    capabilities: fc.array(text, { maxLength: 3 }),
    agent: text,
  }),
  fc.record({ kind: kind('ping'), id, periodMs: u32 }),
  fc.record({
    kind: kind('attach'),
    id,
    path: text,
    sessionId: u64,
    timeoutMs: u64,
    description: text,
    sequenceNumber: u64,
    protectionKey: bytes,
    unreached: text,
  }),
  fc.record({ kind: fc.constantFrom('stop', 'leave'), channel: id }),
  fc.record({ kind: kind('forget'), channel: id, target: id }),
  fc.record({ kind: kind('unknown'), id: fc.oneof(id, fc.constant(0)) }),
)

/** The same message as the generated code has it. */
export function generatedClientMessage(
  message: ClientMessage,
): MessageShape<typeof ClientMessageSchema> {
  return made(ClientMessageSchema, { message: clientMember(message) })
}

function clientMember(message: ClientMessage): object | null {
  const { kind } = message
  if (kind === 'hello') return member(ClientMessageSchema, kind, message)
  const fields = { ...message, ...numbersOf(message) }
  if (kind === 'ask') {
    const operation = generatedOperation(message.operation)
    return member(ClientMessageSchema, kind, { ...fields, operation })
  }
  if (kind === 'ask-node') {
    const question = generatedQuestion(message.question)
    return member(ClientMessageSchema, kind, { ...fields, question })
  }
  if (kind !== 'unknown') return member(ClientMessageSchema, kind, fields)
  return message.id === 0 ? null : member(ClientMessageSchema, 'ask-node', fields)
}

/** Those that the generated code has as 64-bit numbers. */
function numbersOf(message: ClientMessage): object {
  const numbers = Object.entries(message).filter(([name]) => /^(id|channel|target)$/.test(name))
  return Object.fromEntries(numbers.map(([name, value]) => [name, BigInt(Number(value))]))
}

function generatedOperation(operation: SessionOperation): object {
  if (operation.kind !== 'transact') return member(AskSchema, operation.kind, operation)
  return member(AskSchema, 'transact', {
    ...operation,
    compares: operation.compares.map(generatedCompare),
    then: operation.then.map(generatedStep),
    otherwise: operation.otherwise.map(generatedStep),
  })
}

const COMPARISONS = {
  '==': Comparison.EQUAL,
  '!=': Comparison.NOT_EQUAL,
  '<': Comparison.LESS,
  '>': Comparison.GREATER,
}

function generatedCompare(compare: Compare): Message {
  const value = compare.target === 'version' ? compare.version : compare.value
  const target = { case: compare.target, value }
  return made(CompareSchema, { key: compare.key, is: COMPARISONS[compare.is], target })
}

function generatedStep(step: TransactStep): Message {
  return made(StepSchema, { step: member(StepSchema, step.kind, step) })
}

function generatedQuestion(question: NodeQuestion): object {
  return member(AskNodeSchema, question.kind, questionFields(question))
}

function questionFields(question: NodeQuestion): object {
  const { kind } = question
  if (kind === 'create-node' || kind === 'alter-node') {
    return { config: generatedSettings(question.config) }
  }
  return kind === 'list-tasks' ? { ...question, state: TASK_STATES[question.state] } : question
}
