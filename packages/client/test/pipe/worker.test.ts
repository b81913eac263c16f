/**
 * The handling of a theme through whatever happens to the connection. A fake link: hand-outs, breaks and answers must come when the test
 * wants.
 *
 * holds: S2-14, S2-15, S2-16
 * guards: J2, J3
 */
import { expect, test } from 'vitest'
import {
  ClientClosedError,
  NotFoundError,
  SessionClosedError,
  TaskLostError,
  UnavailableError,
  UnknownThemeError,
} from '../../src/errors.ts'
import type { Answer, RefusalCode } from '../../src/link/link.ts'
import type { HandOut, TaskHandler } from '../../src/pipe/hand-out.ts'
import type { ThemeWorker } from '../../src/pipe/worker.ts'
import { isFulfilled, settled } from '../fake-link.ts'
import {
  bytes,
  DONE,
  fakePipe,
  type FakePipe,
  handedOut,
  rejectionOf,
  sentOf,
  texts,
  untyped,
} from './fake-pipe.ts'

const nothing = (): void => {}

function refused(code: RefusalCode): Answer {
  return { kind: 'refused', code, message: 'says the test' }
}

/** A handler whose calls the test ends. */
class Hands {
  readonly calls: {
    readonly handOut: HandOut
    readonly signal: AbortSignal
    readonly end: (error?: unknown) => void
  }[] = []

  readonly handler: TaskHandler = (handOut, signal) =>
    new Promise<void>((resolve, reject) => {
      const end = (error?: unknown): void => (error === undefined ? resolve() : reject(error))
      this.calls.push({ handOut, signal, end })
    })
}

interface Handled extends FakePipe {
  readonly worker: ThemeWorker
  readonly hands: Hands
}

async function handled(concurrency = 2): Promise<Handled> {
  const world = fakePipe()
  const hands = new Hands()
  const handling = world.pipe.handle(7, hands.handler, { concurrency })
  await world.start()
  world.link.last.last.answer(DONE)
  return { ...world, hands, worker: await handling }
}

/** Brings a task to the latest subscription. */
function bring({ link }: FakePipe, ...given: Parameters<typeof handedOut>): void {
  sentOf(link, 'handle-theme')
    .at(-1)
    ?.told?.(handedOut(...given))
}

test('a theme is handled when the server has accepted it', async () => {
  const { pipe, start, link } = fakePipe()
  const handling = pipe.handle(7, nothing, { concurrency: 3 })
  await start()
  expect(link.last.last.request).toEqual({ kind: 'handle-theme', theme: 7, concurrency: 3 })
  expect(await isFulfilled(handling)).toBe(false)
  link.last.last.answer(DONE)
  expect((await handling).signal.aborted).toBe(false)
})

test('S2-14, S2-15: a task comes with all that it is, and is deleted when the handler returns', async () => {
  const world = await handled()
  const { hands, link } = world
  const records = [bytes('a'), bytes('b')]
  bring(world, 5n, { attempt: 4, repeats: 2, records })
  await settled()
  const [call] = hands.calls
  expect(call?.handOut).toMatchObject({ path: '/local/test', theme: 7, attempt: 4, repeats: 2 })
  expect(call?.handOut.task).toMatchObject({ theme: 7, attempt: 4 })
  expect(texts(call?.handOut.records ?? [])).toEqual(['a', 'b'])
  call?.end()
  await settled()
  expect(link.last.last.request).toEqual({
    kind: 'delete-task',
    task: { term: 3n, index: 5n },
    attempt: 4,
  })
})

test('S2-15: a task whose handler throws is stored with the text of the error', async () => {
  const world = await handled()
  bring(world, 5n)
  await settled()
  world.hands.calls[0]?.end(new RangeError('the bank is closed'))
  await settled()
  expect(world.link.last.last.request).toMatchObject({
    kind: 'store-task',
    delaySeconds: 0,
    failure: 'RangeError: the bank is closed',
  })
})

test('a handler that throws at once, or what is no error, is like any other', async () => {
  const { pipe, start, link } = fakePipe()
  const handling = pipe.handle(7, () => {
    // oxlint-disable-next-line no-throw-literal, typescript/only-throw-error -- programs do
    throw 'no'
  })
  await start()
  link.last.last.answer(DONE)
  await handling
  sentOf(link, 'handle-theme')[0]?.told?.(handedOut(5n))
  await settled()
  expect(link.last.last.request).toMatchObject({ kind: 'store-task', failure: 'no' })
})

test('a task that the handler has stored or deleted is left as it is', async () => {
  const world = await handled()
  const { hands, link } = world
  bring(world, 5n)
  bring(world, 6n)
  await settled()
  const [stored, deleted] = hands.calls
  // Not awaited: the worker waits for it.
  void stored?.handOut.task.store(30)
  stored?.end()
  void deleted?.handOut.task.delete()
  deleted?.end(new Error('too late'))
  await settled()
  const ends = (): string[] =>
    link.last.sent
      .map(({ request }) => request.kind)
      .filter((kind) => kind === 'store-task' || kind === 'delete-task')
  expect(ends()).toEqual(['store-task', 'delete-task'])
  for (const { request, answer } of link.last.sent) {
    if (request.kind === 'store-task' || request.kind === 'delete-task') answer(DONE)
  }
  await settled()
  expect(ends()).toHaveLength(2)
})

test('a handler that has tried in vain to store its task has not finished it', async () => {
  const world = await handled()
  bring(world, 5n)
  await settled()
  const [call] = world.hands.calls
  const storing = call?.handOut.task.store(30)
  storing?.catch(() => {})
  call?.end()
  world.link.last.last.answer(refused('INVALID_ARGUMENT'))
  await settled()
  expect(world.link.last.last.request).toMatchObject({
    kind: 'store-task',
    delaySeconds: 0,
    failure: expect.stringMatching(/^InvalidArgumentError: cannot store task 3\.5/),
  })
})

test('a task that cannot be deleted is stored', async () => {
  const world = await handled()
  bring(world, 5n)
  await settled()
  world.hands.calls[0]?.end()
  await settled()
  world.link.last.last.answer(refused('INTERNAL'))
  await settled()
  expect(world.link.last.last.request).toMatchObject({
    kind: 'store-task',
    failure: expect.stringMatching(/^InternalError/),
  })
})

test('records beyond the first page are read before the handler is called', async () => {
  const world = await handled()
  const { hands, link } = world
  bring(world, 5n, { records: [bytes('a'), bytes('b')], more: true })
  await settled()
  expect(hands.calls).toHaveLength(0)
  expect(link.last.last.request).toMatchObject({ kind: 'read-task', from: 2, attempt: 1 })
  link.last.last.answer({ kind: 'task-records', records: [bytes('c')], more: true })
  await settled()
  expect(link.last.last.request).toMatchObject({ kind: 'read-task', from: 3 })
  link.last.last.answer({ kind: 'task-records', records: [bytes('d')], more: false })
  await settled()
  expect(texts(hands.calls[0]?.handOut.records ?? [])).toEqual(['a', 'b', 'c', 'd'])
})

test('a task whose records cannot be read goes back', async () => {
  const world = await handled()
  bring(world, 5n, { more: true })
  await settled()
  world.link.last.last.answer(refused('INTERNAL'))
  await settled()
  expect(world.hands.calls).toHaveLength(0)
  expect(world.link.last.last.request).toMatchObject({
    kind: 'store-task',
    failure: expect.stringMatching(/cannot read the records of task 3\.5/),
  })
})

test('S2-16: when the connection breaks its tasks are lost, and the theme is handled anew', async () => {
  const world = await handled(2)
  const { hands, link, reconnect } = world
  bring(world, 5n)
  await settled()
  const [call] = hands.calls
  expect(call?.signal.aborted).toBe(false)
  await reconnect()
  expect(call?.signal.reason).toBeInstanceOf(TaskLostError)
  // The handler has not settled: one place of two is free.
  expect(link.last.sent.map(({ request }) => request)).toEqual([
    { kind: 'handle-theme', theme: 7, concurrency: 1 },
  ])
  link.last.last.answer(DONE)
  call?.end()
  await settled()
  // Nothing is said of the lost task; its place is free again.
  expect(link.last.sent.map(({ request }) => request)).toEqual([
    { kind: 'handle-theme', theme: 7, concurrency: 1 },
    { kind: 'handle-theme', theme: 7, concurrency: 1 },
  ])
})

test('J3: what is handed to a client that may have been given up is not begun', async () => {
  const world = await handled(2)
  const { clock, hands, link } = world
  const [asked] = sentOf(link, 'handle-theme')
  link.last.listener.kept?.(clock.monotonicMs() + 5_000, 5_000)
  clock.advance(5_000)
  asked?.told?.(handedOut(5n))
  await settled()
  expect(hands.calls).toEqual([])
})

test('places that become free together are asked for together', async () => {
  const world = await handled(3)
  for (const index of [5n, 6n, 7n]) bring(world, index)
  await settled()
  await world.reconnect()
  expect(world.link.last.sent).toHaveLength(0)
  for (const call of world.hands.calls) call.end()
  await settled()
  const asked = sentOf(world.link, 'handle-theme').map(({ request }) => request.concurrency)
  expect(asked.reduce((sum, each) => sum + each, 0)).toBe(3)
})

test('a handler that settles while there is no connection frees its place for the next', async () => {
  const world = await handled(2)
  bring(world, 5n)
  await settled()
  world.link.last.break()
  world.hands.calls[0]?.end()
  await settled()
  while (world.link.attachments.length === 1) world.clock.advance(100)
  await world.start()
  expect(sentOf(world.link, 'handle-theme').map(({ request }) => request.concurrency)).toEqual([2])
})

test('the theme is handled anew in the next session when its session is lost', async () => {
  const world = await handled(2)
  world.link.last.refuse('SESSION_EXPIRED')
  await settled()
  await world.start(8n)
  expect(world.link.attachments).toHaveLength(2)
  expect(world.link.last.request.sessionId).toBe(0n)
  expect(world.link.last.last.request).toMatchObject({ kind: 'handle-theme', concurrency: 2 })
})

test('a server that cannot accept for now is asked again', async () => {
  const { pipe, link, clock, start } = fakePipe()
  const handling = pipe.handle(7, nothing)
  await start()
  link.last.last.answer(refused('OVERLOADED'))
  await settled()
  clock.advance(2_000)
  await settled()
  expect(sentOf(link, 'handle-theme')).toHaveLength(2)
  link.last.last.answer(DONE)
  await handling
})

test('without such a theme nothing is handled', async () => {
  const { pipe, link, start, clock } = fakePipe()
  const failure = rejectionOf(pipe.handle(7, nothing))
  await start()
  link.last.last.answer(refused('UNKNOWN_THEME'))
  expect(await failure).toBeInstanceOf(UnknownThemeError)
  await settled()
  expect(clock.holders).toBe(0)
})

test('a worker ends when the node is gone', async () => {
  const { link, worker } = await handled()
  link.last.refuse('NOT_FOUND')
  await settled()
  link.last.refuse('NOT_FOUND')
  await settled()
  expect(worker.signal.reason).toBeInstanceOf(NotFoundError)
})

test('a server that is away is waited for ten seconds, and for ever once it has accepted', async () => {
  const { pipe, clock } = fakePipe()
  const failure = rejectionOf(pipe.handle(7, nothing))
  clock.advance(10_000)
  expect(await failure).toBeInstanceOf(UnavailableError)
  const { worker, link, clock: later, start } = await handled()
  link.last.break()
  for (let minute = 0; minute < 60; minute += 1) {
    later.advance(60_000)
    await settled()
  }
  expect(worker.signal.aborted).toBe(false)
  await start(9n)
  expect(link.last.last.request).toMatchObject({ kind: 'handle-theme', concurrency: 2 })
})

test('a worker that is closed takes nothing more, and waits for what is at work', async () => {
  const world = await handled(2)
  const { worker, hands, link, clock } = world
  bring(world, 5n)
  await settled()
  const closing = worker.close()
  const [subscription] = sentOf(link, 'handle-theme')
  const id = link.last.sent.findIndex(({ request }) => request === subscription?.request)
  expect(link.last.last.request).toEqual({ kind: 'stop-handling', target: BigInt(id) })
  const stopped = link.last.last
  // It has crossed the stop: it was handed out, so it is done.
  bring(world, 6n)
  stopped.answer(DONE)
  await settled()
  expect(hands.calls).toHaveLength(2)
  hands.calls[0]?.end()
  await settled()
  link.last.last.answer(DONE)
  hands.calls[1]?.end()
  await settled()
  expect(await isFulfilled(closing)).toBe(false)
  link.last.last.answer(DONE)
  await closing
  expect(worker.signal.reason).toBeInstanceOf(SessionClosedError)
  await worker[Symbol.asyncDispose]()
  expect(clock.holders).toBe(0)
})

test('a worker that is closed is not handled anew, and its tasks are lost with the connection', async () => {
  const world = await handled(2)
  bring(world, 5n)
  await settled()
  const closing = world.worker.close()
  world.link.last.break()
  await settled()
  expect(world.hands.calls[0]?.signal.aborted).toBe(true)
  expect(await isFulfilled(closing)).toBe(false)
  world.hands.calls[0]?.end()
  await closing
  world.clock.advance(1_000)
  await world.start()
  expect(world.link.last.sent).toHaveLength(0)
})

test('a signal closes the worker, or gives up the wait for one', async () => {
  const { pipe, link, start } = fakePipe()
  const controller = new AbortController()
  const handling = pipe.handle(7, nothing, {}, controller.signal)
  await start()
  link.last.last.answer(DONE)
  const worker = await handling
  const early = new AbortController()
  const failure = rejectionOf(pipe.handle(8, nothing, {}, early.signal))
  await settled()
  early.abort(new Error('enough'))
  expect(await failure).toBe(early.signal.reason)
  expect(link.last.last.request).toMatchObject({ kind: 'stop-handling' })
  controller.abort()
  expect(link.last.last.request).toMatchObject({ kind: 'stop-handling' })
  link.last.last.answer(DONE)
  await settled()
  expect(worker.signal.reason).toBeInstanceOf(SessionClosedError)
})

test('with the client a worker ends', async () => {
  const world = await handled()
  bring(world, 5n)
  await settled()
  const closing = world.client.close()
  world.link.last.listener.ended({ kind: 'stopped' })
  await closing
  expect(world.worker.signal.reason).toBeInstanceOf(ClientClosedError)
  expect(world.hands.calls[0]?.signal.aborted).toBe(true)
  await expect(world.pipe.handle(7, nothing)).rejects.toThrow(ClientClosedError)
})

test('the process stays alive for a worker', async () => {
  const { clock, worker, link } = await handled()
  expect(clock.holders).toBe(1)
  const closing = worker.close()
  link.last.last.answer(DONE)
  await closing
  expect(clock.holders).toBe(0)
})

test('wrong arguments are refused before anything is sent', async () => {
  const { pipe, link } = fakePipe()
  await expect(pipe.handle(-1, nothing)).rejects.toThrow(RangeError)
  await expect(pipe.handle(7, untyped(5))).rejects.toThrow(TypeError)
  await expect(pipe.handle(7, nothing, { concurrency: 0 })).rejects.toThrow(RangeError)
  await expect(pipe.handle(7, nothing, untyped(4))).rejects.toThrow(TypeError)
  expect(link.attachments).toHaveLength(0)
})
