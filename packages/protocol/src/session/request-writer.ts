/** What a client says on a session stream, as bytes. */
import { WireError } from '../wire-error.ts'
import type { WireWriter } from '../wire-writer.ts'
import {
  CHANGE_SERIAL_FIELD,
  CHANGE_SETTLED_FIELD,
  type ChangeRequest,
  type EmptyRequest,
  REQUEST_SLOT,
  REQUEST_SLOT_MAX,
  type SemaphoreRequest,
  type SessionRequest,
} from './request.ts'

/**
 * Appends the message's bytes.
 *
 * @throws WireError when a number is no unsigned 64-bit one or a text is not well-formed Unicode
 */
export function writeSessionRequest(writer: WireWriter, request: SessionRequest): void {
  if (request.kind === 'empty') return
  const slot = request.kind === 'retired' ? request.slot : REQUEST_SLOT[request.kind]
  const start = writer.beginMessage(slot)
  writeAlternative(writer, request)
  writer.endMessage(start)
}

function writeAlternative(
  writer: WireWriter,
  request: Exclude<SessionRequest, EmptyRequest>,
): void {
  switch (request.kind) {
    case 'ping':
    case 'pong':
      writer.u64Field(1, request.opaque)
      return
    case 'start':
      writer.textField(1, request.path)
      writer.u64Field(2, request.sessionId)
      writer.u64Field(3, request.timeoutMs)
      writer.textField(4, request.description)
      writer.u64Field(5, request.sequenceNumber)
      writer.bytesField(6, request.protectionKey)
      return
    case 'stop':
      return
    case 'retired':
      if (request.slot < 1 || request.slot > REQUEST_SLOT_MAX) throw new WireError('no such slot')
      return
    case 'acquire':
    case 'release':
    case 'describe':
    case 'create':
    case 'update':
    case 'delete':
      writer.u64Field(1, request.requestId)
      writer.textField(2, request.name)
      writeSemaphoreFields(writer, request)
  }
}

function writeChange(writer: WireWriter, { change }: ChangeRequest): void {
  if (change === undefined) return
  writer.u64Field(CHANGE_SERIAL_FIELD, change.serial)
  writer.u64Field(CHANGE_SETTLED_FIELD, change.settledBelow)
}

function writeSemaphoreFields(writer: WireWriter, request: SemaphoreRequest): void {
  switch (request.kind) {
    case 'acquire':
      writer.u64Field(3, request.timeoutMs)
      writer.u64Field(4, request.count)
      writer.bytesField(5, request.data)
      writer.boolField(6, request.ephemeral)
      return
    case 'release':
      return
    case 'describe':
      writer.boolField(3, request.owners)
      writer.boolField(4, request.waiters)
      writer.boolField(5, request.watchData)
      writer.boolField(6, request.watchOwners)
      return
    case 'create':
      writer.u64Field(3, request.limit)
      writer.bytesField(4, request.data)
      writeChange(writer, request)
      return
    case 'update':
      writer.bytesField(3, request.data)
      writeChange(writer, request)
      return
    case 'delete':
      writer.boolField(3, request.force)
      writeChange(writer, request)
      return
  }
}
