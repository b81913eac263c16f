/** A record as a program sees it. */
import { isUtf8 } from 'node:buffer'
import type { RecordMessage } from '@tenure/protocol'

/** A key with a value under it. A copy: it does not change, and to change it changes nothing else. */
export interface Record {
  /** Text where the key's bytes are well-formed UTF-8, else the bytes. */
  readonly key: Key
  readonly value: Uint8Array
  /** The commit that wrote it: every write of the node has a greater one, so a version of a key never comes back. */
  readonly version: bigint
  /** The commit that made it. */
  readonly createdVersion: bigint
  /** The lease with which it ends; `NO_LEASE_ID` for none. */
  readonly lease: bigint
}

export type Key = string | Uint8Array

export function recordOf(message: RecordMessage): Record {
  const { key, value, version, createdVersion, lease } = message
  return Object.freeze({
    key: keyFrom(key),
    value: new Uint8Array(value),
    version,
    createdVersion,
    lease,
  })
}

/** The key as a program gets it; to pass it back names the same bytes. */
export function keyFrom(bytes: Uint8Array): Key {
  if (!isUtf8(bytes)) return new Uint8Array(bytes)
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString()
}
