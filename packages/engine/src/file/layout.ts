/**
 * How partitions lie in one LMDB database.
 *
 * | key | value, after its checksum |
 * | --- | --- |
 * | 0 | header: magic, format version; while a journal is in use, which one it is and how much of it is in LMDB |
 * | 1, name | catalogue: number of the partition |
 * | 2, number | meta: epoch, changes, rows, digest, owner; rows and digest of each region |
 * | 3, number, key | entry: the value |
 *
 * A region is all keys of a partition with the same first byte, the empty key with those that begin with 0. Every checksum covers the key too, so that values that changed places are noticed.
 */
import { KEY_BYTES_MAX } from '../bounds.ts'
import { CHECKSUM_BYTES, checksum } from './checksum.ts'
import type { Lanes } from './checksum.ts'

/** Of a store without a journal, as every release wrote it. */
const PLAIN_FORMAT = 1
/** Of a store whose journal says more than LMDB: who does not know of journals must not open it. */
const JOURNAL_FORMAT = 2
/** Every checksum begins with it. */
export const CHECKSUM_SEED = 1

export const HEADER_KEY: Buffer = Buffer.of(0)
const MAGIC = 'tenure store\n'
const CATALOGUE = 1
const META = 2
const ROW = 3
export const ROW_PREFIX_BYTES = 5

/** How many rows there are, and the sum of their checksums. */
export interface Total {
  rows: number
  readonly digest: Lanes
}

/** What is kept of a partition beside its entries, changed by every commit. */
export interface Meta extends Total {
  epoch: bigint
  /** How many transactions changed its rows. */
  changes: bigint
  ownerId: string
  ownerAddress: string
  /** By the first byte of their keys; null in a store of the first releases, until the partition is claimed. */
  regions: Map<number, Total> | null
}

export function catalogueKey(name: Uint8Array): Buffer {
  return Buffer.concat([Uint8Array.of(CATALOGUE), name])
}

export function catalogueName(key: Uint8Array): string {
  return Buffer.from(key.subarray(1)).toString('utf8')
}

export const CATALOGUE_START: Buffer = Buffer.of(CATALOGUE)
export const CATALOGUE_END: Buffer = Buffer.of(CATALOGUE + 1)

export function metaKey(number: number): Buffer {
  return numbered(META, number, 0)
}

export const META_START: Buffer = Buffer.of(META)
export const META_END: Buffer = Buffer.of(META + 1)

export function rowKey(number: number, key: Uint8Array): Buffer {
  const row = Buffer.allocUnsafe(rowKeyBytes(key))
  putRowKey(row, 0, { number, key })
  return row
}

/** Every key longer than allowed compares with the allowed ones as its first bytes do, so bounds are cut. */
export function rowKeyBytes(key: Uint8Array): number {
  return ROW_PREFIX_BYTES + Math.min(key.length, KEY_BYTES_MAX + 1)
}

/** Writes the key of a row into `target`, where there is room for it. */
export function putRowKey(
  target: Buffer,
  at: number,
  { number, key }: { number: number; key: Uint8Array },
): void {
  target[at] = ROW
  target.writeUInt32BE(number, at + 1)
  target.set(
    key.length > KEY_BYTES_MAX ? key.subarray(0, KEY_BYTES_MAX + 1) : key,
    at + ROW_PREFIX_BYTES,
  )
}

/** Whose row has this key. */
export function partitionOf(row: Buffer): number {
  return row.readUInt32BE(1)
}

/** The first key after this one. */
export function nextKey(key: Uint8Array): Buffer {
  return Buffer.concat([key, Uint8Array.of(0)])
}

/** The first key after every row of the partition. */
export function rowsEnd(number: number): Buffer {
  return number === 0xffff_ffff ? Buffer.of(ROW + 1) : numbered(ROW, number + 1, 0)
}

/** The keys of a region. */
export function regionRange(number: number, region: number): { start: Buffer; end: Buffer } {
  const start = rowKey(number, region === 0 ? new Uint8Array() : Uint8Array.of(region))
  const end = region === 255 ? rowsEnd(number) : rowKey(number, Uint8Array.of(region + 1))
  return { start, end }
}

/** Whose row has this key, which lies among others; null when it is no row. */
export function partitionAt(view: DataView, at: number, bytes: number): number | null {
  return bytes >= ROW_PREFIX_BYTES && view.getUint8(at) === ROW ? view.getUint32(at + 1) : null
}

/** In which region a row lies. */
export function regionAt(view: DataView, at: number, bytes: number): number {
  return bytes > ROW_PREFIX_BYTES ? view.getUint8(at + ROW_PREFIX_BYTES) : 0
}

export function entryKey(row: Uint8Array): Uint8Array {
  return new Uint8Array(row.subarray(ROW_PREFIX_BYTES))
}

/** The stored form: checksum over key and content, then the content. */
export function seal(key: Uint8Array, content: Uint8Array): Buffer {
  const { low, high } = checksum(CHECKSUM_SEED, [key, content])
  const sealed = Buffer.allocUnsafe(CHECKSUM_BYTES + content.length)
  sealed.writeUInt32LE(low, 0)
  sealed.writeUInt32LE(high, 4)
  sealed.set(content, CHECKSUM_BYTES)
  return sealed
}

/** The content of a sealed value; null when it is not what was sealed under this key. */
export function unseal(key: Uint8Array, sealed: Uint8Array): Uint8Array | null {
  if (sealed.length < CHECKSUM_BYTES) return null
  const content = sealed.subarray(CHECKSUM_BYTES)
  const stored = sealOf(sealed)
  const { low, high } = checksum(CHECKSUM_SEED, [key, content])
  return stored.low === low && stored.high === high ? content : null
}

/** The checksum a sealed value carries, unchecked. */
export function sealOf(sealed: Uint8Array): Lanes {
  return { low: readU32(sealed, 0), high: readU32(sealed, 4) }
}

/** Little-endian. By hand, because a view for each of very many rows costs more than the reading. */
function readU32(bytes: Uint8Array, at: number): number {
  const low = Number(bytes[at]) | (Number(bytes[at + 1]) << 8)
  return (low | (Number(bytes[at + 2]) << 16) | (Number(bytes[at + 3]) << 24)) >>> 0
}

export function noRows(): Total {
  return { rows: 0, digest: { low: 0, high: 0 } }
}

/** Where a row with this key counts. */
export function totalsOf(meta: Meta, row: Uint8Array): readonly Total[] {
  if (meta.regions === null) return [meta]
  const region = row[ROW_PREFIX_BYTES] ?? 0
  const total = meta.regions.get(region) ?? noRows()
  meta.regions.set(region, total)
  return [meta, total]
}

export function addTotal(sum: Total, total: Total): void {
  sum.rows += total.rows
  addLanes(sum.digest, total.digest)
}

export function isSameTotal(left: Total, right: Total): boolean {
  const { digest } = left
  return (
    left.rows === right.rows && digest.low === right.digest.low && digest.high === right.digest.high
  )
}

export function addLanes(sum: Lanes, lanes: Lanes): void {
  sum.low = (sum.low + lanes.low) >>> 0
  sum.high = (sum.high + lanes.high) >>> 0
}

export function subtractLanes(sum: Lanes, lanes: Lanes): void {
  sum.low = (sum.low - lanes.low) >>> 0
  sum.high = (sum.high - lanes.high) >>> 0
}

/** Which journal is in use, and up to which of its groups LMDB has them. */
export interface JournalMark {
  /** Below 2^32. */
  readonly generation: number
  readonly applied: number
}

/** What the header of a store says. */
export interface Header {
  /** False when another release wrote it. */
  readonly isKnown: boolean
  readonly version: number
  /** Null when none is in use. */
  readonly journal: JournalMark | null
}

/** @param journal null when none is in use */
export function encodeHeader(journal: JournalMark | null): Buffer {
  const text =
    journal === null
      ? `${PLAIN_FORMAT}`
      : `${JOURNAL_FORMAT} ${journal.generation} ${journal.applied}`
  return Buffer.from(MAGIC + text)
}

/** Null when it is no header of ours. */
export function decodeHeader(content: Uint8Array): Header | null {
  const text = Buffer.from(content).toString('latin1')
  if (!text.startsWith(MAGIC)) return null
  const [version = 0, generation = 0, applied = 0] = text.slice(MAGIC.length).split(' ').map(Number)
  const isKnown = version === PLAIN_FORMAT || version === JOURNAL_FORMAT
  const journal = version === JOURNAL_FORMAT ? { generation, applied } : null
  return { isKnown, version, journal }
}

export function encodeNumber(number: number): Buffer {
  const content = Buffer.alloc(4)
  content.writeUInt32BE(number)
  return content
}

export function decodeNumber(content: Uint8Array): number {
  return new DataView(content.buffer, content.byteOffset, 4).getUint32(0)
}

const META_FIXED_BYTES = 36
/** With the length of the owner's id: the length of the address follows, and regions stand at the end. */
const HAS_REGIONS = 0x8000_0000
const REGION_BYTES = 17

export function encodeMeta(meta: Meta): Buffer {
  const id = Buffer.from(meta.ownerId)
  const address = Buffer.from(meta.ownerAddress)
  const { regions } = meta
  const fixedBytes = META_FIXED_BYTES + (regions === null ? 0 : 4)
  const regionsAt = fixedBytes + id.length + address.length
  const content = Buffer.alloc(regionsAt + REGION_BYTES * (regions?.size ?? 0))
  content.writeBigUInt64LE(meta.epoch, 0)
  content.writeBigUInt64LE(meta.changes, 8)
  writeTotal(content, 16, meta)
  content.writeUInt32LE(regions === null ? id.length : id.length + HAS_REGIONS, 32)
  if (regions !== null) content.writeUInt32LE(address.length, META_FIXED_BYTES)
  content.set(id, fixedBytes)
  content.set(address, fixedBytes + id.length)
  let at = regionsAt
  for (const [region, total] of regions ?? []) {
    content.writeUInt8(region, at)
    writeTotal(content, at + 1, total)
    at += REGION_BYTES
  }
  return content
}

export function decodeMeta(content: Uint8Array): Meta {
  const bytes = Buffer.from(content.buffer, content.byteOffset, content.length)
  const idField = bytes.readUInt32LE(32)
  const hasRegions = idField >= HAS_REGIONS
  const idAt = META_FIXED_BYTES + (hasRegions ? 4 : 0)
  const idEnd = idAt + (hasRegions ? idField - HAS_REGIONS : idField)
  const addressEnd = hasRegions ? idEnd + bytes.readUInt32LE(META_FIXED_BYTES) : bytes.length
  return {
    epoch: bytes.readBigUInt64LE(0),
    changes: bytes.readBigUInt64LE(8),
    ...readTotal(bytes, 16),
    ownerId: bytes.toString('utf8', idAt, idEnd),
    ownerAddress: bytes.toString('utf8', idEnd, addressEnd),
    regions: hasRegions ? readRegions(bytes, addressEnd) : null,
  }
}

function readRegions(bytes: Buffer, start: number): Map<number, Total> {
  const regions = new Map<number, Total>()
  for (let at = start; at < bytes.length; at += REGION_BYTES) {
    regions.set(bytes.readUInt8(at), readTotal(bytes, at + 1))
  }
  return regions
}

function writeTotal(content: Buffer, at: number, { rows, digest }: Total): void {
  content.writeDoubleLE(rows, at)
  content.writeUInt32LE(digest.low, at + 8)
  content.writeUInt32LE(digest.high, at + 12)
}

function readTotal(bytes: Buffer, at: number): Total {
  const digest = { low: bytes.readUInt32LE(at + 8), high: bytes.readUInt32LE(at + 12) }
  return { rows: bytes.readDoubleLE(at), digest }
}

function numbered(kind: number, number: number, room: number): Buffer {
  const key = Buffer.allocUnsafe(ROW_PREFIX_BYTES + room)
  key[0] = kind
  key.writeUInt32BE(number, 1)
  return key
}
