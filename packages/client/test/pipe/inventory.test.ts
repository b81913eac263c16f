/** What people see of a log, and do to it: a fake link answers page by page. holds: S2-19, S2-20 */
import type { TaskViewMessage } from '@tenure/protocol'
import { expect, test } from 'vitest'
import { Client } from '../../src/client.ts'
import { NotFoundError, UnavailableError } from '../../src/errors.ts'
import type { OperatorAnswer, OperatorQuestion } from '../../src/link/link.ts'
import type { Pipe } from '../../src/pipe/pipe.ts'
import type { TaskInfo } from '../../src/pipe/task-info.ts'
import { FakeClock } from '../fake-clock.ts'
import { FakeLink, fixedRandom, settled } from '../fake-link.ts'
import { bytes, untyped } from './fake-pipe.ts'

const NONE = new Uint8Array(0)

function view(index: bigint, given: Partial<TaskViewMessage> = {}): TaskViewMessage {
  return {
    task: { term: 3n, index },
    theme: 7,
    state: 'stored',
    attempt: 2,
    repeats: 1,
    records: 4,
    recordBytes: 40,
    changed: 9n,
    dueSecond: 1_800_000_000n,
    operator: 0n,
    failure: '',
    ...given,
  }
}

type Reply = (question: OperatorQuestion) => OperatorAnswer | Error

interface Asked {
  readonly pipe: Pipe
  readonly questions: OperatorQuestion[]
  readonly clock: FakeClock
}

function asked(reply: Reply): Asked {
  const questions: OperatorQuestion[] = []
  class AnsweringLink extends FakeLink {
    override ask = (_path?: string, question?: OperatorQuestion): Promise<OperatorAnswer> => {
      if (question === undefined) return Promise.reject(new Error('nothing was asked'))
      questions.push(question)
      const answer = reply(question)
      return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer)
    }
  }
  const clock = new FakeClock()
  const client = new Client(new AnsweringLink(), { clock, random: fixedRandom(1) })
  return { pipe: client.pipe('/local/test'), questions, clock }
}

async function all(tasks: AsyncIterable<TaskInfo>): Promise<string[]> {
  const ids: string[] = []
  for await (const { id } of tasks) ids.push(id.toString())
  return ids
}

test('tasks of all states are listed page by page, the active ones first', async () => {
  const { pipe, questions } = asked((question) => {
    if (question.kind !== 'list-tasks') return new Error('another question')
    const { state, after } = question
    if (state === 'active') return { kind: 'tasks-listed', tasks: [view(1n)], next: NONE }
    if (state === 'dead') return { kind: 'tasks-listed', tasks: [], next: NONE }
    return after.length === 0
      ? { kind: 'tasks-listed', tasks: [view(2n), view(3n)], next: bytes('there') }
      : { kind: 'tasks-listed', tasks: [view(4n)], next: NONE }
  })
  expect(await all(pipe.list())).toEqual(['3.1', '3.2', '3.3', '3.4'])
  const question = { kind: 'list-tasks', theme: null, after: NONE, limit: 1000 }
  expect(questions).toEqual([
    { ...question, state: 'active' },
    { ...question, state: 'stored' },
    { ...question, state: 'stored', after: bytes('there') },
    { ...question, state: 'dead' },
  ])
})

/** There is always another page. */
const endless: Reply = () => ({
  kind: 'tasks-listed',
  tasks: [view(1n), view(2n)],
  next: bytes('more'),
})

test('a list is asked for no further than it is read', async () => {
  const read = asked(endless)
  for await (const { id } of read.pipe.list({ state: 'stored' })) {
    if (id.index === 2n) break
  }
  expect(read.questions).toHaveLength(1)
  const bounded = asked(endless)
  expect(await all(bounded.pipe.list({ state: 'stored', theme: 5, limit: 3 }))).toHaveLength(3)
  expect(bounded.questions).toMatchObject([
    { theme: 5, limit: 3 },
    { theme: 5, limit: 1 },
  ])
})

test('a task is shown as it is', async () => {
  const { pipe } = asked(() => ({
    kind: 'tasks-listed',
    tasks: [
      view(1n),
      view(2n, { state: 'active', operator: 5n, dueSecond: 0n }),
      view(3n, { state: 'dead', failure: 'Error: no', dueSecond: 0n }),
    ],
    next: NONE,
  }))
  const infos: TaskInfo[] = []
  for await (const info of pipe.list({ state: 'stored' })) infos.push(info)
  const common = { theme: 7, attempt: 2, repeats: 1, recordsCount: 4, bytes: 40, changed: 9n }
  expect(infos.map(({ id, ...info }) => [id.toString(), info])).toEqual([
    [
      '3.1',
      { ...common, state: 'stored', dueSecond: 1_800_000_000, operator: null, failure: null },
    ],
    ['3.2', { ...common, state: 'active', dueSecond: null, operator: 5n, failure: null }],
    [
      '3.3',
      {
        ...common,
        state: 'dead',
        dueSecond: null,
        operator: null,
        failure: 'Error: no',
        status: 2001,
      },
    ],
  ])
})

test('a task is shown with all its records, however many pages they take', async () => {
  const { pipe, questions } = asked((question) => {
    const from = question.kind === 'show-task' ? question.from : -1
    const records = from === 0 ? [bytes('a'), bytes('b')] : [bytes('c')]
    return { kind: 'task-shown', view: view(1n), records, more: from === 0 }
  })
  const { records, recordsCount } = await pipe.show('3.1')
  expect(records).toEqual([bytes('a'), bytes('b'), bytes('c')])
  expect(recordsCount).toBe(4)
  const task = { term: 3n, index: 1n }
  expect(questions).toEqual([
    { kind: 'show-task', task, from: 0 },
    { kind: 'show-task', task, from: 2 },
  ])
})

test('S2-20: a dead task is requeued or dropped', async () => {
  const { pipe, questions } = asked(() => ({ kind: 'done' }))
  await pipe.requeue('3.1')
  await pipe.requeue('3.1', { delaySeconds: 5 })
  await pipe.drop({ term: 3n, index: 1n })
  const task = { term: 3n, index: 1n }
  expect(questions).toEqual([
    { kind: 'requeue-task', task, delaySeconds: 0 },
    { kind: 'requeue-task', task, delaySeconds: 5 },
    { kind: 'drop-task', task },
  ])
})

test('a drop whose answer was lost has dropped the task when there is none any more', async () => {
  let attempts = 0
  const { pipe, clock } = asked(() => {
    attempts += 1
    return attempts === 1 ? new UnavailableError('lost') : new NotFoundError('no such task')
  })
  const dropping = pipe.drop('3.1')
  await settled()
  clock.advance(100)
  await dropping
  expect(attempts).toBe(2)
})

test('a theme is configured and told', async () => {
  const { pipe, questions } = asked((question) =>
    question.kind === 'list-themes' ? { kind: 'themes-listed', themes: [] } : { kind: 'done' },
  )
  await pipe.configure(7, { name: 'pay', delaySeconds: 1 })
  expect(await pipe.themes()).toEqual([])
  expect(questions).toMatchObject([
    { kind: 'configure-theme', config: { theme: 7, name: 'pay', delaySeconds: 1 } },
    { kind: 'list-themes' },
  ])
})

test('an abort ends a list, and a call', async () => {
  const { pipe } = asked(() => ({ kind: 'tasks-listed', tasks: [view(1n)], next: bytes('x') }))
  const controller = new AbortController()
  const reason = new Error('enough')
  const reading = (async () => {
    for await (const _ of pipe.list({ state: 'stored' }, controller.signal)) {
      controller.abort(reason)
    }
  })()
  await expect(reading).rejects.toBe(reason)
  await expect(pipe.themes(controller.signal)).rejects.toBe(reason)
})

test('wrong arguments are refused before anything is asked', async () => {
  const { pipe, questions } = asked(() => ({ kind: 'done' }))
  await expect(pipe.show('x')).rejects.toThrow(RangeError)
  await expect(pipe.drop(untyped(5))).rejects.toThrow(TypeError)
  await expect(pipe.requeue('3.1', { delaySeconds: -1 })).rejects.toThrow(RangeError)
  await expect(pipe.configure(7, { concurrency: 0 })).rejects.toThrow(RangeError)
  expect(() => pipe.list({ state: untyped('lost') })).toThrow(RangeError)
  expect(() => pipe.list({ limit: 0 })).toThrow(RangeError)
  expect(questions).toHaveLength(0)
})
