/**
 * The row of a session. Its stream, its last sequence number and its watches are not kept.
 */
import { writeU32 } from '../bytes.ts'
import { utf8Length, utf8Text, writeUtf8 } from '../utf8.ts'
import { RowReader, ROW_VERSION } from './row-reader.ts'

export interface SessionRow {
  readonly timeoutMs: number
  readonly description: string
  readonly protectionKey: Uint8Array
}

export function encodeSession(session: SessionRow): Uint8Array {
  const { timeoutMs, description, protectionKey } = session
  const value = new Uint8Array(6 + protectionKey.length + utf8Length(description))
  value[0] = ROW_VERSION
  writeU32(value, 1, timeoutMs)
  value[5] = protectionKey.length
  value.set(protectionKey, 6)
  writeUtf8(value, 6 + protectionKey.length, description)
  return value
}

export function decodeSession(value: Uint8Array): SessionRow {
  const row: RowReader = new RowReader('session', value)
  const timeoutMs = row.u32()
  const protectionKey = row.bytes(row.byte())
  const description = utf8Text(row.rest())
  row.check(description !== null, 'description')
  return { timeoutMs, description, protectionKey }
}
