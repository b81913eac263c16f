/**
 * Tasks that the server brings to the endpoint of their theme.
 *
 * holds: S2-01, S2-14, S2-15, S2-17, S2-18
 * guards: J2, J5
 */
import { type Client, connect, type HandOut, type Pipe, serve, serveHandlers } from 'tenure'
import { expect, test, vi } from 'vitest'
import { aborted, Arrivals, failure, PATH, PATIENCE, texts, THEME } from './worlds.ts'

interface Dialing extends AsyncDisposable {
  readonly client: Client
  readonly pipe: Pipe
}

async function dialing(): Promise<Dialing> {
  const serving = await serve({ listen: '127.0.0.1:0', http: null })
  const client = connect(serving.address)
  await client.createNode(PATH)
  return {
    client,
    pipe: client.pipe(PATH),
    async [Symbol.asyncDispose]() {
      await client.close()
      await serving.close()
    },
  }
}

const LISTEN = { listen: '127.0.0.1:0' }

test('S2-01, S2-14: the server brings a task with all its records, and it is deleted when the handler returns', async () => {
  await using world = await dialing()
  const arrivals = new Arrivals()
  await using handlers = await serveHandlers(
    { [THEME]: (handOut: HandOut) => arrivals.add(handOut) },
    LISTEN,
  )
  await world.pipe.configure(THEME, { delaySeconds: 0, handler: handlers.address })
  const task = await world.pipe.open(THEME, 'a')
  await task.append(new Uint8Array(900_000).fill(1))
  await task.append(new Uint8Array(900_000).fill(2))
  await task.store()
  const handOut = await arrivals.next()
  expect(handOut).toMatchObject({ path: PATH, theme: THEME, attempt: 1, repeats: 1 })
  expect(handOut.task.id).toEqual(task.id)
  expect(handOut.records.map((record) => record.length)).toEqual([1, 900_000, 900_000])
  await vi.waitFor(
    async () =>
      expect(await failure(world.pipe.show(task.id))).toMatchObject({ code: 'NOT_FOUND' }),
    PATIENCE,
  )
})

test('S2-15: what the handler writes is there the next time, and why it has failed is kept', async () => {
  await using world = await dialing()
  const arrivals = new Arrivals()
  const handler = async (handOut: HandOut): Promise<void> => {
    arrivals.add(handOut)
    await Promise.all([handOut.task.append('b'), handOut.task.append('c')])
    if (handOut.attempt === 1) throw new RangeError('the bank is closed')
    if (handOut.attempt === 2) return handOut.task.replace('d').then(() => handOut.task.store())
    await handOut.task.store(1000)
  }
  await using handlers = await serveHandlers({ [THEME]: handler }, LISTEN)
  await world.pipe.configure(THEME, { delaySeconds: 0, handler: handlers.address })
  const task = await world.pipe.open(THEME, 'a')
  await task.store()
  expect(texts((await arrivals.next()).records)).toEqual(['a'])
  const second = await arrivals.next()
  expect(texts(second.records)).toEqual(['a', 'b', 'c'])
  expect(texts((await arrivals.next()).records)).toEqual(['d'])
  await vi.waitFor(
    async () => expect(await world.pipe.show(task.id)).toMatchObject({ state: 'stored' }),
    PATIENCE,
  )
  expect(await world.pipe.show(task.id)).toMatchObject({ attempt: 3, recordsCount: 3 })
})

test('a task of a theme that nobody handles there goes back', async () => {
  await using world = await dialing()
  await using handlers = await serveHandlers({ 8: () => {} }, LISTEN)
  await world.pipe.configure(THEME, { delaySeconds: 1000, handler: handlers.address })
  const task = await world.pipe.open(THEME)
  await task.store(1)
  await world.pipe.requeue(task.id)
  await vi.waitFor(
    async () =>
      expect(await world.pipe.show(task.id)).toMatchObject({
        state: 'stored',
        attempt: 1,
        failure: expect.stringMatching(/nobody handles theme 7 here/),
      }),
    PATIENCE,
  )
})

test('a handler that takes too long has lost its task', async () => {
  await using world = await dialing()
  const ends: unknown[] = []
  const handler = async ({ task }: HandOut, signal: AbortSignal): Promise<void> => {
    ends.push(await aborted(signal), await failure(task.append('late')))
  }
  await using handlers = await serveHandlers({ [THEME]: handler }, LISTEN)
  const options = { delaySeconds: 1000, handlerSeconds: 1, handler: handlers.address }
  await world.pipe.configure(THEME, options)
  const task = await world.pipe.open(THEME, 'a')
  await task.store(1)
  await world.pipe.requeue(task.id)
  await vi.waitFor(() => expect(ends).toHaveLength(2), PATIENCE)
  expect(ends).toMatchObject([{ code: 'TASK_LOST' }, { code: 'TASK_LOST' }])
  expect(texts((await world.pipe.show(task.id)).records)).toEqual(['a'])
})

test('an endpoint that closes waits for what is at work', async () => {
  await using world = await dialing()
  const arrivals = new Arrivals()
  const work = new AbortController()
  const handler = async (handOut: HandOut): Promise<void> => {
    arrivals.add(handOut)
    await aborted(work.signal)
  }
  const handlers = await serveHandlers({ [THEME]: handler }, LISTEN)
  await world.pipe.configure(THEME, { delaySeconds: 0, handler: handlers.address })
  const task = await world.pipe.open(THEME)
  await task.store()
  const handOut = await arrivals.next()
  const closing = handlers.close()
  expect(handOut.task.signal.aborted).toBe(false)
  work.abort()
  await closing
  await handlers[Symbol.asyncDispose]()
  await vi.waitFor(
    async () =>
      expect(await failure(world.pipe.show(task.id))).toMatchObject({ code: 'NOT_FOUND' }),
    PATIENCE,
  )
  expect(arrivals.all).toHaveLength(1)
})

test('an endpoint that cannot listen says so', async () => {
  await using handlers = await serveHandlers({}, LISTEN)
  const listen = handlers.address.slice('grpc://'.length)
  const error = await failure(serveHandlers({}, { listen }))
  expect(error).toMatchObject({ code: 'UNAVAILABLE', message: expect.stringContaining(listen) })
  await expect(serveHandlers({}, { listen: 'nowhere' })).rejects.toThrow(RangeError)
  await expect(serveHandlers({ [-1]: () => {} }, LISTEN)).rejects.toThrow(RangeError)
})
