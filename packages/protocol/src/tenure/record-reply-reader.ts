/** Reads what an answer says of many records, and of record leases. */
import { BYTES, VARINT, type WireReader } from '../wire-reader.ts'
import { REPLY_FIELD } from './field.ts'
import { readFound, readRecord, readRecordChange } from './record-codec.ts'
import type { RecordChangeMessage, RecordMessage, Reply } from './server-message.ts'

/** Reads the reply at which the reader stands, one of these five; null when it is not understood. */
export function readRecordReply(reader: WireReader): Reply | null {
  switch (reader.field) {
    case REPLY_FIELD['records-listed']:
      return readListed(reader)
    case REPLY_FIELD['records-changed']:
      return readChanges(reader)
    case REPLY_FIELD.transacted:
      return readTransacted(reader)
    case REPLY_FIELD['lease-granted']:
      return readLeaseGranted(reader)
    default:
      return readLeaseDescribed(reader)
  }
}

function readListed(reader: WireReader): Reply {
  const outerEnd = reader.enter()
  const records: RecordMessage[] = []
  let version = 0n
  let more = false
  while (reader.nextField()) {
    const { field, wireType } = reader
    if (wireType === BYTES && field === 1) records.push(readRecord(reader))
    else if (wireType === VARINT && field === 2) version = reader.u64()
    else if (wireType === VARINT && field === 3) more = reader.bool()
    else reader.skip()
  }
  reader.leave(outerEnd)
  return { kind: 'records-listed', records, version, more }
}

function readChanges(reader: WireReader): Reply | null {
  const outerEnd = reader.enter()
  const changes: RecordChangeMessage[] = []
  let isKnown = true
  let version = 0n
  let reset = false
  while (reader.nextField()) {
    const { field, wireType } = reader
    if (wireType === BYTES && field === 1) {
      const change = readRecordChange(reader)
      if (change === null) isKnown = false
      else changes.push(change)
    } else if (wireType === VARINT && field === 2) version = reader.u64()
    else if (wireType === VARINT && field === 3) reset = reader.bool()
    else reader.skip()
  }
  reader.leave(outerEnd)
  return isKnown ? { kind: 'records-changed', changes, version, reset } : null
}

function readTransacted(reader: WireReader): Reply {
  const outerEnd = reader.enter()
  const records: (RecordMessage | null)[] = []
  let succeeded = false
  let version = 0n
  while (reader.nextField()) {
    const { field, wireType } = reader
    if (wireType === VARINT && field === 1) succeeded = reader.bool()
    else if (wireType === VARINT && field === 2) version = reader.u64()
    else if (wireType === BYTES && field === 3) records.push(readFound(reader))
    else reader.skip()
  }
  reader.leave(outerEnd)
  return { kind: 'transacted', succeeded, version, records }
}

function readLeaseGranted(reader: WireReader): Reply {
  const outerEnd = reader.enter()
  let lease = 0n
  let ttlMs = 0n
  while (reader.nextField()) {
    if (reader.wireType !== VARINT) reader.skip()
    else if (reader.field === 1) lease = reader.u64()
    else if (reader.field === 2) ttlMs = reader.u64()
    else reader.skip()
  }
  reader.leave(outerEnd)
  return { kind: 'lease-granted', lease, ttlMs }
}

function readLeaseDescribed(reader: WireReader): Reply {
  const outerEnd = reader.enter()
  let lease = 0n
  let ttlMs = 0n
  let remainingMs = 0n
  let isKept = false
  let records = 0
  while (reader.nextField()) {
    const { field } = reader
    if (reader.wireType !== VARINT) reader.skip()
    else if (field === 1) lease = reader.u64()
    else if (field === 2) ttlMs = reader.u64()
    else if (field === 3) remainingMs = reader.u64()
    else if (field === 4) isKept = reader.bool()
    else if (field === 5) records = reader.u32()
    else reader.skip()
  }
  reader.leave(outerEnd)
  return { kind: 'lease-described', lease, ttlMs, remainingMs, isKept, records }
}
