/**
 * A task that is driven here: its operations, its end, its loss. A fake link: what the server answers, and when, must be the test's choice.
 *
 * holds: S2-02, S2-04, S2-05, S2-06, S2-07, S2-08, S2-16, S2-19
 * guards: J1, J3
 */
import { expect, test } from 'vitest'
import {
  OverloadedError,
  StaleAttemptError,
  TaskClosedError,
  TaskLostError,
  TaskTooLargeError,
  UnavailableError,
  UnknownThemeError,
  UnsupportedError,
} from '../../src/errors.ts'
import type { Answer, RefusalCode } from '../../src/link/link.ts'
import { isFulfilled, settled } from '../fake-link.ts'
import { bytes, DONE, fakePipe, openedAnswer, rejectionOf, sentOf, untyped } from './fake-pipe.ts'

function refused(code: RefusalCode): Answer {
  return { kind: 'refused', code, message: 'says the test' }
}

test('S2-02: a task has its id when the server has it, with its first record', async () => {
  const { pipe, link, start } = fakePipe()
  const opening = pipe.open(7, 'first')
  await start()
  const [sent] = sentOf(link, 'open-task')
  expect(sent?.request).toEqual({ kind: 'open-task', theme: 7, record: bytes('first') })
  expect(await isFulfilled(opening)).toBe(false)
  sent?.answer(openedAnswer(17n))
  const task = await opening
  expect(task.id.toString()).toBe('3.17')
  expect(task).toMatchObject({ theme: 7, attempt: 0 })
  expect(task.signal.aborted).toBe(false)
})

test('S2-17: without such a theme no task is opened, and the error says what to do', async () => {
  const { pipe, link, start } = fakePipe()
  const failure = rejectionOf(pipe.open(7))
  await start()
  link.last.last.answer(refused('UNKNOWN_THEME'))
  const error = await failure
  expect(error).toBeInstanceOf(UnknownThemeError)
  expect(error).toMatchObject({
    code: 'UNKNOWN_THEME',
    status: 4000,
    retryable: false,
    message:
      'cannot open a task of theme 7 in the log of "/local/test": UNKNOWN_THEME: says the test; configure the theme first',
  })
})

test('a server without a log is named as such', async () => {
  const { pipe, link } = fakePipe()
  const failure = rejectionOf(pipe.open(7))
  link.last.start({ hasRecords: true })
  await settled()
  link.last.listener.ended({ kind: 'stopped' })
  expect(await failure).toBeInstanceOf(UnsupportedError)
  expect(await failure).toMatchObject({ message: expect.stringMatching(/has no log/) })
})

test('J1: operations go out in the order of the calls, without waiting for one another', async () => {
  const { link, opened } = fakePipe()
  const task = await opened()
  const before = link.last.sent.length
  const done = Promise.all([
    task.append('a'),
    task.replace('b'),
    task.append(new Uint8Array([1])),
    task.store(5),
  ])
  const sent = link.last.sent.slice(before)
  const bound = { task: { term: 3n, index: 1n }, attempt: 0 }
  expect(sent.map(({ request }) => request)).toEqual([
    { kind: 'append-task', ...bound, record: bytes('a') },
    { kind: 'replace-task', ...bound, record: bytes('b') },
    { kind: 'append-task', ...bound, record: new Uint8Array([1]) },
    { kind: 'store-task', ...bound, delaySeconds: 5, failure: '' },
  ])
  for (const { answer } of sent) answer(DONE)
  await done
})

test('S2-08: after the end, also while it is under way, nothing more is taken', async () => {
  const { opened, link } = fakePipe()
  const task = await opened()
  const deleting = task.delete()
  const early = await rejectionOf(task.append('late'))
  expect(early).toBeInstanceOf(TaskClosedError)
  expect(early).toMatchObject({
    status: 4000,
    message: 'cannot append to task 3.1: it is being deleted; nothing can follow that',
  })
  expect(task.signal.aborted).toBe(false)
  link.last.last.answer(DONE)
  await deleting
  expect(task.signal.reason).toBeInstanceOf(TaskClosedError)
  await expect(task.replace('x')).rejects.toThrow(/it was deleted/)
  await expect(task.store()).rejects.toThrow(TaskClosedError)
  await expect(task.delete()).rejects.toThrow(TaskClosedError)
})

test('a record that does not fit leaves the task as it was', async () => {
  const { opened, link } = fakePipe()
  const task = await opened()
  const failure = rejectionOf(task.append('big'))
  link.last.last.answer(refused('TASK_TOO_LARGE'))
  expect(await failure).toBeInstanceOf(TaskTooLargeError)
  expect(await failure).toMatchObject({ status: 2000 })
  expect(task.signal.aborted).toBe(false)
  const next = task.append('small')
  link.last.last.answer(DONE)
  await next
})

test('J3: who is told that somebody else drives the task stops', async () => {
  const { opened, link } = fakePipe()
  const [stale, closed] = [await opened(), await opened()]
  const failure = rejectionOf(stale.append('x'))
  link.last.last.answer(refused('STALE_ATTEMPT'))
  expect(await failure).toBeInstanceOf(StaleAttemptError)
  expect(stale.signal.reason).toBeInstanceOf(TaskLostError)
  await expect(stale.append('y')).rejects.toThrow(TaskLostError)
  const other = rejectionOf(closed.append('x'))
  link.last.last.answer(refused('TASK_CLOSED'))
  expect(await other).toBeInstanceOf(TaskClosedError)
  expect(closed.signal.aborted).toBe(true)
})

test('S2-19: a fault of the server has the number that the log has for it', async () => {
  const { opened, link } = fakePipe()
  const task = await opened()
  const failure = rejectionOf(task.append('x'))
  link.last.last.answer(refused('INTERNAL'))
  expect(await failure).toMatchObject({ code: 'INTERNAL', status: 1000 })
})

test('S2-16: a store is tried again until it is done', async () => {
  const { opened, link, clock } = fakePipe()
  const task = await opened()
  const storing = task.store()
  for (const code of ['OVERLOADED', 'UNAVAILABLE', 'INTERNAL'] as const) {
    const before = link.last.sent.length
    link.last.last.answer(refused(code))
    await settled()
    expect(link.last.sent).toHaveLength(before)
    clock.advance(2_000)
    await settled()
    expect(link.last.sent).toHaveLength(before + 1)
  }
  link.last.last.answer(DONE)
  await storing
  expect(sentOf(link, 'store-task')).toHaveLength(4)
})

test('an end of which an attempt before has been done is done', async () => {
  const { opened, link, clock } = fakePipe()
  const [deleted, refusedTask] = [await opened(), await opened()]
  const deleting = deleted.delete()
  link.last.last.answer(refused('UNAVAILABLE'))
  await settled()
  clock.advance(2_000)
  await settled()
  link.last.last.answer(refused('TASK_CLOSED'))
  await deleting
  // Overload does nothing, so this one was ended by somebody else.
  const other = rejectionOf(refusedTask.delete())
  link.last.last.answer(refused('OVERLOADED'))
  await settled()
  clock.advance(2_000)
  await settled()
  link.last.last.answer(refused('TASK_CLOSED'))
  expect(await other).toBeInstanceOf(TaskClosedError)
})

test('a delete that is refused for good leaves the task open', async () => {
  const { opened, link } = fakePipe()
  const task = await opened()
  const failure = rejectionOf(task.delete())
  link.last.last.answer(refused('INTERNAL'))
  await failure
  expect(task.signal.aborted).toBe(false)
  const storing = task.store()
  link.last.last.answer(DONE)
  await storing
})

test('a task that was not finished is stored when it is disposed of, once', async () => {
  const { opened, link } = fakePipe()
  const task = await opened()
  const disposing = task[Symbol.asyncDispose]()
  await settled()
  const [stored, ...others] = sentOf(link, 'store-task')
  expect(stored?.request).toMatchObject({ delaySeconds: 0, failure: '' })
  expect(others).toHaveLength(0)
  stored?.answer(DONE)
  await disposing
  await task[Symbol.asyncDispose]()
  expect(sentOf(link, 'store-task')).toHaveLength(1)
})

test('to dispose of a task waits for the end that is under way', async () => {
  const { opened, link } = fakePipe()
  const task = await opened()
  const deleting = task.delete()
  const disposing = task[Symbol.asyncDispose]()
  expect(await isFulfilled(disposing)).toBe(false)
  link.last.last.answer(DONE)
  await Promise.all([deleting, disposing])
  expect(sentOf(link, 'store-task')).toHaveLength(0)
})

test('S2-16: with its connection a task is lost, and what was sent has an unknown outcome', async () => {
  const { opened, link, reconnect } = fakePipe()
  const task = await opened()
  const failure = rejectionOf(task.append('x'))
  await reconnect()
  expect(await failure).toBeInstanceOf(TaskLostError)
  expect(await failure).toMatchObject({
    code: 'TASK_LOST',
    retryable: false,
    message:
      'cannot append to task 3.1: the connection to fake: was lost, so its outcome is unknown; the server stores the task, and it comes back to a handler',
  })
  expect(task.signal.reason).toBeInstanceOf(TaskLostError)
  await expect(task.delete()).rejects.toThrow(/it is not driven here any more/)
  await task[Symbol.asyncDispose]()
  await task[Symbol.asyncDispose]()
  // Nothing of it is said on the next attachment.
  expect(link.attachments).toHaveLength(2)
  expect(link.last.sent).toHaveLength(0)
})

test('a store that waits for its next attempt ends with the connection', async () => {
  const { opened, link } = fakePipe()
  const task = await opened()
  const failure = rejectionOf(task.store())
  link.last.last.answer(refused('UNAVAILABLE'))
  await settled()
  link.last.break()
  expect(await failure).toBeInstanceOf(TaskLostError)
})

test('an open that was not sent goes on after a reconnect, one that was sent does not', async () => {
  const { pipe, opened, link, reconnect, clock } = fakePipe()
  await opened()
  const sent = rejectionOf(pipe.open(7))
  await settled()
  link.last.break()
  const waiting = pipe.open(8)
  expect(await sent).toBeInstanceOf(UnavailableError)
  expect(await sent).toMatchObject({ message: expect.stringMatching(/outcome is unknown/) })
  while (link.attachments.length === 1) clock.advance(100)
  link.last.break()
  await reconnect()
  expect(sentOf(link, 'open-task').map(({ request }) => request.theme)).toEqual([8])
  link.last.last.answer(openedAnswer(9n))
  expect((await waiting).id.toString()).toBe('3.9')
})

test('an open waits ten seconds for a server that is away', async () => {
  const { pipe, clock, start, link } = fakePipe()
  const failure = rejectionOf(pipe.open(7))
  clock.advance(10_000)
  expect(await failure).toMatchObject({
    code: 'UNAVAILABLE',
    message: expect.stringMatching(/it was not done/),
  })
  const second = rejectionOf(pipe.open(7))
  await settled()
  await start()
  expect(sentOf(link, 'open-task')).toHaveLength(1)
  clock.advance(10_000)
  expect(await second).toMatchObject({ message: expect.stringMatching(/outcome is unknown/) })
})

test('a task that was opened after its open was given up is deleted', async () => {
  const { pipe, link, start } = fakePipe()
  const controller = new AbortController()
  const failure = rejectionOf(pipe.open(7, 'x', controller.signal))
  await start()
  controller.abort(new Error('enough'))
  expect(await failure).toBe(controller.signal.reason)
  link.last.last.answer(openedAnswer(5n))
  await settled()
  expect(link.last.last.request).toEqual({
    kind: 'delete-task',
    task: { term: 3n, index: 5n },
    attempt: 0,
  })
  link.last.last.answer(DONE)
})

test('an open that was given up before it was sent is never sent', async () => {
  const { pipe, link, clock } = fakePipe()
  const controller = new AbortController()
  const failure = rejectionOf(pipe.open(7, 'x', controller.signal))
  controller.abort(new Error('enough'))
  expect(await failure).toBe(controller.signal.reason)
  await settled()
  clock.advance(60_000)
  expect(link.attachments).toHaveLength(1)
  expect(link.last.isLeft).toBe(true)
  expect(clock.holders).toBe(0)
})

test('to abort a wait for an end does not take the end back', async () => {
  const { opened, link } = fakePipe()
  const task = await opened()
  const controller = new AbortController()
  const failure = rejectionOf(task.store(1, controller.signal))
  controller.abort(new Error('enough'))
  expect(await failure).toBe(controller.signal.reason)
  await expect(task.append('x')).rejects.toThrow(TaskClosedError)
  link.last.last.answer(DONE)
  await settled()
  expect(task.signal.reason).toMatchObject({ message: 'task 3.1 was stored' })
})

test('overload is told to who appends', async () => {
  const { opened, link } = fakePipe()
  const task = await opened()
  const failure = rejectionOf(task.append('x'))
  link.last.last.answer(refused('OVERLOADED'))
  expect(await failure).toBeInstanceOf(OverloadedError)
  expect(sentOf(link, 'append-task')).toHaveLength(1)
})

test('wrong arguments are refused before anything is sent', async () => {
  const { pipe, opened, link } = fakePipe()
  const task = await opened()
  const before = link.last.sent.length
  await expect(pipe.open(-1)).rejects.toThrow(RangeError)
  await expect(pipe.open(untyped('7'))).rejects.toThrow(TypeError)
  await expect(task.append(untyped(5))).rejects.toThrow(TypeError)
  await expect(task.append(new Uint8Array(1_048_577))).rejects.toThrow(RangeError)
  await expect(task.store(-1)).rejects.toThrow(RangeError)
  await expect(task.store(2 ** 31 + 1)).rejects.toThrow(RangeError)
  expect(link.last.sent).toHaveLength(before)
})

test('J3: a client that may have been given up has lost its tasks, and begins anew', async () => {
  const { opened, link, clock, pipe, start } = fakePipe()
  const task = await opened()
  const first = link.last
  const { signal } = task
  // The margin of a span of 5 s is 250 ms.
  first.listener.kept?.(clock.monotonicMs() + 5_000, 5_000)
  clock.advance(4_000)
  first.listener.kept?.(clock.monotonicMs() + 5_000, 5_000)
  clock.advance(4_749)
  expect(signal.aborted).toBe(false)
  clock.advance(1)
  expect(signal.reason).toBeInstanceOf(TaskLostError)
  expect(signal.reason).toMatchObject({ message: expect.stringMatching(/nothing was heard/) })
  // A sound connection gives the tasks back at once.
  expect(first.isStopped).toBe(true)
  const opening = pipe.open(7)
  await start(8n)
  expect(link.last).not.toBe(first)
  link.last.last.answer(openedAnswer(2n))
  await opening
})

test('J3: after a stall nothing is sent for a task that may be with somebody else', async () => {
  const { opened, link, clock } = fakePipe()
  const [one, other] = [await opened(), await opened()]
  const { last: attachment } = link
  const before = attachment.sent.length
  attachment.listener.kept?.(clock.monotonicMs() + 5_000, 5_000)
  clock.stall(5_000)
  await expect(one.append('x')).rejects.toThrow(TaskLostError)
  expect(other.signal.aborted).toBe(true)
  expect(attachment.sent).toHaveLength(before)
})

test('J3: a task that is lost in the turn in which it was opened is given as a lost one', async () => {
  const { pipe, start, link } = fakePipe()
  const opening = pipe.open(7)
  await start()
  link.last.last.answer(openedAnswer(1n))
  link.last.break()
  const task = await opening
  expect(task.signal.reason).toBeInstanceOf(TaskLostError)
  await expect(task.append('x')).rejects.toThrow(TaskLostError)
})

test('the process stays alive for what is asked, and not for a task that is at hand', async () => {
  const { opened, link, clock } = fakePipe()
  const task = await opened()
  expect(clock.holders).toBe(0)
  const appending = task.append('x')
  expect(clock.holders).toBe(1)
  link.last.last.answer(DONE)
  await appending
  expect(clock.holders).toBe(0)
})

test('with the client all its tasks end', async () => {
  const { opened, client, link } = fakePipe()
  const task = await opened()
  const appending = rejectionOf(task.append('x'))
  const closing = client.close()
  expect(link.last.isStopped).toBe(true)
  link.last.listener.ended({ kind: 'stopped' })
  await closing
  expect(await appending).toBeInstanceOf(TaskLostError)
  expect(task.signal.aborted).toBe(true)
  await expect(client.pipe('/local/test').open(7)).rejects.toMatchObject({ code: 'CLIENT_CLOSED' })
})
