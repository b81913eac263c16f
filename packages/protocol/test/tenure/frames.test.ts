/**
 * What frames may hold and what not: ids and their bounds, what only later versions know, and garbage.
 *
 * guards: M1, M2
 */
import { create, fromBinary, type MessageInitShape, toBinary } from '@bufbuild/protobuf'
import { expect, test } from 'vitest'
import {
  AnswerSchema,
  AskNodeSchema,
  AskSchema,
  type ClientFrame,
  ClientFrameSchema,
  ClientMessageSchema,
  Code,
  ServerFrameSchema,
  ServerMessageSchema,
} from '../../src/gen/tenure/v1/coordination_pb.ts'
import {
  type ClientMessage,
  CONNECT_PATH,
  decodeClientFrame,
  decodeServerFrame,
  encodeClientFrame,
  encodeServerFrame,
  type ServerMessage,
  WireError,
  WireWriter,
  writeClientMessage,
  writeServerMessage,
} from '../../src/index.ts'
import { TENURE_FILE } from '../../src/tenure-v1.ts'
import { made, member, plain } from './generated.ts'

const KEY = Uint8Array.of(1, 2, 3)
const NONE = new Uint8Array(0)

function get(id: number, channel = 1): ClientMessage {
  return { kind: 'ask', id, channel, operation: { kind: 'get-record', key: KEY } }
}

function generated(frame: MessageInitShape<typeof ClientFrameSchema>): ClientFrame {
  return create(ClientFrameSchema, frame)
}

/** A message with these bytes as its member of this number. */
function laterMember(number: number, bytes: readonly number[]): Uint8Array {
  const tag = [((number << 3) & 0x7f) | 2 | 0x80, number >> 4]
  const message = [...tag, bytes.length, ...bytes]
  return Uint8Array.from([0x0a, message.length, ...message])
}

test('an empty frame says nothing', () => {
  expect(decodeClientFrame(NONE)).toEqual([])
  expect(decodeServerFrame(NONE)).toEqual([])
  expect(encodeClientFrame([])).toHaveLength(0)
  expect(encodeServerFrame([])).toHaveLength(0)
})

test('a frame of 100,000 asks is read whole, in their order', () => {
  const asks = Array.from({ length: 100_000 }, (_none, index) => get(index + 1))
  const read = decodeClientFrame(encodeClientFrame(asks))
  expect(read.map((each) => each.kind === 'ask' && each.id)).toEqual(asks.map((_ask, at) => at + 1))
  expect(read.at(-1)).toEqual(asks.at(-1))
})

test('a value of 1 MiB goes through as it is', () => {
  const value = new Uint8Array(1_048_576).map((_zero, index) => index % 251)
  const operation = { kind: 'put-record', key: KEY, value, lease: null } as const
  const frame = encodeClientFrame([{ kind: 'ask', id: 2, channel: 1, operation }, get(3)])
  const [put, behind] = decodeClientFrame(frame)
  const written = put?.kind === 'ask' && put.operation.kind === 'put-record' && put.operation
  expect(written && Buffer.compare(written.value, value)).toBe(0)
  expect(behind).toEqual(get(3))
})

test('what is zero or empty and set differs from what is not set', () => {
  const acquire = { kind: 'acquire', name: '', count: 0n, timeoutMs: 0n } as const
  const messages: ClientMessage[] = [
    { ...acquire, data: NONE, ephemeral: false },
    { ...acquire, data: NONE, ephemeral: false, createLimit: 0n },
    { kind: 'put-record' as const, key: NONE, value: NONE, lease: null },
    { kind: 'put-record' as const, key: NONE, value: NONE, lease: 0n },
    { kind: 'delete-record' as const, key: NONE, ifVersion: 0n },
    { kind: 'watch-records' as const, start: NONE, end: NONE, fromVersion: 0n },
    { kind: 'watch-records' as const, start: NONE, end: null, fromVersion: 0n },
  ].map((operation, index) => ({ kind: 'ask', id: index + 2, channel: 1, operation }))
  expect(decodeClientFrame(encodeClientFrame(messages))).toStrictEqual(messages)
})

test('what was read does not change when the buffer is used again', () => {
  const frame = encodeClientFrame([get(2)])
  const read = decodeClientFrame(frame)
  frame.fill(0)
  expect(read).toEqual([get(2)])
})

const WRONG_IDS = [0, -1, 1.5, 2 ** 53, Number.NaN, Number.POSITIVE_INFINITY]

test.for(WRONG_IDS)('%d is no id, channel or target', (id) => {
  const messages: ClientMessage[] = [
    get(id),
    get(2, id),
    { kind: 'ping', id, periodMs: 1 },
    { kind: 'stop', channel: id },
    { kind: 'leave', channel: id },
    { kind: 'forget', channel: id, target: 1 },
    { kind: 'forget', channel: 1, target: id },
    { kind: 'ask-node', id, path: '/a', question: { kind: 'drop-node' } },
  ]
  for (const message of messages) {
    expect(() => encodeClientFrame([message])).toThrow(WireError)
  }
  const answers: ServerMessage[] = [
    { kind: 'answer', id, reply: { kind: 'done' } },
    { kind: 'pong', id },
    { kind: 'attached', channel: id, sessionId: 1n, timeoutMs: 1n },
    { kind: 'ended', channel: id, code: 'STOPPED', message: '' },
    { kind: 'notice', channel: id, notice: { kind: 'lease-ended', lease: 1n } },
    { kind: 'shown', ids: [1, id], description: null },
  ]
  for (const answer of answers) {
    expect(() => encodeServerFrame([answer])).toThrow(WireError)
  }
})

test.for([0n, 2n ** 53n, 2n ** 64n - 1n])('a frame with the id %d is refused whole', (id) => {
  const wrong = [
    { case: 'ask', value: { id, channel: 1n } },
    { case: 'ask', value: { id: 2n, channel: id } },
    { case: 'ping', value: { id } },
    { case: 'attach', value: { id } },
    { case: 'askNode', value: { id } },
    { case: 'stop', value: { channel: id } },
    { case: 'leave', value: { channel: id } },
    { case: 'forget', value: { channel: 1n, target: id } },
  ] as const
  for (const message of wrong) {
    const before = { message: { case: 'ping', value: { id: 1n } } } as const
    const frame = generated({ messages: [before, { message }] })
    expect(() => decodeClientFrame(toBinary(ClientFrameSchema, frame))).toThrow(WireError)
  }
})

test('the greatest id goes through', () => {
  const ask = get(Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER)
  expect(decodeClientFrame(encodeClientFrame([ask]))).toEqual([ask])
  const { messages } = fromBinary(ClientFrameSchema, plain(encodeClientFrame([ask])))
  expect(messages[0]?.message.value).toMatchObject({ id: 2n ** 53n - 1n, channel: 2n ** 53n - 1n })
})

test('a message that cannot be written leaves the frame as it was', () => {
  const writer = new WireWriter()
  writeClientMessage(writer, get(2))
  const operation = { kind: 'release', name: 'half of a pair: \ud800' } as const
  const spoilt: ClientMessage = { kind: 'ask', id: 3, channel: 1, operation }
  expect(() => writeClientMessage(writer, spoilt)).toThrow(WireError)
  writeClientMessage(writer, get(4))
  expect(decodeClientFrame(writer.take())).toEqual([get(2), get(4)])

  const pong: ServerMessage = { kind: 'pong', id: 5 }
  writeServerMessage(writer, pong)
  const reply = { kind: 'acquired', token: -1n } as const
  expect(() => writeServerMessage(writer, { kind: 'answer', id: 6, reply })).toThrow(WireError)
  expect(decodeServerFrame(writer.take())).toEqual([pong])
})

test.for([-1, 0.5, 2 ** 32])('%d does not fit a field of 32 bits', (periodMs) => {
  expect(() => encodeClientFrame([{ kind: 'ping', id: 1, periodMs }])).toThrow(WireError)
})

test('a member of a later version is known by its id, if it has one', () => {
  const bytes = Buffer.concat([
    laterMember(40, [0x08, 0x2a, 0x12, 1, 0x61]),
    laterMember(41, [0x12, 1, 0x61, 0x08, 0x2b]),
    laterMember(42, [0x10, 0x2a]),
    laterMember(43, [0xff]),
    laterMember(44, [0x0a, 1, 0x61]),
  ])
  const ids = [42, 43, 0, 0, 0]
  expect(decodeClientFrame(bytes)).toEqual(ids.map((id) => ({ kind: 'unknown', id })))
  const nothing = ids.map(() => ({ kind: 'unknown' }))
  expect(decodeServerFrame(bytes)).toEqual(nothing)
})

/** A field that holds these bytes. */
function within(tag: number, bytes: readonly number[]): number[] {
  return [tag, bytes.length, ...bytes]
}

test('what a later version adds beside what is known is passed over', () => {
  const later = [0xfa, 0x07, 1, 0xff, 0xf8, 0x07, 1]
  const release = within(0x22, [...within(0x0a, [0x61]), ...later])
  const ask = within(0x3a, [...later, 8, 5, 16, 1, ...release, ...later])
  const drop = within(0x42, [...later, 8, 6, ...within(0x2a, later), ...later])
  const messages = [ask, drop].flatMap((each) => within(0x0a, [...later, ...each, ...later]))
  expect(decodeClientFrame(Uint8Array.from([...later, ...messages, ...later]))).toEqual([
    { kind: 'ask', id: 5, channel: 1, operation: { kind: 'release', name: 'a' } },
    { kind: 'ask-node', id: 6, path: '', question: { kind: 'drop-node' } },
  ])

  const done = within(0x0a, [...later, 8, 5, ...within(0x1a, later), ...later])
  const ended = within(0x32, [...later, 8, 1, ...within(0x12, [8, 9, ...later]), ...later])
  const said = [done, ended].flatMap((each) => within(0x0a, [...later, ...each, ...later]))
  expect(decodeServerFrame(Uint8Array.from([...later, ...said, ...later]))).toEqual([
    { kind: 'answer', id: 5, reply: { kind: 'done' } },
    { kind: 'notice', channel: 1, notice: { kind: 'lease-ended', lease: 9n } },
  ])
})

test('ids of watches are read packed or one by one', () => {
  const [packed, single] = [
    [0x0a, 3, 5, 0x80, 1],
    [0x08, 5, 0x08, 0x80, 1],
  ]
  for (const ids of [packed, single]) {
    const shown = within(0x42, ids ?? [])
    expect(decodeServerFrame(Uint8Array.from(within(0x0a, shown)))).toEqual([
      { kind: 'shown', ids: [5, 128], description: null },
    ])
  }
})

test('a message in which nothing is set is unknown and has no id', () => {
  const bytes = Uint8Array.of(0x0a, 0, 0x0a, 0)
  expect(decodeClientFrame(bytes)).toEqual([
    { kind: 'unknown', id: 0 },
    { kind: 'unknown', id: 0 },
  ])
  expect(decodeServerFrame(bytes)).toEqual([{ kind: 'unknown' }, { kind: 'unknown' }])
})

test('an operation or a question of a later version is known by its id', () => {
  // id 5, channel 1, and an operation in field 59; id 6, and a question in field 59.
  const ask = [0x3a, 8, 0x08, 5, 0x10, 1, 0xda, 0x03, 1, 0xff]
  const askNode = [0x42, 6, 0x08, 6, 0xda, 0x03, 1, 0xff]
  const bytes = Uint8Array.from([0x0a, ask.length, ...ask, 0x0a, askNode.length, ...askNode])
  expect(decodeClientFrame(bytes)).toEqual([
    { kind: 'unknown', id: 5 },
    { kind: 'unknown', id: 6 },
  ])
})

/** A frame of a client with this member, with fields that the plain objects cannot hold. */
function asked(kind: string, fields: object): Uint8Array {
  const message = made(ClientMessageSchema, { message: member(ClientMessageSchema, kind, fields) })
  return toBinary(ClientFrameSchema, create(ClientFrameSchema, { messages: [message] }))
}

/** As `asked`, of a server. */
function said(kind: string, fields: object): Uint8Array {
  const message = made(ServerMessageSchema, { message: member(ServerMessageSchema, kind, fields) })
  return toBinary(ServerFrameSchema, create(ServerFrameSchema, { messages: [message] }))
}

const VERSION = { case: 'version', value: 1n }
const GET = { step: { case: 'get', value: { key: KEY } } }
const STRANGE: ReadonlyArray<readonly [part: string, list: string, values: object[]]> = [
  ['a comparison of a later version', 'compares', [{ key: KEY, is: 9, target: VERSION }]],
  ['no comparison', 'compares', [{ key: KEY, is: 0, target: VERSION }]],
  ['an order of values', 'compares', [{ key: KEY, is: 3, target: { case: 'value', value: KEY } }]],
  ['nothing to compare with', 'compares', [{ key: KEY, is: 1 }]],
  ['a step of a later version', 'then', [{}]],
  ['a step of a later version among others', 'otherwise', [GET, {}]],
]

test.for(STRANGE)('a transaction with %s is not understood at all', ([, list, values]) => {
  const operation = member(AskSchema, 'transact', { [list]: values })
  const bytes = asked('ask', { id: 9n, channel: 1n, operation })
  expect(decodeClientFrame(bytes)).toEqual([{ kind: 'unknown', id: 9 }])
})

test('an answer with a change of a later version is not understood', () => {
  const reply = member(AnswerSchema, 'records-changed', { changes: [{}], version: 4n })
  expect(decodeServerFrame(said('answer', { id: 2n, reply }))).toEqual([{ kind: 'unknown' }])
})

test('a code of a later version is a fault that nothing more is known of', () => {
  const refused = { kind: 'refused', code: 'INTERNAL', message: 'm' }
  for (const code of [0, 99, Code.STOPPED]) {
    const reply = member(AnswerSchema, 'refused', { code, message: 'm' })
    expect(decodeServerFrame(said('answer', { id: 2n, reply }))).toEqual([
      { kind: 'answer', id: 2, reply: refused },
    ])
  }
  expect(decodeServerFrame(said('ended', { channel: 3n, code: 99 }))).toEqual([
    { kind: 'ended', channel: 3, code: 'INTERNAL', message: '' },
  ])
})

test('a setting of a later version counts as not set', () => {
  const config = { readConsistency: 9, attachConsistency: 1, rateLimiterCounters: 7 }
  const question = member(AskNodeSchema, 'alter-node', { config })
  expect(decodeClientFrame(asked('ask-node', { id: 2n, question }))).toMatchObject([
    {
      question: {
        kind: 'alter-node',
        config: {
          readConsistency: 'unset',
          attachConsistency: 'strict',
          rateLimiterCounters: 'unset',
        },
      },
    },
  ])
})

test('what an answer is about is there, though empty, when the server has left it out', () => {
  const node = member(AnswerSchema, 'node-described', {})
  const explained = member(AnswerSchema, 'semaphore-explained', {})
  expect(decodeServerFrame(said('answer', { id: 2n, reply: node }))).toMatchObject([
    { reply: { kind: 'node-described', node: { path: '', config: { readConsistency: 'unset' } } } },
  ])
  expect(decodeServerFrame(said('answer', { id: 2n, reply: explained }))).toMatchObject([
    { reply: { kind: 'semaphore-explained', description: { name: '', limit: 0n, owners: [] } } },
  ])
})

const REFUSED: ReadonlyArray<readonly [why: string, bytes: number[]]> = [
  ['half a frame', [...encodeClientFrame([get(2)])].slice(0, -1)],
  [
    'a frame with half a message behind a whole one',
    [...encodeClientFrame([get(2)]), 0x0a, 9, 0x12],
  ],
  ['a name that is not UTF-8', [0x0a, 12, 0x3a, 10, 8, 5, 16, 1, 0x22, 4, 0x0a, 2, 0xc3, 0x28]],
  ['an operation that overruns its ask', [0x0a, 8, 0x3a, 6, 8, 5, 16, 1, 0x4a, 9]],
  // What stands behind the message would do as the value, and leave a frame that can be read.
  [
    'a number of 32 bits that its message does not hold',
    [0x0a, 5, 0x12, 3, 8, 5, 0x10, 1, 0x0a, 0],
  ],
  ['a flag that its message does not hold', [0x0a, 10, 0x3a, 8, 8, 5, 16, 1, 0x9a, 1, 1, 0x10, 1]],
  ['an id that its message does not hold', [0x0a, 3, 0x12, 1, 8, 1, 0x0a, 0]],
  ['an id of eleven bytes', [0x0a, 14, 0x12, 12, 8, ...Array.from({ length: 10 }, () => 0xff), 1]],
  ['field number 0', [0x02, 0]],
  ['wire type 7', [0x0f]],
  ['groups nested 200 deep', Array.from({ length: 200 }, () => 0x13)],
  ['100,000 bytes of garbage', Array.from({ length: 100_000 }, (_none, at) => (at * 7 + 3) % 256)],
]

test.for(REFUSED)('from a client, %s is refused', ([, bytes]) => {
  expect(() => decodeClientFrame(Uint8Array.from(bytes))).toThrow(WireError)
})

const PONG = [...encodeServerFrame([{ kind: 'pong', id: 300 }])]
const REFUSED_OF_SERVERS: typeof REFUSED = [
  ['half a frame', PONG.slice(0, -1)],
  ['a frame with half a message behind a whole one', [...PONG, 0x0a, 9, 0x12]],
  ['a text that is not UTF-8', [0x0a, 6, 0x12, 4, 0x1a, 2, 0xc3, 0x28]],
  ['an answer without an id', [0x0a, 4, 0x0a, 2, 0x1a, 0]],
  ['a channel above 2^53-1', [0x0a, 11, 0x22, 9, 8, ...Array.from({ length: 7 }, () => 0x80), 16]],
  ['groups nested 200 deep', Array.from({ length: 200 }, () => 0x13)],
]

test.for(REFUSED_OF_SERVERS)('from a server, %s is refused', ([, bytes]) => {
  expect(() => decodeServerFrame(Uint8Array.from(bytes))).toThrow(WireError)
})

test('groups are passed over as deep as the format wants', () => {
  const deep = [
    ...Array.from({ length: 99 }, () => 0x13),
    ...Array.from({ length: 99 }, () => 0x14),
  ]
  expect(decodeClientFrame(Uint8Array.from(deep))).toEqual([])
  expect(decodeServerFrame(Uint8Array.from(deep))).toEqual([])
})

test('the method of clients is what the proto file says', () => {
  const methods = TENURE_FILE.services.flatMap((service) =>
    service.methods.map((method) => ({
      path: `/${service.typeName}/${method.name}`,
      input: method.input,
      output: method.output,
      streaming: method.methodKind === 'bidi_streaming',
    })),
  )
  const [input, output] = [ClientFrameSchema, ServerFrameSchema]
  expect(methods).toEqual([{ path: CONNECT_PATH, input, output, streaming: true }])
})
