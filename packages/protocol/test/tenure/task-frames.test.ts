/**
 * What frames may hold about the session log, and what not.
 *
 * guards: M1, M2
 */
import { create, toBinary } from '@bufbuild/protobuf'
import { expect, test } from 'vitest'
import {
  AnswerSchema,
  AskNodeSchema,
  AskSchema,
  ClientFrameSchema,
  ClientMessageSchema,
  ServerFrameSchema,
  ServerMessageSchema,
} from '../../src/gen/tenure/v1/coordination_pb.ts'
import {
  type ClientMessage,
  codeNumber,
  codeOf,
  decodeClientFrame,
  decodeServerFrame,
  encodeClientFrame,
  encodeServerFrame,
  type NodeQuestion,
  type Reply,
  type SessionOperation,
  type TaskViewMessage,
  WireError,
} from '../../src/index.ts'
import { made, member } from './generated.ts'

const NONE = new Uint8Array(0)
const RECORD = Uint8Array.of(1, 2, 3)
const TASK = { term: 3n, index: 17n }
const NO_TASK = { term: 0n, index: 0n }

function asked(kind: string, fields: object): Uint8Array {
  const operation = member(AskSchema, kind, fields)
  const ask = member(ClientMessageSchema, 'ask', { id: 9n, channel: 1n, operation })
  const messages = [made(ClientMessageSchema, { message: ask })]
  return toBinary(ClientFrameSchema, create(ClientFrameSchema, { messages }))
}

function askedNode(kind: string, fields: object): Uint8Array {
  const question = member(AskNodeSchema, kind, fields)
  const ask = member(ClientMessageSchema, 'ask-node', { id: 9n, path: '/a', question })
  const messages = [made(ClientMessageSchema, { message: ask })]
  return toBinary(ClientFrameSchema, create(ClientFrameSchema, { messages }))
}

function answered(kind: string, fields: object): Uint8Array {
  const reply = member(AnswerSchema, kind, fields)
  const answer = member(ServerMessageSchema, 'answer', { id: 9n, reply })
  const messages = [made(ServerMessageSchema, { message: answer })]
  return toBinary(ServerFrameSchema, create(ServerFrameSchema, { messages }))
}

function ask(operation: SessionOperation): ClientMessage {
  return { kind: 'ask', id: 9, channel: 1, operation }
}

function askNode(question: NodeQuestion): ClientMessage {
  return { kind: 'ask-node', id: 9, path: '/a', question }
}

test('a task that is opened with an empty record differs from one that is opened with none', () => {
  const messages = [
    ask({ kind: 'open-task', theme: 0, record: NONE }),
    ask({ kind: 'open-task', theme: 0, record: null }),
  ]
  expect(decodeClientFrame(encodeClientFrame(messages))).toStrictEqual(messages)
})

test('tasks of theme 0 differ from those of all themes', () => {
  const listed = { kind: 'list-tasks', state: 'dead', after: NONE, limit: 0 } as const
  const messages = [askNode({ ...listed, theme: 0 }), askNode({ ...listed, theme: null })]
  expect(decodeClientFrame(encodeClientFrame(messages))).toStrictEqual(messages)
})

// guards: J5
test('empty records are counted like others', () => {
  const records = [NONE, RECORD, NONE]
  const handedOut = { task: TASK, theme: 1, attempt: 1, repeats: 1, records, more: false }
  const replies: Reply[] = [
    { kind: 'task-handed-out', ...handedOut },
    { kind: 'task-records', records, more: true },
  ]
  const messages = replies.map((reply) => ({ kind: 'answer', id: 9, reply }) as const)
  expect(decodeServerFrame(encodeServerFrame(messages))).toStrictEqual(messages)
})

// guards: J5
test('a hand-out of 1 MiB of records goes through as it is', () => {
  const records = Array.from({ length: 64 }, (_none, at) => new Uint8Array(16_384).fill(at + 1))
  const handedOut = { task: TASK, theme: 1, attempt: 2 ** 32 - 1, repeats: 1, more: true }
  const reply: Reply = { kind: 'task-handed-out', ...handedOut, records }
  const frame = encodeServerFrame([{ kind: 'answer', id: 9, reply }])
  const [read] = decodeServerFrame(frame)
  frame.fill(0)
  const told = read?.kind === 'answer' && read.reply.kind === 'task-handed-out' && read.reply
  expect(told && told.records.every((each, at) => each.every((byte) => byte === at + 1))).toBe(true)
  expect(told).toMatchObject(handedOut)
})

test('what is left out is zero, empty or none', () => {
  const bound = { task: NO_TASK, attempt: 0 }
  const operations: SessionOperation[] = [
    { kind: 'open-task', theme: 0, record: null },
    { kind: 'append-task', ...bound, record: NONE },
    { kind: 'replace-task', ...bound, record: NONE },
    { kind: 'delete-task', ...bound },
    { kind: 'store-task', ...bound, delaySeconds: 0, failure: '' },
    { kind: 'read-task', ...bound, from: 0 },
    { kind: 'handle-theme', theme: 0, concurrency: 0 },
    { kind: 'stop-handling', target: 0n },
    { kind: 'take-task', task: NO_TASK },
  ]
  for (const operation of operations) {
    expect(decodeClientFrame(asked(operation.kind, {}))).toEqual([ask(operation)])
  }
  const config = decodeClientFrame(askedNode('configure-theme', {}))
  expect(config).toMatchObject([{ question: { config: { theme: 0, name: '', repeatsMax: 0 } } }])
  const opened: Reply = { kind: 'task-opened', task: NO_TASK }
  expect(decodeServerFrame(answered('task-opened', {}))).toMatchObject([{ reply: opened }])
})

test.for([0, 4])('a question for tasks in state %d is not understood', (state) => {
  const question = { state, limit: 5 }
  expect(decodeClientFrame(askedNode('list-tasks', question))).toEqual([{ kind: 'unknown', id: 9 }])
})

test.for([0, 4])('an answer that tells of a task in state %d is not understood', (state) => {
  const views = [{ state: 1 }, { state, task: TASK }]
  const unknown = [{ kind: 'unknown' }]
  expect(decodeServerFrame(answered('tasks-listed', { tasks: views }))).toEqual(unknown)
  expect(decodeServerFrame(answered('task-shown', { view: { state } }))).toEqual(unknown)
  expect(decodeServerFrame(answered('task-shown', { records: [RECORD] }))).toEqual(unknown)
})

const VIEW: TaskViewMessage = {
  task: TASK,
  theme: 1,
  state: 'stored',
  attempt: 1,
  repeats: 1,
  records: 2,
  recordBytes: 3,
  changed: 18n,
  dueSecond: 1_800_000_000n,
  operator: 0n,
  failure: '',
}
const BOUND = { task: TASK, attempt: 1 }

test.for([-1, 0.5, 2 ** 32, Number.NaN])('%d does not fit a number of the session log', (wrong) => {
  const operations: SessionOperation[] = [
    { kind: 'open-task', theme: wrong, record: null },
    { kind: 'append-task', task: TASK, attempt: wrong, record: RECORD },
    { kind: 'delete-task', task: TASK, attempt: wrong },
    { kind: 'store-task', ...BOUND, delaySeconds: wrong, failure: '' },
    { kind: 'read-task', ...BOUND, from: wrong },
    { kind: 'handle-theme', theme: 1, concurrency: wrong },
  ]
  for (const operation of operations) {
    expect(() => encodeClientFrame([ask(operation)])).toThrow(WireError)
  }
  const listed = { kind: 'list-tasks', state: 'active', after: NONE } as const
  const questions: NodeQuestion[] = [
    { ...listed, theme: wrong, limit: 0 },
    { ...listed, theme: null, limit: wrong },
    { kind: 'requeue-task', task: TASK, delaySeconds: wrong },
  ]
  for (const question of questions) {
    expect(() => encodeClientFrame([askNode(question)])).toThrow(WireError)
  }
  const reply: Reply = { kind: 'tasks-listed', tasks: [{ ...VIEW, records: wrong }], next: NONE }
  expect(() => encodeServerFrame([{ kind: 'answer', id: 9, reply }])).toThrow(WireError)
})

test.for([-1n, 2n ** 64n])('%d is no half of the id of a task', (wrong) => {
  for (const task of [
    { term: wrong, index: 1n },
    { term: 1n, index: wrong },
  ]) {
    expect(() => encodeClientFrame([ask({ kind: 'take-task', task })])).toThrow(WireError)
  }
})

test('a failure that is not UTF-8 is refused, and so is one that cannot be', () => {
  const failure = [0x22, 2, 0xc3, 0x28]
  const store = [0x6a, failure.length, ...failure]
  const member = [0x3a, store.length + 4, 8, 9, 16, 1, ...store]
  const bytes = Uint8Array.from([0x0a, member.length, ...member])
  expect(() => decodeClientFrame(bytes)).toThrow(WireError)
  const half = ask({ kind: 'store-task', ...BOUND, delaySeconds: 0, failure: '\ud800' })
  expect(() => encodeClientFrame([half])).toThrow(WireError)
})

test('the codes of the session log have the numbers of the proto file', () => {
  const codes = ['UNKNOWN_THEME', 'TASK_CLOSED', 'STALE_ATTEMPT', 'TASK_TOO_LARGE'] as const
  expect(codes.map(codeNumber)).toEqual([18, 19, 20, 21])
  expect([18, 19, 20, 21].map(codeOf)).toEqual(codes)
})
