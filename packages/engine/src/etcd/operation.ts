/** Requests in the words of the engine. */
import type { MessageInitShape } from '@bufbuild/protobuf'
import {
  Compare_CompareResult as Result,
  Compare_CompareTarget as Target,
  type CompareSchema,
  type KeyValue,
  type RequestOpSchema,
  type TxnResponse,
} from './gen/etcd/v3/etcd_pb.ts'
import type { Span } from './layout.ts'

export type Compare = MessageInitShape<typeof CompareSchema>
export type Operation = MessageInitShape<typeof RequestOpSchema>

export function isValue(key: Uint8Array, value: Uint8Array): Compare {
  return {
    key,
    result: Result.EQUAL,
    target: Target.VALUE,
    targetUnion: { case: 'value', value },
  }
}

/** @param revision 0n: the key is absent */
export function isModifiedAt(key: Uint8Array, revision: bigint): Compare {
  return {
    key,
    result: Result.EQUAL,
    target: Target.MOD,
    targetUnion: { case: 'modRevision', value: revision },
  }
}

export function put(key: Uint8Array, value: Uint8Array, lease = 0n): Operation {
  return { request: { case: 'requestPut', value: { key, value, lease } } }
}

export function remove(key: Uint8Array): Operation {
  return { request: { case: 'requestDeleteRange', value: { key } } }
}

export function removeSpan({ key, rangeEnd }: Span): Operation {
  return { request: { case: 'requestDeleteRange', value: { key, rangeEnd } } }
}

export function read(key: Uint8Array): Operation {
  return { request: { case: 'requestRange', value: { key } } }
}

export interface Page extends Span {
  readonly limit: number
  /** 0n for the present. */
  readonly revision: bigint
  readonly isKeysOnly?: boolean
}

export function readPage({ key, rangeEnd, limit, revision, isKeysOnly = false }: Page): Operation {
  const value = { key, rangeEnd, limit: BigInt(limit), revision, keysOnly: isKeysOnly }
  return { request: { case: 'requestRange', value } }
}

/** What the operation at `index` has read. */
export function found(answer: TxnResponse, index: number): readonly KeyValue[] {
  const response = answer.responses[index]?.response
  return response?.case === 'responseRange' ? response.value.kvs : []
}

/** Whether the operation at `index` has left something out. */
export function hasMore(answer: TxnResponse, index: number): boolean {
  const response = answer.responses[index]?.response
  return response?.case === 'responseRange' && response.value.more
}

export function revisionOf(answer: TxnResponse): bigint {
  return answer.header?.revision ?? 0n
}
