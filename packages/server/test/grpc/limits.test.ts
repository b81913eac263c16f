/**
 * Each limit: what is just within it is served; what is one beyond is refused with one reply and no effect.
 *
 * guards: M2, M3, O1
 */
import { gzipSync } from 'node:zlib'
import { create, toBinary } from '@bufbuild/protobuf'
import { SessionRequestSchema } from '@ydbjs/api/coordination'
import { expect, test } from 'vitest'
import { serveNode } from './harness.ts'
import { assertPlain } from './plain-text.ts'
import type { RawStream, RequestOneof } from './raw-client.ts'
import { begin, frame, openHttp2, statusOf } from './raw-http2.ts'

const SUCCESS = 400_000
const BAD_REQUEST = 400_010
const NOT_FOUND = 400_140

const MIB = 1024 * 1024
const U64 = 2n ** 64n
const DAY_MS = 86_400_000n

const data = (length: number): Uint8Array => new Uint8Array(length).fill(7)
/** Text of so many bytes, two for each character but the last. */
const text = (length: number): string => 'é'.repeat(Math.floor(length / 2)) + 'x'.repeat(length % 2)

type Value<C extends RequestOneof['case']> = Extract<RequestOneof, { case: C }>['value']

const making = (value: Value<'createSemaphore'>): RequestOneof => ({
  case: 'createSemaphore',
  value: { name: 'new', limit: 1n, ...value },
})
const changing = (value: Value<'updateSemaphore'>): RequestOneof => ({
  case: 'updateSemaphore',
  value: { name: 'five', ...value },
})
const taking = (value: Value<'acquireSemaphore'>): RequestOneof => ({
  case: 'acquireSemaphore',
  value: { name: 'five', count: 1n, ...value },
})

/** The request within the limit, and the one beyond it. */
const LIMITS: ReadonlyArray<readonly [what: string, within: RequestOneof, beyond: RequestOneof]> = [
  ['name that is made', making({ name: text(1024) }), making({ name: text(1025) })],
  ['name in ASCII', making({ name: 'x'.repeat(1024) }), making({ name: 'x'.repeat(1025) })],
  [
    'name that is taken',
    taking({ name: text(1024), ephemeral: true }),
    taking({ name: text(1025), ephemeral: true }),
  ],
  ['data that are made', making({ data: data(MIB) }), making({ data: data(MIB + 1) })],
  ['data that are changed', changing({ data: data(MIB) }), changing({ data: data(MIB + 1) })],
  ['data of an acquire', taking({ data: data(MIB) }), taking({ data: data(MIB + 1) })],
  ['smallest limit', making({ limit: 1n }), making({ limit: 0n })],
  ['smallest count', taking({ count: 1n }), taking({ count: 0n })],
  ['largest count', taking({ count: 5n }), taking({ count: 6n })],
  ['count of all', taking({ count: 5n }), taking({ count: U64 - 1n })],
  ['longest wait', taking({ timeoutMillis: DAY_MS }), taking({ timeoutMillis: DAY_MS + 1n })],
  ['wait for ever', taking({ timeoutMillis: U64 - 1n }), taking({ timeoutMillis: U64 - 2n })],
]

interface Answer {
  readonly status: number
  readonly texts: readonly string[]
}

async function answerTo(stream: RawStream, request: RequestOneof): Promise<Answer> {
  stream.send(request)
  for (;;) {
    const response = await stream.take()
    if (response.value !== undefined && 'status' in response.value) {
      const { status, issues } = response.value
      return { status, texts: issues.map(({ message }) => message) }
    }
  }
}

/** All that others can see. */
async function seen(stream: RawStream): Promise<string> {
  stream.send({
    case: 'describeSemaphore',
    value: { name: 'five', includeOwners: true, includeWaiters: true },
  })
  const { semaphoreDescription } = await stream.next('describeSemaphoreResult')
  return JSON.stringify(semaphoreDescription, (_key, value: unknown) =>
    typeof value === 'bigint' ? `${value}` : value,
  )
}

test.for(LIMITS)('the limit of the %s is kept to the last unit', async ([, within, beyond]) => {
  const { client, server } = await serveNode()
  const stream = await client.session()
  await answerTo(stream, { case: 'createSemaphore', value: { name: 'five', limit: 5n } })
  const before = await seen(stream)
  const { semaphores } = server.statistics()
  const refused = await answerTo(stream, beyond)
  expect(refused.status).toBe(BAD_REQUEST)
  for (const one of refused.texts) assertPlain(one)
  expect(refused.texts).not.toEqual([])
  expect(await seen(stream)).toBe(before)
  expect(server.statistics().semaphores).toBe(semaphores)
  expect((await answerTo(stream, within)).status).toBe(SUCCESS)
  expect(stream.waiting).toEqual([])
})

/** What can only be asked of a semaphore that is there: none can be there with a name that is too long. */
test.for<[string, (name: string) => RequestOneof, number, number]>([
  ['describe', (name) => ({ case: 'describeSemaphore', value: { name } }), NOT_FOUND, NOT_FOUND],
  ['update', (name) => ({ case: 'updateSemaphore', value: { name } }), NOT_FOUND, BAD_REQUEST],
  ['delete', (name) => ({ case: 'deleteSemaphore', value: { name } }), NOT_FOUND, NOT_FOUND],
  ['release', (name) => ({ case: 'releaseSemaphore', value: { name } }), SUCCESS, SUCCESS],
])('to %s what has too long a name is answered once', async ([, asking, within, beyond]) => {
  const { client } = await serveNode()
  const stream = await client.session()
  expect((await answerTo(stream, asking(text(1024)))).status).toBe(within)
  expect((await answerTo(stream, asking(text(1025)))).status).toBe(beyond)
  expect(stream.waiting).toEqual([])
})

const MESSAGE_MAX = 4 * MIB

const start = toBinary(
  SessionRequestSchema,
  create(SessionRequestSchema, {
    request: { case: 'sessionStart', value: { path: '/local/node', timeoutMillis: 5_000n } },
  }),
)

/** A start with an unknown field behind it, so that it is so long. */
function startOf(length: number): Uint8Array {
  const head = 6
  const rest = length - start.length - head
  const size = [0, 7, 14, 21].map((shift) => ((rest >> shift) & 127) | (shift < 21 ? 128 : 0))
  return Buffer.concat([start, Buffer.from([0x9a, 6, ...size]), Buffer.alloc(rest)])
}

test.for([
  ['a plain message', false],
  ['a message that inflates', true],
] as const)('%s to 4 MiB is read, one to a byte more is not', async ([, isGzip]) => {
  const { server } = await serveNode()
  const headers = isGzip ? { 'grpc-encoding': 'gzip' } : {}
  const framed = (bytes: Uint8Array): Buffer => (isGzip ? frame(gzipSync(bytes), 1) : frame(bytes))
  expect(startOf(MESSAGE_MAX)).toHaveLength(MESSAGE_MAX)
  const within = begin(openHttp2(server.grpcAddress), headers)
  within.write(framed(startOf(MESSAGE_MAX)))
  await expect.poll(() => server.statistics().attachedSessions).toBe(1)
  const beyond = begin(openHttp2(server.grpcAddress), headers)
  beyond.write(framed(startOf(MESSAGE_MAX + 1)))
  expect(await statusOf(beyond)).toBe('8')
  expect(server.statistics().attachedSessions).toBe(1)
})

const HEADER_LIST_MAX = 16 * 1024
const HEADER_OVERHEAD = 32

test('headers of 16 KiB are taken, one byte more is refused', async () => {
  const { server } = await serveNode()
  const { host, port } = server.grpcAddress
  const sent = {
    ':method': 'POST',
    ':path': '/Ydb.Coordination.V1.CoordinationService/Session',
    ':scheme': 'http',
    ':authority': `${host}:${port}`,
    'content-type': 'application/grpc',
    te: 'trailers',
    'x-pad': '',
  }
  const bytes = Object.entries(sent).reduce(
    (sum, [name, value]) => sum + name.length + value.length + HEADER_OVERHEAD,
    0,
  )
  const padded = (length: number) => ({ 'x-pad': 'x'.repeat(length - bytes) })
  const within = begin(openHttp2(server.grpcAddress), padded(HEADER_LIST_MAX))
  within.write(frame(start))
  await expect.poll(() => server.statistics().attachedSessions).toBe(1)
  const beyond = begin(openHttp2(server.grpcAddress), padded(HEADER_LIST_MAX + 1))
  expect(await statusOf(beyond)).toBe('8')
})
