/** How records are given and shown on the command line. */
import type { Key, Record as StoredRecord } from '@tenure/client'
import type { CommandContext } from './context.ts'
import { UsageError } from './failure.ts'
import type { JsonValue } from './output.ts'
import { bytesFields, shown } from './output.ts'

export interface KeyOptions {
  readonly base64Keys?: boolean
}

/** A key as it was typed. */
export function keyOf(text: string, { base64Keys }: KeyOptions): Key {
  if (base64Keys !== true) return text
  const bytes = Buffer.from(text, 'base64')
  // Node's decoder passes over what it does not know.
  if (bytes.toString('base64').replace(/=+$/, '') !== text.replace(/=+$/, '')) {
    throw new UsageError(`"${text}" is not base64, as --base64-keys has it`)
  }
  return bytes
}

export function keyFields(key: Key): { key: string } | { keyBase64: string } {
  return typeof key === 'string' ? { key } : { keyBase64: Buffer.from(key).toString('base64') }
}

/** A key on one line for people. */
export function keyText(key: Key): string {
  return shown(bytesOf(key))
}

export function recordFields({ key, value, version, createdVersion, lease }: StoredRecord): {
  readonly [field: string]: JsonValue
} {
  return { ...keyFields(key), ...bytesFields('value', value), version, createdVersion, lease }
}

export function recordText({ key, value, version, lease }: StoredRecord): string {
  const under = lease === 0n ? '' : `, lease ${lease}`
  return `${keyText(key)} = ${shown(value)}  version ${version}${under}`
}

export function tellWritten({ output }: CommandContext, key: Key, version: bigint): void {
  output.datum({ ...keyFields(key), version }, `wrote ${keyText(key)}, version ${version}`)
}

function bytesOf(key: Key): Uint8Array {
  return typeof key === 'string' ? new TextEncoder().encode(key) : key
}
