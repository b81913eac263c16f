/** Records and their changes, as an answer holds them. */
import { BYTES, VARINT, type WireReader } from '../wire-reader.ts'
import type { WireWriter } from '../wire-writer.ts'
import { RECORD_CHANGE_FIELD } from './field.ts'
import { NO_BYTES, readKeyAndVersion } from './field-reader.ts'
import type { RecordChangeMessage, RecordMessage } from './server-message.ts'

export function writeRecord(writer: WireWriter, field: number, record: RecordMessage): void {
  const start = writer.beginMessage(field)
  writer.bytesField(1, record.key)
  writer.bytesField(2, record.value)
  writer.u64Field(3, record.version)
  writer.u64Field(4, record.createdVersion)
  writer.u64Field(5, record.lease)
  writer.endMessage(start)
}

/** Reads the record at which the reader stands. */
export function readRecord(reader: WireReader): RecordMessage {
  const outerEnd = reader.enter()
  let key = NO_BYTES
  let value = NO_BYTES
  let version = 0n
  let createdVersion = 0n
  let lease = 0n
  while (reader.nextField()) {
    const { field, wireType } = reader
    if (wireType === BYTES) {
      if (field === 1) key = reader.bytes()
      else if (field === 2) value = reader.bytes()
      else reader.skip()
    } else if (wireType !== VARINT) reader.skip()
    else if (field === 3) version = reader.u64()
    else if (field === 4) createdVersion = reader.u64()
    else if (field === 5) lease = reader.u64()
    else reader.skip()
  }
  reader.leave(outerEnd)
  return { key, value, version, createdVersion, lease }
}

export function writeFound(writer: WireWriter, field: number, record: RecordMessage | null): void {
  const start = writer.beginMessage(field)
  if (record !== null) writeRecord(writer, 1, record)
  writer.endMessage(start)
}

/** Reads what a look-up has found, at which the reader stands. */
export function readFound(reader: WireReader): RecordMessage | null {
  const outerEnd = reader.enter()
  let record: RecordMessage | null = null
  while (reader.nextField()) {
    if (reader.field === 1 && reader.wireType === BYTES) record = readRecord(reader)
    else reader.skip()
  }
  reader.leave(outerEnd)
  return record
}

export function writeRecordChange(
  writer: WireWriter,
  field: number,
  change: RecordChangeMessage,
): void {
  const start = writer.beginMessage(field)
  if (change.kind === 'put') writeRecord(writer, RECORD_CHANGE_FIELD.put, change.record)
  else writeDeletion(writer, change.key, change.version)
  writer.endMessage(start)
}

function writeDeletion(writer: WireWriter, key: Uint8Array, version: bigint): void {
  const start = writer.beginMessage(RECORD_CHANGE_FIELD.deleted)
  writer.bytesField(1, key)
  writer.u64Field(2, version)
  writer.endMessage(start)
}

/** Reads the change at which the reader stands; null when it is none that is known. */
export function readRecordChange(reader: WireReader): RecordChangeMessage | null {
  const outerEnd = reader.enter()
  let change: RecordChangeMessage | null = null
  while (reader.nextField()) {
    if (reader.wireType !== BYTES) reader.skip()
    else if (reader.field === RECORD_CHANGE_FIELD.put) {
      change = { kind: 'put', record: readRecord(reader) }
    } else if (reader.field === RECORD_CHANGE_FIELD.deleted) change = readDeletion(reader)
    else reader.skip()
  }
  reader.leave(outerEnd)
  return change
}

function readDeletion(reader: WireReader): RecordChangeMessage {
  return { kind: 'deleted', ...readKeyAndVersion(reader) }
}
