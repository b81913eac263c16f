/** What goes on after its answer, and until when the server keeps a client that it does not hear. guards: J3 */
import type { TaskHandedOutReply } from '@tenure/protocol'
import { expect, test } from 'vitest'
import type { News } from '../../../src/link/link.ts'
import { answers, turn } from './fake-server.ts'
import { type Joined, Stage } from './stage.ts'

const HANDLE = { kind: 'handle-theme', theme: 7, concurrency: 2 } as const
const DONE = { kind: 'done' } as const

function handedOut(index: bigint): TaskHandedOutReply {
  return {
    kind: 'task-handed-out',
    task: { term: 1n, index },
    theme: 7,
    attempt: 1,
    repeats: 1,
    records: [],
    more: false,
  }
}

test('hand-outs come after the answer, until the end of the handling is answered', async () => {
  const stage = new Stage()
  const { attachment } = await stage.join()
  const news: News[] = []
  const { got, take } = answers()
  const id = attachment.send(HANDLE, take, (told) => void news.push(told))
  stage.stream.answer(id, DONE)
  stage.stream.answer(id, handedOut(1n))
  stage.stream.answer(id, handedOut(2n))
  expect(got).toEqual([DONE])
  expect(news).toEqual([handedOut(1n), handedOut(2n)])
  const stopped = answers()
  const stop = attachment.send({ kind: 'stop-handling', target: BigInt(id) }, stopped.take)
  stage.stream.answer(id, handedOut(3n))
  stage.stream.answer(stop, DONE)
  stage.stream.answer(id, handedOut(4n))
  expect(stopped.got).toEqual([DONE])
  expect(news).toHaveLength(3)
})

test('a handling that was refused is over', async () => {
  const stage = new Stage()
  const { attachment } = await stage.join()
  const news: News[] = []
  const { got, take } = answers()
  const id = attachment.send(HANDLE, take, (told) => void news.push(told))
  const refusal = { kind: 'refused', code: 'UNKNOWN_THEME', message: 'says the test' } as const
  stage.stream.answer(id, refusal)
  stage.stream.answer(id, handedOut(1n))
  expect(got).toEqual([refusal])
  expect(news).toEqual([])
})

test('an end of a handling that was refused has ended nothing', async () => {
  const stage = new Stage()
  const { attachment } = await stage.join()
  const news: News[] = []
  const id = attachment.send(
    HANDLE,
    () => {},
    (told) => void news.push(told),
  )
  stage.stream.answer(id, DONE)
  const { got, take } = answers()
  const stop = attachment.send({ kind: 'stop-handling', target: BigInt(id) }, take)
  stage.stream.answer(stop, { kind: 'refused', code: 'OVERLOADED', message: '' })
  stage.stream.answer(id, handedOut(1n))
  expect(got).toMatchObject([{ code: 'OVERLOADED' }])
  expect(news).toHaveLength(1)
})

test('a task that was taken is an answer', async () => {
  const stage = new Stage()
  const { attachment } = await stage.join()
  const { got, take } = answers()
  const id = attachment.send({ kind: 'take-task', task: { term: 1n, index: 5n } }, take)
  stage.stream.answer(id, handedOut(5n))
  expect(got).toEqual([handedOut(5n)])
})

test('no hand-out is heard after leaving', async () => {
  const stage = new Stage()
  const { attachment } = await stage.join()
  const news: News[] = []
  const id = attachment.send(
    HANDLE,
    () => {},
    (told) => void news.push(told),
  )
  stage.stream.answer(id, DONE)
  attachment.leave()
  stage.stream.answer(id, handedOut(1n))
  expect(news).toEqual([])
})

/** Until when the server keeps the connection, from now, as the link has told last. */
function keptForMs(stage: Stage, { told }: Joined): number {
  const [untilMs = Number.NaN] = told.keptUntil.at(-1) ?? []
  return untilMs - stage.clock.monotonicMs()
}

test('the server keeps a client for two of the periods that were declared, from when it was heard', async () => {
  const stage = new Stage()
  const joined = await stage.join({ heartbeatMs: 2_500 })
  expect(keptForMs(stage, joined)).toBe(5_000)
  await turn()
  stage.clock.advance(100)
  expect(keptForMs(stage, joined)).toBe(4_900)
  // The ping was said at the start: its answer says no more than that.
  stage.pong()
  expect(keptForMs(stage, joined)).toBe(4_900)
  await stage.live(2_500, 100)
  stage.pong()
  expect(keptForMs(stage, joined)).toBeGreaterThan(4_800)
  expect(joined.told.keptUntil.at(-1)?.[1]).toBe(5_000)
})

test('an answer proves that its request was heard', async () => {
  const stage = new Stage()
  const joined = await stage.join({ heartbeatMs: 2_500 })
  stage.pong()
  stage.clock.advance(1_000)
  const { take } = answers()
  const id = joined.attachment.send({ kind: 'release', name: 'a' }, take)
  stage.clock.advance(200)
  stage.stream.answer(id, { kind: 'released', released: false })
  expect(keptForMs(stage, joined)).toBe(4_800)
})

test('another session that is more hurried makes the server less patient, and its end more patient again', async () => {
  const stage = new Stage()
  const patient = await stage.join({ heartbeatMs: 2_500 })
  stage.pong()
  const hurried = await stage.join({ heartbeatMs: 100 })
  // The ping that says so may be the last thing that the server hears: no period below 250 ms is declared.
  expect(keptForMs(stage, patient)).toBe(500)
  await turn()
  stage.clock.advance(50)
  stage.pong()
  expect(keptForMs(stage, patient)).toBe(450)
  hurried.attachment.leave()
  await stage.live(250, 50)
  // What was heard before it was told of the longer period is kept for the shorter one.
  expect(keptForMs(stage, patient)).toBeGreaterThan(4_500)
})
