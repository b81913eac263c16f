/** Sessions as an operator sees them. */
import { BYTES, VARINT, type WireReader } from '../wire-reader.ts'
import type { WireWriter } from '../wire-writer.ts'
import type { HoldingMessage, SessionMessage } from './server-message.ts'

type Mutable<T> = { -readonly [K in keyof T]: T[K] }

export function writeSession(writer: WireWriter, field: number, session: SessionMessage): void {
  const start = writer.beginMessage(field)
  writer.u64Field(1, session.id)
  writer.textField(2, session.description)
  writer.u64Field(3, session.timeoutMs)
  writer.boolField(4, session.isAttached)
  writer.u64Field(5, session.remainingMs)
  for (const holding of session.holdings) writeHolding(writer, holding)
  writer.u32Field(7, session.holdingsCount)
  writer.u32Field(8, session.leases)
  writer.endMessage(start)
}

function writeHolding(writer: WireWriter, holding: HoldingMessage): void {
  const start = writer.beginMessage(6)
  writer.textField(1, holding.name)
  writer.u64Field(2, holding.orderId)
  writer.u64Field(3, holding.count)
  writer.boolField(4, holding.owns)
  writer.u64Field(5, holding.forMs)
  writer.boolField(6, holding.isAtLeast)
  writer.endMessage(start)
}

/** Reads the session at which the reader stands. */
export function readSession(reader: WireReader): SessionMessage {
  const outerEnd = reader.enter()
  const holdings: HoldingMessage[] = []
  const session: Mutable<SessionMessage> = {
    id: 0n,
    description: '',
    timeoutMs: 0n,
    isAttached: false,
    remainingMs: 0n,
    holdings,
    holdingsCount: 0,
    leases: 0,
  }
  while (reader.nextField()) {
    const { field, wireType } = reader
    if (wireType === VARINT) readSessionNumber(reader, session)
    else if (wireType !== BYTES) reader.skip()
    else if (field === 2) session.description = reader.text()
    else if (field === 6) holdings.push(readHolding(reader))
    else reader.skip()
  }
  reader.leave(outerEnd)
  return session
}

function readSessionNumber(reader: WireReader, session: Mutable<SessionMessage>): void {
  const { field } = reader
  if (field === 1) session.id = reader.u64()
  else if (field === 3) session.timeoutMs = reader.u64()
  else if (field === 4) session.isAttached = reader.bool()
  else if (field === 5) session.remainingMs = reader.u64()
  else if (field === 7) session.holdingsCount = reader.u32()
  else if (field === 8) session.leases = reader.u32()
  else reader.skip()
}

function readHolding(reader: WireReader): HoldingMessage {
  const outerEnd = reader.enter()
  const holding: Mutable<HoldingMessage> = {
    name: '',
    orderId: 0n,
    count: 0n,
    owns: false,
    forMs: 0n,
    isAtLeast: false,
  }
  while (reader.nextField()) {
    const { field, wireType } = reader
    if (wireType === BYTES && field === 1) holding.name = reader.text()
    else if (wireType !== VARINT) reader.skip()
    else if (field === 2) holding.orderId = reader.u64()
    else if (field === 3) holding.count = reader.u64()
    else if (field === 4) holding.owns = reader.bool()
    else if (field === 5) holding.forMs = reader.u64()
    else if (field === 6) holding.isAtLeast = reader.bool()
    else reader.skip()
  }
  reader.leave(outerEnd)
  return holding
}
