/** Semaphores and watches on the wire: results, orders, limits. The rules themselves are the kernel's and tested there. */
import { expect, test } from 'vitest'
import { serveNode } from './harness.ts'
import type { RawStream, RequestOneof, ResponseCase } from './raw-client.ts'

type ResponseWithStatus = Extract<ResponseCase, `${string}SemaphoreResult`>

const SUCCESS = 400_000
const BAD_REQUEST = 400_010
const ABORTED = 400_040
const PRECONDITION_FAILED = 400_120
const ALREADY_EXISTS = 400_130
const NOT_FOUND = 400_140
const FOR_EVER = 2n ** 64n - 1n

async function create(stream: RawStream, name: string, limit = 1n): Promise<void> {
  stream.send({ case: 'createSemaphore', value: { reqId: 100n, name, limit } })
  expect(await stream.next('createSemaphoreResult')).toMatchObject({ status: SUCCESS })
}

function acquire(stream: RawStream, reqId: bigint, more: object = {}): void {
  const value = { reqId, name: 's', count: 1n, timeoutMillis: FOR_EVER, ...more }
  stream.send({ case: 'acquireSemaphore', value })
}

test('a waiting acquire is told so once, and its result comes with the release', async () => {
  const { client } = await serveNode()
  const holder = await client.session()
  const waiter = await client.session()
  await create(holder, 's')
  acquire(holder, 1n)
  expect(await holder.next('acquireSemaphoreResult')).toMatchObject({ acquired: true })
  acquire(waiter, 2n)
  expect(await waiter.next('acquireSemaphorePending')).toMatchObject({ reqId: 2n })
  holder.send({ case: 'releaseSemaphore', value: { reqId: 3n, name: 's' } })
  expect(await holder.next('releaseSemaphoreResult')).toMatchObject({ reqId: 3n, released: true })
  const granted = await waiter.next('acquireSemaphoreResult')
  expect(granted).toMatchObject({ reqId: 2n, status: SUCCESS, acquired: true })
})

test('an acquire that asks once and misses is no error', async () => {
  const { client } = await serveNode()
  const holder = await client.session()
  const other = await client.session()
  await create(holder, 's')
  acquire(holder, 1n)
  await holder.next('acquireSemaphoreResult')
  acquire(other, 2n, { timeoutMillis: 0n })
  const missed = await other.next('acquireSemaphoreResult')
  expect(missed).toMatchObject({ reqId: 2n, status: SUCCESS, acquired: false })
})

test('a second acquire of the waiting session answers the first with ABORTED before its own pending', async () => {
  const { client } = await serveNode()
  const holder = await client.session()
  const waiter = await client.session()
  await create(holder, 's')
  acquire(holder, 1n)
  await holder.next('acquireSemaphoreResult')
  acquire(waiter, 2n)
  await waiter.next('acquireSemaphorePending')
  acquire(waiter, 3n)
  const aborted = await waiter.next('acquireSemaphoreResult')
  expect(aborted).toMatchObject({ reqId: 2n, status: ABORTED, acquired: false })
  expect(await waiter.next('acquireSemaphorePending')).toMatchObject({ reqId: 3n })
  waiter.send({ case: 'releaseSemaphore', value: { reqId: 4n, name: 's' } })
  expect(await waiter.next('acquireSemaphoreResult')).toMatchObject({ reqId: 3n, status: ABORTED })
  expect(await waiter.next('releaseSemaphoreResult')).toMatchObject({ released: true })
})

test('a release of nothing succeeds and says so', async () => {
  const { client } = await serveNode()
  const stream = await client.session()
  stream.send({ case: 'releaseSemaphore', value: { reqId: 1n, name: 'nothing' } })
  const result = await stream.next('releaseSemaphoreResult')
  expect(result).toMatchObject({ status: SUCCESS, released: false })
})

// guards: M2
test('each refused request is answered once with its status and changes nothing', async () => {
  const { client } = await serveNode()
  const stream = await client.session()
  await create(stream, 's', 4n)
  const name = 'x'.repeat(1025)
  const data = new Uint8Array(1_048_577)
  const reqId = 9n
  const refused: Array<[RequestOneof, ResponseWithStatus, number]> = [
    [
      { case: 'createSemaphore', value: { reqId, name: 's', limit: 4n } },
      'createSemaphoreResult',
      ALREADY_EXISTS,
    ],
    [
      { case: 'createSemaphore', value: { reqId, name: 'new', limit: 0n } },
      'createSemaphoreResult',
      BAD_REQUEST,
    ],
    [
      { case: 'createSemaphore', value: { reqId, name, limit: 1n } },
      'createSemaphoreResult',
      BAD_REQUEST,
    ],
    [
      { case: 'createSemaphore', value: { reqId, name: 'new', limit: 1n, data } },
      'createSemaphoreResult',
      BAD_REQUEST,
    ],
    [
      { case: 'updateSemaphore', value: { reqId, name: 's', data } },
      'updateSemaphoreResult',
      BAD_REQUEST,
    ],
    [
      { case: 'updateSemaphore', value: { reqId, name: 'none' } },
      'updateSemaphoreResult',
      NOT_FOUND,
    ],
    [
      { case: 'deleteSemaphore', value: { reqId, name: 'none' } },
      'deleteSemaphoreResult',
      NOT_FOUND,
    ],
    [
      { case: 'describeSemaphore', value: { reqId, name: 'none', watchData: true } },
      'describeSemaphoreResult',
      NOT_FOUND,
    ],
    [
      { case: 'acquireSemaphore', value: { reqId, name: 'none', count: 1n } },
      'acquireSemaphoreResult',
      NOT_FOUND,
    ],
    [
      { case: 'acquireSemaphore', value: { reqId, name: 's', count: 0n } },
      'acquireSemaphoreResult',
      BAD_REQUEST,
    ],
    [
      { case: 'acquireSemaphore', value: { reqId, name: 's', count: 5n } },
      'acquireSemaphoreResult',
      BAD_REQUEST,
    ],
    [
      {
        case: 'acquireSemaphore',
        value: { reqId, name: 's', count: 1n, timeoutMillis: 86_400_001n },
      },
      'acquireSemaphoreResult',
      BAD_REQUEST,
    ],
    [
      { case: 'acquireSemaphore', value: { reqId, name: 's', count: 1n, data } },
      'acquireSemaphoreResult',
      BAD_REQUEST,
    ],
    [
      { case: 'acquireSemaphore', value: { reqId, name: 's', count: 1n, ephemeral: true } },
      'acquireSemaphoreResult',
      PRECONDITION_FAILED,
    ],
    [
      { case: 'acquireSemaphore', value: { reqId, name, count: 1n, ephemeral: true } },
      'acquireSemaphoreResult',
      BAD_REQUEST,
    ],
  ]
  for (const [request, kind, status] of refused) {
    stream.send(request)
    expect(await stream.next(kind)).toMatchObject({ reqId, status })
  }
  stream.send({
    case: 'describeSemaphore',
    value: { name: 's', includeOwners: true, includeWaiters: true },
  })
  const { semaphoreDescription } = await stream.next('describeSemaphoreResult')
  expect(semaphoreDescription).toMatchObject({ count: 0n, limit: 4n, owners: [], waiters: [] })
})

// guards: M2
test('the largest values are accepted', async () => {
  const { client } = await serveNode()
  const stream = await client.session()
  const name = 'x'.repeat(1024)
  const data = new Uint8Array(1_048_576).fill(7)
  stream.send({ case: 'createSemaphore', value: { name, limit: FOR_EVER, data } })
  expect(await stream.next('createSemaphoreResult')).toMatchObject({ status: SUCCESS })
  const value = { name, count: FOR_EVER, timeoutMillis: 86_400_000n, data }
  stream.send({ case: 'acquireSemaphore', value })
  expect(await stream.next('acquireSemaphoreResult')).toMatchObject({ acquired: true })
  stream.send({ case: 'describeSemaphore', value: { name, includeOwners: true } })
  const { semaphoreDescription } = await stream.next('describeSemaphoreResult')
  const { data: stored, owners } = semaphoreDescription ?? { data: null, owners: [] }
  for (const bytes of [stored, owners[0]?.data]) {
    expect(Buffer.compare(bytes ?? new Uint8Array(0), data)).toBe(0)
  }
})

// guards: W1, W2
test('a watch fires once, after the result of the change that its own session made', async () => {
  const { client } = await serveNode()
  const stream = await client.session()
  await create(stream, 's')
  stream.send({ case: 'describeSemaphore', value: { reqId: 5n, name: 's', watchData: true } })
  expect(await stream.next('describeSemaphoreResult')).toMatchObject({ watchAdded: true })
  const update = { name: 's', data: Uint8Array.of(1) }
  stream.send({ case: 'updateSemaphore', value: { ...update, reqId: 6n } })
  expect(await stream.next('updateSemaphoreResult')).toMatchObject({ status: SUCCESS })
  const changed = await stream.next('describeSemaphoreChanged')
  expect(changed).toMatchObject({ reqId: 5n, dataChanged: true, ownersChanged: false })
  stream.send({ case: 'updateSemaphore', value: { name: 's', data: Uint8Array.of(2), reqId: 7n } })
  await stream.next('updateSemaphoreResult')
  stream.send({ case: 'ping', value: { opaque: 1n } })
  await stream.next('pong')
})

// guards: W1
test('a new watch replaces the old one, which is told with both flags false', async () => {
  const { client } = await serveNode()
  const stream = await client.session()
  await create(stream, 's')
  stream.send({ case: 'describeSemaphore', value: { reqId: 1n, name: 's', watchData: true } })
  await stream.next('describeSemaphoreResult')
  stream.send({ case: 'describeSemaphore', value: { reqId: 2n, name: 's', watchOwners: true } })
  const replaced = await stream.next('describeSemaphoreChanged')
  expect(replaced).toMatchObject({ reqId: 1n, dataChanged: false, ownersChanged: false })
  expect(await stream.next('describeSemaphoreResult')).toMatchObject({ reqId: 2n })
})

test('a deletion aborts waiters, fires watches and is answered last', async () => {
  const { client } = await serveNode()
  const stream = await client.session()
  const waiter = await client.session()
  await create(stream, 's')
  acquire(stream, 1n)
  await stream.next('acquireSemaphoreResult')
  acquire(waiter, 2n)
  await waiter.next('acquireSemaphorePending')
  stream.send({ case: 'describeSemaphore', value: { reqId: 3n, name: 's', watchOwners: true } })
  await stream.next('describeSemaphoreResult')
  stream.send({ case: 'deleteSemaphore', value: { reqId: 4n, name: 's' } })
  const refused = await stream.next('deleteSemaphoreResult')
  expect(refused).toMatchObject({ reqId: 4n, status: PRECONDITION_FAILED })
  stream.send({ case: 'deleteSemaphore', value: { reqId: 5n, name: 's', force: true } })
  const changed = await stream.next('describeSemaphoreChanged')
  expect(changed).toMatchObject({ reqId: 3n, dataChanged: true, ownersChanged: true })
  expect(await stream.next('deleteSemaphoreResult')).toMatchObject({ reqId: 5n, status: SUCCESS })
  expect(await waiter.next('acquireSemaphoreResult')).toMatchObject({ reqId: 2n, status: ABORTED })
})

test('request ids are echoed as they are, also 0, the largest, and the same one twice', async () => {
  const { client } = await serveNode()
  const stream = await client.session()
  await create(stream, 's', 2n)
  for (const reqId of [0n, FOR_EVER, 5n, 5n]) acquire(stream, reqId)
  for (const reqId of [0n, FOR_EVER, 5n, 5n]) {
    expect(await stream.next('acquireSemaphoreResult')).toMatchObject({ reqId, acquired: true })
  }
})
