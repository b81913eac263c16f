/** What is asked within a session, as bytes. */
import type { WireWriter } from '../wire-writer.ts'
import { writeChange, writeFence } from './change-codec.ts'
import { OPERATION_FIELD } from './field.ts'
import type {
  AcquireOperation,
  CasRecordOperation,
  CreateRecordOperation,
  DescribeOperation,
  PutRecordOperation,
  RangeRecordsOperation,
  SemaphoreOperation,
  SessionOperation,
} from './operation.ts'
import { writeTaskOperation } from './task-operation-writer.ts'
import { writeTransact } from './transact-writer.ts'

export function writeOperation(writer: WireWriter, operation: SessionOperation): void {
  const start = writer.beginMessage(OPERATION_FIELD[operation.kind])
  // oxlint-disable-next-line typescript/switch-exhaustiveness-check -- the type of the last call demands the rest
  switch (operation.kind) {
    case 'acquire':
      writeAcquire(writer, operation)
      break
    case 'release':
      writer.textField(1, operation.name)
      break
    case 'describe':
    case 'create':
    case 'update':
    case 'delete':
      writeSemaphoreOperation(writer, operation)
      break
    case 'get-record':
      writer.bytesField(1, operation.key)
      break
    case 'create-record':
    case 'put-record':
    case 'cas-record':
      writeRecordWrite(writer, operation)
      break
    default:
      writeOtherOperation(writer, operation)
  }
  writer.endMessage(start)
}

function writeAcquire(writer: WireWriter, operation: AcquireOperation): void {
  writer.textField(1, operation.name)
  writer.u64Field(2, operation.count)
  writer.u64Field(3, operation.timeoutMs)
  writer.bytesField(4, operation.data)
  writer.boolField(5, operation.ephemeral)
  writer.optionalU64Field(6, operation.createLimit)
}

type PlainSemaphoreOperation = Exclude<SemaphoreOperation, { kind: 'acquire' | 'release' }>

function writeSemaphoreOperation(writer: WireWriter, operation: PlainSemaphoreOperation): void {
  writer.textField(1, operation.name)
  switch (operation.kind) {
    case 'describe':
      writeDescribe(writer, operation)
      return
    case 'create':
      writer.u64Field(2, operation.limit)
      writer.bytesField(3, operation.data)
      break
    case 'update':
      writer.bytesField(2, operation.data)
      break
    case 'delete':
      writer.boolField(2, operation.force)
      break
  }
  writeChange(writer, operation.change)
}

function writeDescribe(writer: WireWriter, operation: DescribeOperation): void {
  writer.boolField(2, operation.owners)
  writer.boolField(3, operation.waiters)
  writer.boolField(4, operation.watchData)
  writer.boolField(5, operation.watchOwners)
  writer.boolField(6, operation.watchAbsent)
  writer.boolField(7, operation.watchStands)
}

type RecordWrite = CreateRecordOperation | PutRecordOperation | CasRecordOperation

function writeRecordWrite(writer: WireWriter, operation: RecordWrite): void {
  writer.bytesField(1, operation.key)
  writer.bytesField(2, operation.value)
  if (operation.kind === 'put-record') writer.optionalU64Field(3, operation.lease)
  else writer.u64Field(3, operation.kind === 'cas-record' ? operation.version : operation.lease)
  writeChange(writer, operation.change)
  writeFence(writer, operation.fence)
}

type OtherOperation = Exclude<
  SessionOperation,
  SemaphoreOperation | RecordWrite | { kind: 'get-record' }
>

function writeOtherOperation(writer: WireWriter, operation: OtherOperation): void {
  // oxlint-disable-next-line typescript/switch-exhaustiveness-check -- the type of the last call demands the rest
  switch (operation.kind) {
    case 'delete-record':
      writer.bytesField(1, operation.key)
      writer.optionalU64Field(2, operation.ifVersion)
      writeChange(writer, operation.change)
      writeFence(writer, operation.fence)
      return
    case 'range-records':
      writeRange(writer, operation)
      return
    case 'wait-record':
      writer.bytesField(1, operation.key)
      writer.u64Field(2, operation.version)
      return
    case 'watch-records':
      writer.bytesField(1, operation.start)
      writer.optionalBytesField(2, operation.end)
      writer.u64Field(3, operation.fromVersion)
      return
    case 'transact':
      writeTransact(writer, operation)
      return
    case 'grant-lease':
      writer.u64Field(1, operation.ttlMs)
      writer.boolField(2, operation.keepAlive)
      writeChange(writer, operation.change)
      return
    case 'release-lease':
      writer.u64Field(1, operation.lease)
      writeChange(writer, operation.change)
      return
    case 'describe-lease':
    case 'keep-lease':
      writer.u64Field(1, operation.lease)
      return
    default:
      writeTaskOperation(writer, operation)
  }
}

function writeRange(writer: WireWriter, operation: RangeRecordsOperation): void {
  writer.bytesField(1, operation.start)
  writer.optionalBytesField(2, operation.end)
  writer.u32Field(3, operation.limit)
  writer.optionalBytesField(4, operation.after)
  writer.boolField(5, operation.hold)
  writer.u64Field(6, operation.atVersion)
}
