/** Reads what is asked of records and record leases. */
import type { ChangeNumber } from '../session/request.ts'
import { BYTES, VARINT, type WireReader } from '../wire-reader.ts'
import { readChange, readFence } from './change-codec.ts'
import { CHANGE_FIELD, FENCE_FIELD, OPERATION_FIELD } from './field.ts'
import { NO_BYTES, readOnlyBytes, readOnlyU64, readKeyAndVersion } from './field-reader.ts'
import type {
  CasRecordOperation,
  CreateRecordOperation,
  DeleteRecordOperation,
  Fence,
  GrantLeaseOperation,
  PutRecordOperation,
  RangeRecordsOperation,
  RecordOperation,
  ReleaseLeaseOperation,
  SessionOperation,
  WaitRecordOperation,
  WatchRecordsOperation,
} from './operation.ts'
import { readSeldomTaskOperation } from './task-operation-reader.ts'
import { readTransact } from './transact-reader.ts'

type Mutable<T> = { -readonly [K in keyof T]: T[K] }

/** As `readOperation`. */
export function readRecordOperation(
  reader: WireReader,
  before: SessionOperation | null,
): SessionOperation | null {
  switch (reader.field) {
    case OPERATION_FIELD['create-record']:
    case OPERATION_FIELD['put-record']:
    case OPERATION_FIELD['cas-record']:
    case OPERATION_FIELD['delete-record']:
      return readRecordWrite(reader, reader.field)
    case OPERATION_FIELD['get-record']:
      return { kind: 'get-record', key: readOnlyBytes(reader, 1) }
    case OPERATION_FIELD['range-records']:
      return readRange(reader)
    case OPERATION_FIELD['wait-record']:
      return readWait(reader)
    case OPERATION_FIELD['watch-records']:
      return readWatch(reader)
    case OPERATION_FIELD.transact:
      return readTransact(reader)
    default:
      return readLeaseOperation(reader, before)
  }
}

function readLeaseOperation(
  reader: WireReader,
  before: SessionOperation | null,
): SessionOperation | null {
  switch (reader.field) {
    case OPERATION_FIELD['grant-lease']:
      return readGrantLease(reader)
    case OPERATION_FIELD['release-lease']:
      return readReleaseLease(reader)
    case OPERATION_FIELD['describe-lease']:
      return { kind: 'describe-lease', lease: readOnlyU64(reader, 1) }
    case OPERATION_FIELD['keep-lease']:
      return { kind: 'keep-lease', lease: readOnlyU64(reader, 1) }
    default:
      return readSeldomTaskOperation(reader, before)
  }
}

/** What the writes of one record have in common, though a deletion has its number where the others have their value. */
function readRecordWrite(reader: WireReader, slot: number): RecordOperation {
  const outerEnd = reader.enter()
  const numberField = slot === OPERATION_FIELD['delete-record'] ? 2 : 3
  let key = NO_BYTES
  let value = NO_BYTES
  let number: bigint | null = null
  let change: ChangeNumber | undefined
  let fence: Fence | undefined
  while (reader.nextField()) {
    const { field, wireType } = reader
    if (wireType === VARINT && field === numberField) number = reader.u64()
    else if (wireType !== BYTES) reader.skip()
    else if (field === 1) key = reader.bytes()
    else if (field === 2 && numberField !== 2) value = reader.bytes()
    else if (field === CHANGE_FIELD) change = readChange(reader)
    else if (field === FENCE_FIELD) fence = readFence(reader)
    else reader.skip()
  }
  reader.leave(outerEnd)
  const operation = recordWrite(slot, { key, value, number })
  if (change !== undefined) operation.change = change
  if (fence !== undefined) operation.fence = fence
  return operation
}

interface Parts {
  readonly key: Uint8Array
  readonly value: Uint8Array
  readonly number: bigint | null
}

type RecordWrite = Mutable<
  CreateRecordOperation | PutRecordOperation | CasRecordOperation | DeleteRecordOperation
>

function recordWrite(slot: number, { key, value, number }: Parts): RecordWrite {
  switch (slot) {
    case OPERATION_FIELD['create-record']:
      return { kind: 'create-record', key, value, lease: number ?? 0n }
    case OPERATION_FIELD['put-record']:
      return { kind: 'put-record', key, value, lease: number }
    case OPERATION_FIELD['cas-record']:
      return { kind: 'cas-record', key, value, version: number ?? 0n }
    default:
      return { kind: 'delete-record', key, ifVersion: number }
  }
}

function readRange(reader: WireReader): RangeRecordsOperation {
  const outerEnd = reader.enter()
  const operation: Mutable<RangeRecordsOperation> = {
    kind: 'range-records',
    start: NO_BYTES,
    end: null,
    limit: 0,
    after: null,
    hold: false,
    atVersion: 0n,
  }
  while (reader.nextField()) {
    const { field, wireType } = reader
    if (wireType === BYTES) {
      if (field === 1) operation.start = reader.bytes()
      else if (field === 2) operation.end = reader.bytes()
      else if (field === 4) operation.after = reader.bytes()
      else reader.skip()
    } else if (wireType !== VARINT) reader.skip()
    else if (field === 3) operation.limit = reader.u32()
    else if (field === 5) operation.hold = reader.bool()
    else if (field === 6) operation.atVersion = reader.u64()
    else reader.skip()
  }
  reader.leave(outerEnd)
  return operation
}

function readWait(reader: WireReader): WaitRecordOperation {
  return { kind: 'wait-record', ...readKeyAndVersion(reader) }
}

function readWatch(reader: WireReader): WatchRecordsOperation {
  const outerEnd = reader.enter()
  let start = NO_BYTES
  let end: Uint8Array | null = null
  let fromVersion = 0n
  while (reader.nextField()) {
    const { field, wireType } = reader
    if (wireType === BYTES && field === 1) start = reader.bytes()
    else if (wireType === BYTES && field === 2) end = reader.bytes()
    else if (wireType === VARINT && field === 3) fromVersion = reader.u64()
    else reader.skip()
  }
  reader.leave(outerEnd)
  return { kind: 'watch-records', start, end, fromVersion }
}

function readGrantLease(reader: WireReader): GrantLeaseOperation {
  const outerEnd = reader.enter()
  let ttlMs = 0n
  let keepAlive = false
  let change: ChangeNumber | undefined
  while (reader.nextField()) {
    const { field, wireType } = reader
    if (wireType === VARINT && field === 1) ttlMs = reader.u64()
    else if (wireType === VARINT && field === 2) keepAlive = reader.bool()
    else if (wireType === BYTES && field === CHANGE_FIELD) change = readChange(reader)
    else reader.skip()
  }
  reader.leave(outerEnd)
  return { kind: 'grant-lease', ttlMs, keepAlive, ...(change && { change }) }
}

function readReleaseLease(reader: WireReader): ReleaseLeaseOperation {
  const outerEnd = reader.enter()
  let lease = 0n
  let change: ChangeNumber | undefined
  while (reader.nextField()) {
    const { field, wireType } = reader
    if (wireType === VARINT && field === 1) lease = reader.u64()
    else if (wireType === BYTES && field === CHANGE_FIELD) change = readChange(reader)
    else reader.skip()
  }
  reader.leave(outerEnd)
  return { kind: 'release-lease', lease, ...(change && { change }) }
}
