/**
 * The file of a backup.
 *
 * A line that names the format, then frames: a head, then for each node its name and epoch followed by its entries in the order of
 * their keys, as many to a frame as come together, then an end that counts them all. Head, node and end are JSON.
 */
import { bytesOfEntry } from '@tenure/engine'
import type { Entry } from '@tenure/kernel'
import { FrameFault } from './frame.ts'
import type { Moved } from './source.ts'

const FORMAT_VERSION = 1

const FORMAT_NAME = 'tenure backup '
/** The first bytes of the file. */
export const FORMAT_LINE: Uint8Array = new Uint8Array(
  Buffer.from(`${FORMAT_NAME}${FORMAT_VERSION}\n`),
)

/** What a backup says of itself. */
export interface BackupHead {
  /** When it was made, as ISO 8601. */
  readonly created: string
  /** The release that made it. */
  readonly by: string
  /** The store, for people. */
  readonly from: string
  readonly incarnation: bigint
}

export interface BackupNode {
  readonly name: string
  readonly epoch: bigint
}

/** @throws FrameFault when it is not the first line of a backup that can be read here */
export function checkFormatLine(line: Buffer): void {
  if (line.equals(FORMAT_LINE)) return
  const text = line.toString('latin1')
  if (!text.startsWith(FORMAT_NAME)) throw new FrameFault('it does not begin as one')
  throw new FrameFault(
    `it has format ${text.slice(FORMAT_NAME.length).trim()}, this release reads ${FORMAT_VERSION}`,
  )
}

export function encodeHead({ incarnation, ...head }: BackupHead): Buffer {
  return Buffer.from(JSON.stringify({ ...head, incarnation: Number(incarnation) }))
}

export function decodeHead(content: Buffer): BackupHead {
  const { created, by, from, incarnation } = fieldsOf(content)
  const isKnown =
    typeof created === 'string' &&
    typeof by === 'string' &&
    typeof from === 'string' &&
    typeof incarnation === 'number' &&
    Number.isSafeInteger(incarnation) &&
    incarnation >= 0
  if (!isKnown) throw new FrameFault('its head cannot be understood')
  return { created, by, from, incarnation: BigInt(incarnation) }
}

export function encodeNode({ name, epoch }: BackupNode): Buffer {
  return Buffer.from(JSON.stringify({ name, epoch: epoch.toString() }))
}

export function decodeNode(content: Buffer): BackupNode {
  const { name, epoch } = fieldsOf(content)
  const isKnown = typeof name === 'string' && typeof epoch === 'string' && /^\d{1,20}$/.test(epoch)
  if (!isKnown) throw new FrameFault('a node cannot be understood')
  return { name, epoch: BigInt(epoch) }
}

export function encodeEnd({ nodes, entries, bytes }: Moved): Buffer {
  return Buffer.from(JSON.stringify({ nodes, entries, bytes }))
}

export function decodeEnd(content: Buffer): Moved {
  const { nodes, entries, bytes } = fieldsOf(content)
  const isKnown =
    typeof nodes === 'number' && typeof entries === 'number' && typeof bytes === 'number'
  if (!isKnown) throw new FrameFault('its end cannot be understood')
  return { nodes, entries, bytes }
}

function fieldsOf(content: Buffer): Record<string, unknown> {
  try {
    const fields: unknown = JSON.parse(content.toString('utf8'))
    return typeof fields === 'object' && fields !== null ? { ...fields } : {}
  } catch {
    return {}
  }
}

const LENGTHS_BYTES = 6

/** Entries one after the other: length of the key (2 bytes), length of the value (4 bytes), key, value. */
export function encodeEntries(entries: readonly Entry[]): Buffer {
  const length = entries.reduce((sum, entry) => sum + LENGTHS_BYTES + bytesOfEntry(entry), 0)
  const content = Buffer.allocUnsafe(length)
  let at = 0
  for (const [key, value] of entries) {
    content.writeUInt16BE(key.length, at)
    content.writeUInt32BE(value.length, at + 2)
    content.set(key, at + LENGTHS_BYTES)
    content.set(value, at + LENGTHS_BYTES + key.length)
    at += LENGTHS_BYTES + key.length + value.length
  }
  return content
}

export function* decodeEntries(content: Buffer): Generator<Entry, void, undefined> {
  let at = 0
  while (at < content.length) {
    const keyAt = at + LENGTHS_BYTES
    if (keyAt > content.length) throw new FrameFault('an entry is cut off')
    const valueAt = keyAt + content.readUInt16BE(at)
    const end = valueAt + content.readUInt32BE(at + 2)
    if (end > content.length) throw new FrameFault('an entry is cut off')
    yield [content.subarray(keyAt, valueAt), content.subarray(valueAt, end)]
    at = end
  }
}
