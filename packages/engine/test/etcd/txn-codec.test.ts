import { create, fromBinary, toBinary } from '@bufbuild/protobuf'
import { expect, test } from 'vitest'
import {
  ResponseOpSchema,
  TxnRequestSchema,
  type TxnResponse,
  TxnResponseSchema,
} from '../../src/etcd/gen/etcd/v3/etcd_pb.ts'
import {
  isModifiedAt,
  isValue,
  put,
  read,
  readPage,
  remove,
  removeSpan,
} from '../../src/etcd/operation.ts'
import { readTxn, txnBytes } from '../../src/etcd/txn-codec.ts'

const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text))
const NOTHING = new Uint8Array()

test('a transaction is written as the generated code writes it', () => {
  const operations = [
    put(bytes('a'), bytes('1')),
    put(bytes('empty'), NOTHING),
    put(bytes('leased'), bytes('x'), 7_587_862_094_993_155_000n),
    put(bytes('long'), new Uint8Array(300_000).fill(9)),
    remove(bytes('b')),
    removeSpan({ key: bytes('c'), rangeEnd: bytes('d') }),
    read(bytes('e')),
    readPage({ key: bytes('f'), rangeEnd: bytes('g'), limit: 4096, revision: 1n << 40n }),
    readPage({ key: bytes('f'), rangeEnd: bytes('g'), limit: 1, revision: 0n, isKeysOnly: true }),
  ]
  const request = {
    compare: [
      isValue(bytes('m'), bytes('12 345')),
      isModifiedAt(bytes('n'), 0n),
      isModifiedAt(bytes('n'), 300n),
    ],
    success: operations,
    failure: operations.toReversed(),
  }
  const written = fromBinary(TxnRequestSchema, txnBytes(request))
  const generated = toBinary(TxnRequestSchema, create(TxnRequestSchema, request))
  expect(Buffer.compare(toBinary(TxnRequestSchema, written), generated)).toBe(0)
  expect(txnBytes({}).length).toBe(0)
})

test('an answer is read as the generated code reads it, but for what puts and deletes have said', () => {
  const responses = [
    create(ResponseOpSchema, {
      response: { case: 'responsePut', value: { header: { revision: 12n } } },
    }),
    create(ResponseOpSchema, {
      response: {
        case: 'responseRange',
        value: { kvs: [{ key: bytes('a'), value: bytes('1'), modRevision: 9n }], more: true },
      },
    }),
    create(ResponseOpSchema, { response: { case: 'responseDeleteRange', value: { deleted: 3n } } }),
  ]
  const answer = create(TxnResponseSchema, {
    header: { clusterId: 1n << 63n, revision: 12n, raftTerm: 3n },
    succeeded: true,
    responses,
  })
  const found: TxnResponse = readTxn(toBinary(TxnResponseSchema, answer))
  expect(found.header).toEqual(answer.header)
  expect(found.succeeded).toBe(true)
  expect(found.responses.map(({ response }) => response.case)).toEqual([
    undefined,
    'responseRange',
    undefined,
  ])
  expect(found.responses[1]).toEqual(answer.responses[1])
})
