/** The session log over the link to a server in this process, without a client above it. */
import type { Answer, News, OperatorAnswer, OperatorQuestion, Request } from '@tenure/client'
import { openMemoryEngine } from '@tenure/engine/memory'
import { Host } from '@tenure/server'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { LocalLink } from '../../src/local/local-link.ts'
import { WorldClock } from '../properties/world-clock.ts'
import { Listener, PATH } from './listener.ts'

let clock: WorldClock
let host: Host
let link: LocalLink

beforeEach(async () => {
  clock = new WorldClock()
  host = new Host({ engine: openMemoryEngine(), clock })
  const use = { host: Promise.resolve(host), release: () => host.close() }
  link = new LocalLink('memory:test', use, clock)
  await settled(link.createNode(PATH, {}))
  await asked({ kind: 'configure-theme', config: THEME })
})

afterEach(() => settled(link.close()))

async function settled<T>(promise: Promise<T>): Promise<T> {
  const [value] = await Promise.all([promise, clock.settle()])
  return value
}

function asked(question: OperatorQuestion): Promise<OperatorAnswer> {
  return settled(link.ask(PATH, question))
}

async function begun(): Promise<Listener> {
  const listener = new Listener(link)
  await settled(listener.started)
  return listener
}

function ask(listener: Listener, request: Request): Promise<Answer> {
  return settled(listener.ask(request))
}

const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text))
const TASK = { term: 1n, index: 1n }
const FIRST = { task: TASK, attempt: 0 }
const THEME = {
  theme: 7,
  name: 'pay',
  handler: '',
  handlerSeconds: 60,
  delaySeconds: 0,
  jitterSeconds: 0,
  concurrency: 4,
  repeatsMax: 10,
  taskBytesMax: 1000,
}
const OPEN = { kind: 'open-task', theme: 7, record: bytes('a') } as const

async function handled(listener: Listener): Promise<{ id: bigint; news: News[] }> {
  const news: News[] = []
  let id = 0
  const answer = new Promise<Answer>((resolve) => {
    const request = { kind: 'handle-theme', theme: 7, concurrency: 2 } as const
    id = listener.attachment.send(request, resolve, (told) => void news.push(told))
  })
  expect(await settled(answer)).toEqual({ kind: 'done' })
  return { id: BigInt(id), news }
}

test('each request has its answer', async () => {
  const one = await begun()
  expect(await ask(one, OPEN)).toEqual({ kind: 'task-opened', task: TASK })
  expect(await ask(one, { kind: 'append-task', ...FIRST, record: bytes('b') })).toEqual({
    kind: 'done',
  })
  expect(await ask(one, { kind: 'read-task', ...FIRST, from: 1 })).toEqual({
    kind: 'task-records',
    records: [bytes('b')],
    more: false,
  })
  expect(await ask(one, { kind: 'replace-task', ...FIRST, record: bytes('c') })).toEqual({
    kind: 'done',
  })
  const store = { kind: 'store-task', ...FIRST, delaySeconds: 5, failure: 'later' } as const
  expect(await ask(one, store)).toEqual({ kind: 'done' })
  expect(await ask(one, store)).toMatchObject({ kind: 'refused', code: 'TASK_CLOSED' })
  const taken = await ask(one, { kind: 'take-task', task: TASK })
  expect(taken).toEqual({
    kind: 'task-handed-out',
    task: TASK,
    theme: 7,
    attempt: 1,
    repeats: 1,
    records: [bytes('c')],
    more: false,
  })
  expect(await ask(one, { kind: 'delete-task', task: TASK, attempt: 0 })).toMatchObject({
    code: 'STALE_ATTEMPT',
  })
  expect(await ask(one, { kind: 'delete-task', task: TASK, attempt: 1 })).toEqual({ kind: 'done' })
  expect(await ask(one, { kind: 'take-task', task: TASK })).toMatchObject({ code: 'NOT_FOUND' })
})

test('hand-outs come after the answer, until the end of the handling is answered', async () => {
  const one = await begun()
  const other = await begun()
  const { id, news } = await handled(other)
  await ask(one, OPEN)
  await ask(one, { kind: 'store-task', ...FIRST, delaySeconds: 0, failure: '' })
  await clock.settle()
  expect(news).toMatchObject([{ kind: 'task-handed-out', task: TASK, attempt: 1, repeats: 1 }])
  expect(await ask(other, { kind: 'stop-handling', target: id })).toEqual({ kind: 'done' })
  const back = { kind: 'store-task', task: TASK, attempt: 1, delaySeconds: 0, failure: '' } as const
  expect(await ask(other, back)).toEqual({ kind: 'done' })
  await clock.settle()
  expect(news).toHaveLength(1)
})

test('whoever leaves leaves his tasks to others', async () => {
  const one = await begun()
  const other = await begun()
  const { news } = await handled(other)
  await ask(one, OPEN)
  one.attachment.leave()
  await clock.settle()
  expect(news).toMatchObject([{ kind: 'task-handed-out', task: TASK, attempt: 1 }])
})

test('a handling that was refused is over', async () => {
  const one = await begun()
  const news: News[] = []
  const answer = new Promise<Answer>((resolve) => {
    const request = { kind: 'handle-theme', theme: 8, concurrency: 2 } as const
    one.attachment.send(request, resolve, (told) => void news.push(told))
  })
  expect(await settled(answer)).toMatchObject({ kind: 'refused', code: 'UNKNOWN_THEME' })
  expect(news).toEqual([])
})

/** The records of the task as people see them. */
async function read(): Promise<readonly Uint8Array[]> {
  const shown = await asked({ kind: 'show-task', task: TASK, from: 0 })
  return shown.kind === 'task-shown' ? shown.records : []
}

test('who overwrites what he sent, or got, changes nothing', async () => {
  const one = await begun()
  const { news } = await handled(one)
  const [first, second] = [bytes('a'), bytes('b')]
  const opening = one.ask({ kind: 'open-task', theme: 7, record: first })
  const appending = one.ask({ kind: 'append-task', ...FIRST, record: second })
  first.fill(0)
  second.fill(0)
  await settled(Promise.all([opening, appending]))
  for (const record of await read()) record.fill(0)
  const page = await ask(one, { kind: 'read-task', ...FIRST, from: 0 })
  if (page.kind === 'task-records') for (const record of page.records) record.fill(0)
  await ask(one, { kind: 'store-task', ...FIRST, delaySeconds: 0, failure: '' })
  await clock.settle()
  const [handedOut] = news
  expect(handedOut).toMatchObject({ records: [bytes('a'), bytes('b')] })
  if (handedOut?.kind === 'task-handed-out') {
    for (const record of handedOut.records) record.fill(0)
  }
  expect(await read()).toEqual([bytes('a'), bytes('b')])
})

test('people are told of themes and tasks', async () => {
  const one = await begun()
  await ask(one, OPEN)
  expect(await asked({ kind: 'list-themes' })).toEqual({
    kind: 'themes-listed',
    themes: [{ config: THEME, active: 1, stored: 0, dead: 0, handedOut: 0, handlers: 0 }],
  })
  const list = { kind: 'list-tasks', theme: null, after: bytes(''), limit: 0 } as const
  expect(await asked({ ...list, state: 'active' })).toMatchObject({
    kind: 'tasks-listed',
    tasks: [{ task: TASK, state: 'active', records: 1, recordBytes: 1 }],
    next: bytes(''),
  })
  const drop = { kind: 'drop-task', task: TASK } as const
  await expect(asked(drop)).rejects.toMatchObject({ code: 'PRECONDITION_FAILED' })
  await ask(one, { kind: 'store-task', ...FIRST, delaySeconds: 5, failure: '' })
  expect(await asked({ kind: 'requeue-task', task: TASK, delaySeconds: 9 })).toEqual({
    kind: 'done',
  })
  expect(await asked(drop)).toEqual({ kind: 'done' })
  await expect(asked(drop)).rejects.toMatchObject({
    code: 'NOT_FOUND',
    message: expect.stringMatching(/^cannot drop task 1\.1 in the log of "\/local\/app"/),
  })
})
