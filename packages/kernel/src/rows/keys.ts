/**
 * Where everything is kept: one tag byte, then what tells the row apart.
 *
 * | tag | row | rest of the key |
 * | --- | --- | --- |
 * | 0x01 | the counters | nothing |
 * | 0x02 | the node: exists as long as this row does | nothing |
 * | 0x10 | a session | id, 8 bytes |
 * | 0x11 | the changes of a session | id, 8 bytes |
 * | 0x12 | a done change of records | session id, 8 bytes; serial, 8 bytes |
 * | 0x20 | a semaphore: a persistent one, or an ephemeral one with data | name |
 * | 0x21 | an owner or waiter | length of the name, 2 bytes; name; session id, 8 bytes |
 * | 0x30 | a record | key |
 * | 0x40 | a record lease | id, 8 bytes |
 * | 0x50 | the themes of the session log, all in one | nothing |
 * | 0x51 | how many stored and dead tasks a theme has | theme, 4 bytes |
 * | 0x52 | a task that somebody drives | index, 8 bytes |
 * | 0x53 | a record of a task | index, 8 bytes; number, 4 bytes |
 * | 0x54 | a stored task | theme, 4 bytes; due second, 8 bytes; number, 8 bytes |
 * | 0x55 | a dead task | theme, 4 bytes; number, 8 bytes |
 * | 0x56 | where a stored or dead task is | index, 8 bytes |
 *
 * Rows from 0x53 on are not loaded: they are read when they are needed. The order of stored tasks is that of their hand-outs.
 * 0x31 to 0x3f are left for records, 0x41 to 0x4f for record leases, 0x57 to 0x5f for the session log. All but the counters
 * lies in one range, because dropping the node deletes it and the counters stay. Numbers are big-endian.
 */
import type { SessionId } from '../asked.ts'
import { readU16, readU64, writeU16, writeU64 } from '../bytes.ts'
import { invariant } from '../invariant.ts'
import { utf8Text, writeUtf8 } from '../utf8.ts'
import { rowBytes } from './row-bytes.ts'

export const COUNTERS_TAG = 0x01
export const NODE_TAG = 0x02
export const SESSION_TAG = 0x10
export const CHANGES_TAG = 0x11
export const RECORD_CHANGE_TAG = 0x12
export const SEMAPHORE_TAG = 0x20
export const HOLDER_TAG = 0x21
export const RECORD_TAG = 0x30
export const LEASE_TAG = 0x40
export const THEMES_TAG = 0x50
export const TOTALS_TAG = 0x51
export const ACTIVE_TASK_TAG = 0x52
export const TASK_RECORD_TAG = 0x53
export const STORED_TASK_TAG = 0x54
export const DEAD_TASK_TAG = 0x55
export const TASK_PLACE_TAG = 0x56

const PAST_ALL_TAGS = 0xff

export const COUNTERS_KEY: Uint8Array = new Uint8Array([COUNTERS_TAG])

/** Present exactly when the partition holds a node; `decodeNodeConfig` reads its value. */
export const NODE_KEY: Uint8Array = new Uint8Array([NODE_TAG])

export interface KeyBounds {
  /** Inclusive. */
  readonly start: Uint8Array
  /** Exclusive. */
  readonly end: Uint8Array
}

/** What a kernel is loaded from: all rows but those that it reads when it needs them. */
export const KEY_RANGE_LOADED: KeyBounds = {
  start: new Uint8Array([0]),
  end: new Uint8Array([TASK_RECORD_TAG]),
}

/** All rows of a kernel. */
export const KEY_RANGE_ALL: KeyBounds = {
  start: new Uint8Array([0]),
  end: new Uint8Array([PAST_ALL_TAGS]),
}

/** All rows but the counters. */
export const KEY_RANGE_CONTENT: KeyBounds = {
  start: NODE_KEY,
  end: new Uint8Array([PAST_ALL_TAGS]),
}

export function sessionKey(id: SessionId): Uint8Array {
  return numberedKey(SESSION_TAG, id)
}

export function changesKey(id: SessionId): Uint8Array {
  return numberedKey(CHANGES_TAG, id)
}

function numberedKey(tag: number, id: SessionId): Uint8Array {
  const key = new Uint8Array(9)
  key[0] = tag
  writeU64(key, 1, id)
  return key
}

/** Of a session's row, or of its changes. */
export function readSessionKey(key: Uint8Array): SessionId {
  invariant(key.length === 9, 'I-8', 'session key', key.length)
  return readU64(key, 1)
}

export function recordChangeKey(session: SessionId, serial: bigint): Uint8Array {
  const key = new Uint8Array(17)
  key[0] = RECORD_CHANGE_TAG
  writeU64(key, 1, session)
  writeU64(key, 9, serial)
  return key
}

/** The keys of a session's done changes of records, up to this serial. */
export function recordChangeKeys(session: SessionId, below: bigint): KeyBounds {
  return { start: recordChangeKey(session, 0n), end: recordChangeKey(session, below) }
}

export function readRecordChangeKey(key: Uint8Array): {
  readonly session: SessionId
  readonly serial: bigint
} {
  invariant(key.length === 17, 'I-8', 'record change key', key.length)
  return { session: readU64(key, 1), serial: readU64(key, 9) }
}

/** Where the record of this key is kept; `decodeRecordValue` reads the value out of what is there. */
export function recordKey(key: Uint8Array): Uint8Array {
  const row = rowBytes(1 + key.length)
  row[0] = RECORD_TAG
  row.set(key, 1)
  return row
}

export function readRecordKey(key: Uint8Array): Uint8Array {
  invariant(key.length > 1, 'I-8', 'record key', key.length)
  return key.subarray(1)
}

export function leaseKey(id: bigint): Uint8Array {
  return numberedKey(LEASE_TAG, id)
}

export function readLeaseKey(key: Uint8Array): bigint {
  invariant(key.length === 9, 'I-8', 'lease key', key.length)
  return readU64(key, 1)
}

/** @param nameBytes the length of the name in UTF-8 */
export function semaphoreKey(name: string, nameBytes: number): Uint8Array {
  const key = new Uint8Array(1 + nameBytes)
  key[0] = SEMAPHORE_TAG
  writeUtf8(key, 1, name)
  return key
}

export function readSemaphoreKey(key: Uint8Array): string {
  return readName(key.subarray(1))
}

export function holderKey(name: string, nameBytes: number, session: SessionId): Uint8Array {
  const key = new Uint8Array(3 + nameBytes + 8)
  key[0] = HOLDER_TAG
  writeU16(key, 1, nameBytes)
  writeUtf8(key, 3, name)
  writeU64(key, 3 + nameBytes, session)
  return key
}

/** The keys of all owners and waiters of one semaphore. */
export function holderKeys(name: string, nameBytes: number): KeyBounds {
  return {
    start: holderKey(name, nameBytes, 0n),
    end: holderKey(name, nameBytes, 0xffff_ffff_ffff_ffffn),
  }
}

export function readHolderKey(key: Uint8Array): {
  readonly name: string
  readonly session: SessionId
} {
  invariant(key.length >= 11, 'I-8', 'holder key', key.length)
  const nameEnd = 3 + readU16(key, 1)
  invariant(key.length === nameEnd + 8, 'I-8', 'holder key', key.length)
  return { name: readName(key.subarray(3, nameEnd)), session: readU64(key, nameEnd) }
}

function readName(bytes: Uint8Array): string {
  const name = utf8Text(bytes)
  invariant(name !== null, 'I-8', 'a name is not UTF-8')
  return name
}
