/**
 * Transactions to and from bytes, by hand: one has hundreds of operations, and the generated code takes longer for it than etcd does. A test holds
 * it to the generated code.
 */
import { create, fromBinary, type MessageInitShape } from '@bufbuild/protobuf'
import { BinaryReader, WireType } from '@bufbuild/protobuf/wire'
import {
  type RangeRequestSchema,
  type ResponseOp,
  ResponseHeaderSchema,
  ResponseOpSchema,
  type TxnRequestSchema,
  type TxnResponse,
  TxnResponseSchema,
} from './gen/etcd/v3/etcd_pb.ts'
import type { Compare, Operation } from './operation.ts'

/** A number that is written although it is zero. */
const ZERO = 'zero'

type Value = Uint8Array | bigint | typeof ZERO

/** A message by the numbers of its fields; what is zero or empty is left out. */
type Fields = readonly (readonly [field: number, value: Value | Fields])[]

const RESPONSE_RANGE = 1
const NOTHING = new Uint8Array()

export function txnBytes(request: MessageInitShape<typeof TxnRequestSchema>): Buffer {
  const { compare = [], success = [], failure = [] } = request
  const message: Fields = [
    ...compare.map((one) => [1, compareFields(one)] as const),
    ...success.map((one) => [2, operationFields(one)] as const),
    ...failure.map((one) => [3, operationFields(one)] as const),
  ]
  const bytes = Buffer.allocUnsafe(sizeOf(message))
  write(message, bytes, 0)
  return bytes
}

/** What puts and deletes have answered is left empty: nobody asks for it. */
export function readTxn(bytes: Uint8Array): TxnResponse {
  const reader = new BinaryReader(bytes)
  const responses: ResponseOp[] = []
  const message = create(TxnResponseSchema, { responses })
  while (reader.pos < reader.len) {
    const [field, type] = reader.tag()
    if (field === 1) message.header = fromBinary(ResponseHeaderSchema, reader.bytes())
    else if (field === 2) message.succeeded = reader.bool()
    else if (field === 3) message.responses.push(responseOf(reader.bytes()))
    else reader.skip(type)
  }
  return message
}

const EMPTY_RESPONSE = create(ResponseOpSchema)

function responseOf(bytes: Uint8Array): ResponseOp {
  const isRange = bytes[0] === ((RESPONSE_RANGE << 3) | WireType.LengthDelimited)
  return isRange ? fromBinary(ResponseOpSchema, bytes) : EMPTY_RESPONSE
}

function compareFields({ result = 0, target = 0, key = NOTHING, targetUnion }: Compare): Fields {
  const [field, value] = operandOf(targetUnion)
  return [
    [1, BigInt(result)],
    [2, BigInt(target)],
    [3, key],
    // Of a choice also what is zero is written.
    [field, value === 0n ? ZERO : value],
  ]
}

function operandOf(target: Compare['targetUnion']): readonly [number, Uint8Array | bigint] {
  if (target?.case === 'value') return [7, target.value]
  if (target?.case === 'modRevision') return [6, target.value]
  throw new TypeError(`the engine compares values and revisions, not ${target?.case}`)
}

function operationFields({ request }: Operation): Fields {
  if (request?.case === 'requestPut') {
    const { key = NOTHING, value = NOTHING, lease = 0n } = request.value
    return [
      [
        2,
        [
          [1, key],
          [2, value],
          [3, lease],
        ],
      ],
    ]
  }
  if (request?.case === 'requestDeleteRange') {
    const { key = NOTHING, rangeEnd = NOTHING } = request.value
    return [
      [
        3,
        [
          [1, key],
          [2, rangeEnd],
        ],
      ],
    ]
  }
  return request?.case === 'requestRange' ? [[1, rangeFields(request.value)]] : []
}

function rangeFields(request: MessageInitShape<typeof RangeRequestSchema>): Fields {
  const { key = NOTHING, rangeEnd = NOTHING, limit = 0n, revision = 0n, keysOnly } = request
  return [
    [1, key],
    [2, rangeEnd],
    [3, limit],
    [4, revision],
    [8, keysOnly === true ? 1n : 0n],
  ]
}

function sizeOf(fields: Fields): number {
  let size = 0
  for (const [, value] of fields) {
    if (value === ZERO) {
      size += 2
    } else if (typeof value === 'bigint') {
      if (value !== 0n) size += 1 + varintSize(value)
    } else if (value instanceof Uint8Array) {
      if (value.length > 0) size += 1 + varintSize(value.length) + value.length
    } else {
      const inner = sizeOf(value)
      size += 1 + varintSize(inner) + inner
    }
  }
  return size
}

/** @returns where the next byte goes */
function write(fields: Fields, bytes: Buffer, start: number): number {
  let at = start
  for (const [field, value] of fields) {
    if (value === ZERO) {
      bytes[at] = (field << 3) | WireType.Varint
      bytes[at + 1] = 0
      at += 2
    } else if (typeof value === 'bigint') {
      if (value === 0n) continue
      bytes[at] = (field << 3) | WireType.Varint
      at = writeVarint(value, bytes, at + 1)
    } else if (value instanceof Uint8Array) {
      if (value.length === 0) continue
      bytes[at] = (field << 3) | WireType.LengthDelimited
      at = writeVarint(value.length, bytes, at + 1)
      bytes.set(value, at)
      at += value.length
    } else {
      bytes[at] = (field << 3) | WireType.LengthDelimited
      at = writeVarint(sizeOf(value), bytes, at + 1)
      at = write(value, bytes, at)
    }
  }
  return at
}

function varintSize(value: number | bigint): number {
  let size = 1
  if (typeof value === 'number') {
    for (let rest = value >>> 7; rest > 0; rest >>>= 7) size += 1
  } else {
    for (let rest = BigInt.asUintN(64, value) >> 7n; rest > 0n; rest >>= 7n) size += 1
  }
  return size
}

function writeVarint(value: number | bigint, bytes: Buffer, start: number): number {
  let at = start
  if (typeof value === 'number') {
    let rest = value
    for (; rest > 0x7f; rest >>>= 7) bytes[at++] = (rest & 0x7f) | 0x80
    bytes[at++] = rest
  } else {
    let rest = BigInt.asUintN(64, value)
    for (; rest > 0x7fn; rest >>= 7n) bytes[at++] = Number(rest & 0x7fn) | 0x80
    bytes[at++] = Number(rest)
  }
  return at
}
