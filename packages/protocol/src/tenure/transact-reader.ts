/** Reads a transaction of records. One of which a part is not understood is not understood at all. */
import type { ChangeNumber } from '../session/request.ts'
import { BYTES, VARINT, type WireReader } from '../wire-reader.ts'
import { readChange, readFence } from './change-codec.ts'
import { comparisonOf, isOfValues } from './comparison.ts'
import { CHANGE_FIELD, FENCE_FIELD, STEP_FIELD } from './field.ts'
import { NO_BYTES, readOnlyBytes } from './field-reader.ts'
import type { Compare, Fence, TransactOperation, TransactStep } from './operation.ts'

/** Reads the transaction at which the reader stands; null when it holds a comparison or a step that is not known. */
export function readTransact(reader: WireReader): TransactOperation | null {
  const outerEnd = reader.enter()
  const compares: (Compare | null)[] = []
  const then: (TransactStep | null)[] = []
  const otherwise: (TransactStep | null)[] = []
  let change: ChangeNumber | undefined
  let fence: Fence | undefined
  while (reader.nextField()) {
    const { field } = reader
    if (reader.wireType !== BYTES) reader.skip()
    else if (field === 1) compares.push(readCompare(reader))
    else if (field === 2) then.push(readStep(reader))
    else if (field === 3) otherwise.push(readStep(reader))
    else if (field === CHANGE_FIELD) change = readChange(reader)
    else if (field === FENCE_FIELD) fence = readFence(reader)
    else reader.skip()
  }
  reader.leave(outerEnd)
  if (!isKnown(compares) || !isKnown(then) || !isKnown(otherwise)) return null
  return {
    kind: 'transact',
    compares,
    then,
    otherwise,
    ...(change && { change }),
    ...(fence && { fence }),
  }
}

function isKnown<T extends object>(parts: (T | null)[]): parts is T[] {
  return !parts.includes(null)
}

function readCompare(reader: WireReader): Compare | null {
  const outerEnd = reader.enter()
  let key = NO_BYTES
  let comparison = 0
  let version: bigint | null = null
  let value: Uint8Array | null = null
  while (reader.nextField()) {
    const { field, wireType } = reader
    if (wireType === BYTES && field === 1) key = reader.bytes()
    else if (wireType === VARINT && field === 2) comparison = reader.u32()
    else if (wireType === VARINT && field === 3) {
      version = reader.u64()
      value = null
    } else if (wireType === BYTES && field === 4) {
      value = reader.bytes()
      version = null
    } else reader.skip()
  }
  reader.leave(outerEnd)
  const is = comparisonOf(comparison)
  if (is === null) return null
  if (version !== null) return { target: 'version', key, is, version }
  return value !== null && isOfValues(is) ? { target: 'value', key, is, value } : null
}

function readStep(reader: WireReader): TransactStep | null {
  const outerEnd = reader.enter()
  let step: TransactStep | null = null
  while (reader.nextField()) {
    const { field } = reader
    if (reader.wireType !== BYTES) reader.skip()
    else if (field === STEP_FIELD.put) step = readPut(reader)
    else if (field === STEP_FIELD.delete) step = { kind: 'delete', key: readOnlyBytes(reader, 1) }
    else if (field === STEP_FIELD.get) step = { kind: 'get', key: readOnlyBytes(reader, 1) }
    else reader.skip()
  }
  reader.leave(outerEnd)
  return step
}

function readPut(reader: WireReader): TransactStep {
  const outerEnd = reader.enter()
  let key = NO_BYTES
  let value = NO_BYTES
  let lease: bigint | null = null
  while (reader.nextField()) {
    const { field, wireType } = reader
    if (wireType === BYTES && field === 1) key = reader.bytes()
    else if (wireType === BYTES && field === 2) value = reader.bytes()
    else if (wireType === VARINT && field === 3) lease = reader.u64()
    else reader.skip()
  }
  reader.leave(outerEnd)
  return { kind: 'put', key, value, lease }
}
