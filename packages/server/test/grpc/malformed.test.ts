/**
 * Bytes that are no message, and frames that lie: the call ends, the text says why and no more, and nobody else notices.
 *
 * guards: M1, M2, M3
 */
import type { ClientHttp2Stream } from 'node:http2'
import { create, toBinary } from '@bufbuild/protobuf'
import { SessionRequestSchema } from '@ydbjs/api/coordination'
import { expect, test } from 'vitest'
import { ManualClock } from '../tablet/manual-clock.ts'
import { Canary } from './canary.ts'
import { serveNode } from './harness.ts'
import { assertPlain } from './plain-text.ts'
import { begin, frame, openHttp2 } from './raw-http2.ts'

const INVALID_ARGUMENT = '3'
const RESOURCE_EXHAUSTED = '8'
const INTERNAL = '13'

const START = toBinary(
  SessionRequestSchema,
  create(SessionRequestSchema, {
    request: { case: 'sessionStart', value: { path: '/local/node', timeoutMillis: 5_000n } },
  }),
)

/** An acquire: field 7, a message; its name: field 2, a string. */
const acquire = (...inner: number[]): Uint8Array => Uint8Array.of(0x3a, inner.length, ...inner)
const named = (...name: number[]): Uint8Array => acquire(0x12, name.length, ...name)

const MALFORMED: ReadonlyArray<readonly [what: string, message: Uint8Array]> = [
  ['a number that never ends', Uint8Array.of(0x08, ...Array.from({ length: 11 }, () => 0xff))],
  ['a number cut short', Uint8Array.of(0x08, 0x80)],
  ['field 0', Uint8Array.of(0x02, 0)],
  ['wire type 6', Uint8Array.of(0x0e)],
  ['wire type 7', Uint8Array.of(0x0f)],
  ['the end of a group that never began', Uint8Array.of(0x0c)],
  ['a group that never ends', Uint8Array.of(0x9b, 6, 0x08, 1)],
  ['a length beyond the end', Uint8Array.of(0x3a, 100, 0x12)],
  ['a length of 2^64-1', Uint8Array.of(0x3a, ...Array.from({ length: 9 }, () => 0xff), 1)],
  ['an inner length beyond its message', acquire(0x12, 9, 0x61)],
  ['a lone byte of a longer letter', named(0x80)],
  ['a letter cut short', named(0xe2, 0x82)],
  ['a letter written too long', named(0xc0, 0xaf)],
  ['half a surrogate pair', named(0xed, 0xa0, 0x80)],
  ['a letter beyond the last one', named(0xf4, 0x90, 0x80, 0x80)],
  ['a byte that is in no letter', named(0xff)],
  ['another byte order mark', named(0xfe, 0xff)],
]

interface End {
  readonly status: string
  readonly text: string
}

async function endOf(stream: ClientHttp2Stream): Promise<End> {
  return new Promise((resolve) => {
    const take = (headers: object): void => {
      const all = new Map(Object.entries(headers))
      if (!all.has('grpc-status')) return
      resolve({
        status: String(all.get('grpc-status')),
        text: decodeURIComponent(String(all.get('grpc-message') ?? '')),
      })
    }
    stream.on('response', take)
    stream.on('trailers', take)
    stream.on('close', () => resolve({ status: `reset ${stream.rstCode}`, text: '' }))
    stream.resume()
  })
}

test.for(MALFORMED)('%s ends a call that works, and one that begins', async ([, message]) => {
  const { server } = await serveNode()
  const canary = await Canary.beside(server.grpcAddress)
  const session = openHttp2(server.grpcAddress)
  for (const before of [[], [frame(START)]]) {
    const stream = begin(session)
    stream.write(Buffer.concat([...before, frame(message)]))
    const { status, text } = await endOf(stream)
    expect(status).toBe(INVALID_ARGUMENT)
    assertPlain(text)
  }
  await canary.sings()
  expect(server.statistics().semaphores).toBe(0)
})

/** Length prefixes that lie, in front of the bytes of a start. */
const lying = (length: number): Buffer => {
  const bytes = frame(START)
  bytes.writeUInt32BE(length, 1)
  return bytes
}

test.for([
  ['one byte too few', lying(START.length - 1), INVALID_ARGUMENT],
  ['2^32-1 bytes', lying(2 ** 32 - 1), RESOURCE_EXHAUSTED],
  ['4 MiB and a byte', lying(4 * 1024 * 1024 + 1), RESOURCE_EXHAUSTED],
  ['nothing, with something behind it', lying(0), INVALID_ARGUMENT],
] as const)('a frame that claims %s begins no session', async ([, bytes, status]) => {
  const { server } = await serveNode()
  const canary = await Canary.beside(server.grpcAddress)
  const stream = begin(openHttp2(server.grpcAddress))
  stream.write(bytes)
  const end = await endOf(stream)
  expect(end.status).toBe(status)
  assertPlain(end.text)
  await canary.sings()
})

test('a frame that promises more than comes holds its call for ten seconds, and then is told so', async () => {
  const clock = new ManualClock()
  const { server, client } = await serveNode({ clock })
  const working = await client.session()
  const stream = begin(openHttp2(server.grpcAddress))
  const ended = endOf(stream)
  stream.write(lying(START.length + 1))
  await expect.poll(() => server.statistics().attachedSessions).toBe(1)
  for (let second = 0; second < 11; second += 1) {
    await clock.advance(1_000)
    working.send({ case: 'ping', value: { opaque: 5n } })
    expect(await working.next('pong')).toMatchObject({ opaque: 5n })
  }
  expect(await ended).toMatchObject({ status: '4' })
})

test('a call that half-closes in the middle of a frame is no session', async () => {
  const { server } = await serveNode()
  const stream = begin(openHttp2(server.grpcAddress))
  stream.end(frame(START).subarray(0, -1))
  const { status } = await endOf(stream)
  expect(['0', INTERNAL]).toContain(status)
  expect(server.statistics()).toMatchObject({ sessions: 0, attachedSessions: 0 })
})
