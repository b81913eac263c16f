/** Reads what is asked within a session: of semaphores here, of records and the session log in files beside. */
import type { ChangeNumber } from '../session/request.ts'
import { BYTES, VARINT, type WireReader } from '../wire-reader.ts'
import { readChange } from './change-codec.ts'
import { CHANGE_FIELD, OPERATION_FIELD } from './field.ts'
import { NO_BYTES, readOnlyText } from './field-reader.ts'
import type {
  AcquireOperation,
  CreateOperation,
  DeleteOperation,
  DescribeOperation,
  SessionOperation,
  UpdateOperation,
} from './operation.ts'
import { readRecordOperation } from './record-operation-reader.ts'
import { readTaskOperation } from './task-operation-reader.ts'

type Mutable<T> = { -readonly [K in keyof T]: T[K] }

/**
 * Reads the operation at which the reader stands.
 *
 * @param before what the ask has held so far; stays when the field is no operation that is known
 * @returns null when it is not understood
 */
export function readOperation(
  reader: WireReader,
  before: SessionOperation | null,
): SessionOperation | null {
  switch (reader.field) {
    case OPERATION_FIELD.acquire:
      return readAcquire(reader)
    case OPERATION_FIELD.release:
      return { kind: 'release', name: readOnlyText(reader, 1) }
    case OPERATION_FIELD.describe:
      return readDescribe(reader)
    case OPERATION_FIELD.create:
      return readCreate(reader)
    case OPERATION_FIELD.update:
      return readUpdate(reader)
    case OPERATION_FIELD.delete:
      return readDelete(reader)
    case OPERATION_FIELD['append-task']:
    case OPERATION_FIELD['open-task']:
    case OPERATION_FIELD['delete-task']:
    case OPERATION_FIELD['store-task']:
    case OPERATION_FIELD['replace-task']:
      return readTaskOperation(reader)
    default:
      return readRecordOperation(reader, before)
  }
}

function readAcquire(reader: WireReader): AcquireOperation {
  const outerEnd = reader.enter()
  let name = ''
  let count = 0n
  let timeoutMs = 0n
  let data = NO_BYTES
  let ephemeral = false
  let createLimit: bigint | undefined
  while (reader.nextField()) {
    const { field, wireType } = reader
    if (wireType === BYTES) {
      if (field === 1) name = reader.text()
      else if (field === 4) data = reader.bytes()
      else reader.skip()
    } else if (wireType !== VARINT) reader.skip()
    else if (field === 2) count = reader.u64()
    else if (field === 3) timeoutMs = reader.u64()
    else if (field === 5) ephemeral = reader.bool()
    else if (field === 6) createLimit = reader.u64()
    else reader.skip()
  }
  reader.leave(outerEnd)
  if (createLimit === undefined) {
    return { kind: 'acquire', name, count, timeoutMs, data, ephemeral }
  }
  return { kind: 'acquire', name, count, timeoutMs, data, ephemeral, createLimit }
}

function readDescribe(reader: WireReader): DescribeOperation {
  const outerEnd = reader.enter()
  const operation: Mutable<DescribeOperation> = {
    kind: 'describe',
    name: '',
    owners: false,
    waiters: false,
    watchData: false,
    watchOwners: false,
    watchAbsent: false,
    watchStands: false,
  }
  while (reader.nextField()) {
    const { field, wireType } = reader
    if (wireType === BYTES && field === 1) operation.name = reader.text()
    else if (wireType !== VARINT) reader.skip()
    else if (field === 2) operation.owners = reader.bool()
    else if (field === 3) operation.waiters = reader.bool()
    else if (field === 4) operation.watchData = reader.bool()
    else if (field === 5) operation.watchOwners = reader.bool()
    else if (field === 6) operation.watchAbsent = reader.bool()
    else if (field === 7) operation.watchStands = reader.bool()
    else reader.skip()
  }
  reader.leave(outerEnd)
  return operation
}

function readCreate(reader: WireReader): CreateOperation {
  const outerEnd = reader.enter()
  let name = ''
  let limit = 0n
  let data = NO_BYTES
  let change: ChangeNumber | undefined
  while (reader.nextField()) {
    const { field, wireType } = reader
    if (wireType === VARINT && field === 2) limit = reader.u64()
    else if (wireType !== BYTES) reader.skip()
    else if (field === 1) name = reader.text()
    else if (field === 3) data = reader.bytes()
    else if (field === CHANGE_FIELD) change = readChange(reader)
    else reader.skip()
  }
  reader.leave(outerEnd)
  return { kind: 'create', name, limit, data, ...(change && { change }) }
}

function readUpdate(reader: WireReader): UpdateOperation {
  const outerEnd = reader.enter()
  let name = ''
  let data = NO_BYTES
  let change: ChangeNumber | undefined
  while (reader.nextField()) {
    const { field } = reader
    if (reader.wireType !== BYTES) reader.skip()
    else if (field === 1) name = reader.text()
    else if (field === 2) data = reader.bytes()
    else if (field === CHANGE_FIELD) change = readChange(reader)
    else reader.skip()
  }
  reader.leave(outerEnd)
  return { kind: 'update', name, data, ...(change && { change }) }
}

function readDelete(reader: WireReader): DeleteOperation {
  const outerEnd = reader.enter()
  let name = ''
  let force = false
  let change: ChangeNumber | undefined
  while (reader.nextField()) {
    const { field, wireType } = reader
    if (wireType === VARINT && field === 2) force = reader.bool()
    else if (wireType !== BYTES) reader.skip()
    else if (field === 1) name = reader.text()
    else if (field === CHANGE_FIELD) change = readChange(reader)
    else reader.skip()
  }
  reader.leave(outerEnd)
  return { kind: 'delete', name, force, ...(change && { change }) }
}
