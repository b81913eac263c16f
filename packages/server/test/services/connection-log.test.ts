/**
 * The session log over a connection of Tenure's own protocol.
 *
 * guards: J1, J2, J3, J5
 */
import type { NodeQuestion, Reply, TaskHandedOutReply, ThemeMessage } from '@tenure/protocol'
import { expect, test } from 'vitest'
import { commandOf } from '../../src/services/connection/operation-command.ts'
import { shortened } from '../../src/services/connection/task-translation.ts'
import { answerOf } from '../../src/services/session-answer.ts'
import { NO_STREAM } from '../../src/tablet/stream.ts'
import { settle } from '../tablet/manual-clock.ts'
import { type Caller, connectionStage, PATH } from './connection-stage.ts'

const CONFIG: ThemeMessage = {
  theme: 7,
  name: 'payments',
  handler: '',
  handlerSeconds: 30,
  delaySeconds: 10,
  jitterSeconds: 0,
  concurrency: 100,
  repeatsMax: 2,
  taskBytesMax: 1_000,
}
const DUE_MS = 11_000

/** A node with a theme, and a connection with an open channel to it. */
async function logStage() {
  const set = await connectionStage()
  const caller = set.connect()
  caller.ping(60_000)
  const configured = caller.askNode({ kind: 'configure-theme', config: CONFIG })
  const channel = await caller.open({ timeoutMs: 600_000n })
  expect(caller.repliesTo(configured)).toEqual([{ kind: 'done' }])
  return { ...set, caller, channel }
}

function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text))
}

function textsOf(records: readonly Uint8Array[]): string[] {
  return records.map((record) => Buffer.from(record).toString())
}

function handedOut(caller: Caller, id: number): TaskHandedOutReply[] {
  return caller.repliesTo(id).filter((reply) => reply.kind === 'task-handed-out')
}

/** The answer of a node, which may take several commits. */
async function answered(caller: Caller, question: NodeQuestion): Promise<Reply | undefined> {
  const id = caller.askNode(question)
  await settle()
  return caller.repliesTo(id)[0]
}

async function opened(caller: Caller, channel: number, record: string) {
  const id = caller.ask(channel, { kind: 'open-task', theme: 7, record: Buffer.from(record) })
  await settle()
  const [reply] = caller.repliesTo(id)
  if (reply?.kind !== 'task-opened') throw new Error('the task was not opened')
  return { task: reply.task, attempt: 0 }
}

test('a task is opened, written, read, replaced and deleted', async () => {
  const { caller, channel, host } = await logStage()
  const task = await opened(caller, channel, 'one')
  const asked = [
    caller.ask(channel, { kind: 'append-task', ...task, record: Buffer.from('two') }),
    caller.ask(channel, { kind: 'read-task', ...task, from: 1 }),
    caller.ask(channel, { kind: 'replace-task', ...task, record: Buffer.from('three') }),
    caller.ask(channel, { kind: 'read-task', ...task, from: 0 }),
    caller.ask(channel, { kind: 'append-task', ...task, record: Buffer.alloc(1_000) }),
    caller.ask(channel, { kind: 'append-task', ...task, attempt: 1, record: Buffer.from('x') }),
    caller.ask(channel, { kind: 'delete-task', ...task }),
    caller.ask(channel, { kind: 'delete-task', ...task }),
    caller.ask(channel, { kind: 'open-task', theme: 8, record: null }),
  ]
  await settle()
  expect(asked.map((id) => caller.repliesTo(id))).toMatchObject([
    [{ kind: 'done' }],
    [{ kind: 'task-records', records: [bytesOf('two')], more: false }],
    [{ kind: 'done' }],
    [{ kind: 'task-records', records: [bytesOf('three')], more: false }],
    [{ kind: 'refused', code: 'TASK_TOO_LARGE' }],
    [{ kind: 'refused', code: 'STALE_ATTEMPT' }],
    [{ kind: 'done' }],
    [{ kind: 'refused', code: 'TASK_CLOSED' }],
    [{ kind: 'refused', code: 'UNKNOWN_THEME' }],
  ])
  expect(host.statistics()).toMatchObject({ activeTasks: 0, storedTasks: 0 })
})

test('due tasks come on the id that asked to handle them, behind its answer and before that of its end', async () => {
  const { caller, channel, clock } = await logStage()
  const [handler] = [await caller.open({ timeoutMs: 600_000n })]
  for (const record of ['one', 'two', 'three']) {
    const task = await opened(caller, channel, record)
    caller.ask(channel, { kind: 'store-task', ...task, delaySeconds: 0, failure: '' })
    await clock.advance(1_000)
  }
  const handling = caller.ask(handler, { kind: 'handle-theme', theme: 7, concurrency: 2 })
  await clock.advance(DUE_MS)
  expect(caller.repliesTo(handling).map(({ kind }) => kind)).toEqual([
    'done',
    'task-handed-out',
    'task-handed-out',
  ])
  expect(handedOut(caller, handling).flatMap(({ records }) => textsOf(records))).toEqual([
    'one',
    'two',
  ])
  const [first] = handedOut(caller, handling)
  if (first === undefined) throw new Error('nothing was handed out')
  const { task, attempt } = first
  expect(first).toMatchObject({ theme: 7, attempt: 1, repeats: 1, more: false })
  caller.ask(handler, { kind: 'delete-task', task, attempt })
  const stop = caller.ask(handler, { kind: 'stop-handling', target: BigInt(handling) })
  await clock.advance(DUE_MS)
  const about = caller.all('answer').filter(({ id }) => id === handling || id === stop)
  expect(about.map(({ id, reply }) => (id === stop ? 'stopped' : reply.kind))).toEqual([
    'done',
    'task-handed-out',
    'task-handed-out',
    'task-handed-out',
    'stopped',
  ])
  caller.ask(handler, { kind: 'delete-task', task: first.task, attempt: 1 })
  await clock.advance(DUE_MS)
  expect(handedOut(caller, handling)).toHaveLength(3)
})

// guards: J2
test('tasks of a channel that is left, and of a connection that is lost, are stored', async () => {
  const { caller, channel, connect, host, clock } = await logStage()
  const other = await caller.open()
  await opened(caller, channel, 'left')
  await opened(caller, other, 'lost')
  caller.say({ kind: 'leave', channel })
  await settle()
  expect(host.statistics()).toMatchObject({ activeTasks: 1, storedTasks: 1 })
  caller.stream.left()
  await settle()
  expect(host.statistics()).toMatchObject({ activeTasks: 0, storedTasks: 2 })
  const later = connect()
  later.ping(60_000)
  const handler = await later.open({ timeoutMs: 600_000n })
  const handling = later.ask(handler, { kind: 'handle-theme', theme: 7, concurrency: 9 })
  await clock.advance(DUE_MS)
  expect(handedOut(later, handling).flatMap(({ records }) => textsOf(records))).toEqual([
    'left',
    'lost',
  ])
})

test('a task that came too often is dead, is shown, taken, requeued and dropped', async () => {
  const { caller, channel, clock } = await logStage()
  const { task } = await opened(caller, channel, 'one')
  const failure = 'the ship has sailed'
  caller.ask(channel, { kind: 'store-task', task, attempt: 0, delaySeconds: 0, failure: '' })
  const handling = caller.ask(channel, { kind: 'handle-theme', theme: 7, concurrency: 1 })
  for (const attempt of [1, 2]) {
    await clock.advance(DUE_MS)
    caller.ask(channel, { kind: 'store-task', task, attempt, delaySeconds: 0, failure })
  }
  await clock.advance(DUE_MS)
  expect(handedOut(caller, handling)).toHaveLength(2)
  const dead = { task, theme: 7, state: 'dead', attempt: 2, repeats: 2, failure } as const
  const list = { kind: 'list-tasks', theme: null, after: new Uint8Array(0), limit: 0 } as const
  expect(await answered(caller, { ...list, state: 'dead' })).toMatchObject({
    kind: 'tasks-listed',
    tasks: [dead],
  })
  expect(await answered(caller, { kind: 'show-task', task, from: 0 })).toMatchObject({
    kind: 'task-shown',
    view: dead,
    records: [bytesOf('one')],
    more: false,
  })
  expect(await answered(caller, { kind: 'list-themes' })).toMatchObject({
    kind: 'themes-listed',
    themes: [{ config: CONFIG, active: 0, stored: 0, dead: 1, handedOut: 0, handlers: 1 }],
  })
  const take = caller.ask(channel, { kind: 'take-task', task })
  await settle()
  expect(handedOut(caller, take)).toMatchObject([{ task, attempt: 3 }])
  caller.ask(channel, { kind: 'store-task', task, attempt: 3, delaySeconds: 0, failure: '' })
  await settle()
  expect(await answered(caller, { kind: 'requeue-task', task, delaySeconds: 99 })).toEqual({
    kind: 'done',
  })
  expect(await answered(caller, { ...list, state: 'stored' })).toMatchObject({
    tasks: [{ task, state: 'stored', repeats: 0 }],
  })
  expect(await answered(caller, { kind: 'drop-task', task })).toEqual({ kind: 'done' })
  expect(await answered(caller, { kind: 'show-task', task, from: 0 })).toMatchObject({
    code: 'NOT_FOUND',
  })
})

test('what is asked of the log of an absent node names the node, and creates none', async () => {
  const { caller, host } = await logStage()
  const path = '/local/absent'
  const message = `there is no coordination node ${path}`
  const absent = [
    caller.askNode({ kind: 'configure-theme', config: CONFIG }, path),
    caller.askNode({ kind: 'list-themes' }, path),
  ]
  await settle()
  caller.askNode({ kind: 'drop-node' }, PATH)
  await settle()
  const dropped = [
    caller.askNode({ kind: 'configure-theme', config: CONFIG }, PATH),
    caller.askNode({ kind: 'list-themes' }, PATH),
  ]
  await settle()
  expect(absent.map((id) => caller.repliesTo(id)[0])).toEqual(
    absent.map(() => ({ kind: 'refused', code: 'NOT_FOUND', message })),
  )
  expect(dropped.map((id) => caller.repliesTo(id)[0])).toMatchObject(
    dropped.map(() => ({ code: 'NOT_FOUND', message: `there is no coordination node ${PATH}` })),
  )
  expect(await host.list('/local')).toEqual([])
})

test('operations of tasks keep all that they say', () => {
  const task = { term: 3n, index: 4n }
  const record = Buffer.from('record')
  const operations = [
    { kind: 'open-task', theme: 7, record },
    { kind: 'append-task', task, attempt: 2, record },
    { kind: 'replace-task', task, attempt: 2, record },
    { kind: 'delete-task', task, attempt: 2 },
    { kind: 'store-task', task, attempt: 2, delaySeconds: 5, failure: 'late' },
    { kind: 'read-task', task, attempt: 2, from: 6 },
    { kind: 'handle-theme', theme: 7, concurrency: 8 },
    { kind: 'stop-handling', target: 1n },
    { kind: 'take-task', task },
  ] as const
  const asked = { stream: NO_STREAM, session: 5n, requestId: 9n }
  expect(operations.map((operation) => commandOf(operation, 5n, 9n))).toEqual(
    operations.map((operation) => ({ ...operation, ...asked })),
  )
})

test('a hand-out can leave its records to be read, and nothing else is made shorter', () => {
  const task = { term: 3n, index: 4n }
  const handOut = { kind: 'task-handed-out', task, theme: 7, attempt: 1, repeats: 1 } as const
  const records = [Buffer.from('one')]
  const answer = { kind: 'answer', id: 9 } as const
  expect(shortened({ ...answer, reply: { ...handOut, records, more: false } })).toEqual({
    ...answer,
    reply: { ...handOut, records: [], more: true },
  })
  for (const reply of [
    { ...handOut, records: [], more: false },
    { kind: 'task-records', records, more: false } as const,
  ]) {
    expect(shortened({ ...answer, reply })).toEqual({ ...answer, reply })
  }
})

test('clients of YDB hear nothing of tasks', () => {
  const task = { term: 3n, index: 4n }
  const asked = { stream: 1, requestId: 8n } as const
  expect(answerOf({ kind: 'task-opened', ...asked, task })).toBeNull()
  expect(answerOf({ kind: 'task-records', ...asked, records: [], more: false })).toBeNull()
})
