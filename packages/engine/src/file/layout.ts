/**
 * How partitions lie in one LMDB database.
 *
 * | key | value, after its checksum |
 * | --- | --- |
 * | 0 | header: magic, format version |
 * | 1, name | catalogue: number of the partition |
 * | 2, number | meta: epoch, commits, rows, digest, owner |
 * | 3, number, key | entry: the value |
 *
 * Every checksum covers the key too, so that values that changed places are noticed.
 */
import { KEY_BYTES_MAX } from '../bounds.ts'
import { CHECKSUM_BYTES, checksum } from './checksum.ts'
import type { Lanes } from './checksum.ts'

export const FORMAT_VERSION = 1

export const HEADER_KEY: Uint8Array = Uint8Array.of(0)
const MAGIC = 'tenure store\n'
const CATALOGUE = 1
const META = 2
const ROW = 3
const ROW_PREFIX_BYTES = 5

/** What is kept of a partition beside its entries, changed by every commit. */
export interface Meta {
  epoch: bigint
  commits: bigint
  rows: number
  digest: Lanes
  ownerId: string
  ownerAddress: string
}

export function catalogueKey(name: Uint8Array): Buffer {
  return Buffer.concat([Uint8Array.of(CATALOGUE), name])
}

export function catalogueName(key: Uint8Array): string {
  return Buffer.from(key.subarray(1)).toString('utf8')
}

export const CATALOGUE_START: Uint8Array = Uint8Array.of(CATALOGUE)
export const CATALOGUE_END: Uint8Array = Uint8Array.of(CATALOGUE + 1)

export function metaKey(number: number): Buffer {
  return numbered(META, number, 0)
}

export const META_START: Uint8Array = Uint8Array.of(META)
export const META_END: Uint8Array = Uint8Array.of(META + 1)

/** Every key longer than allowed compares with the allowed ones as its first bytes do, so bounds are cut. */
export function rowKey(number: number, key: Uint8Array): Buffer {
  const cut = key.length > KEY_BYTES_MAX ? key.subarray(0, KEY_BYTES_MAX + 1) : key
  const row = numbered(ROW, number, cut.length)
  row.set(cut, ROW_PREFIX_BYTES)
  return row
}

/** The first key after every row of the partition. */
export function rowsEnd(number: number): Buffer {
  return number === 0xffff_ffff ? Buffer.of(ROW + 1) : numbered(ROW, number + 1, 0)
}

export function entryKey(row: Uint8Array): Uint8Array {
  return row.slice(ROW_PREFIX_BYTES)
}

/** The stored form: checksum over key and content, then the content. */
export function seal(key: Uint8Array, content: Uint8Array): Buffer {
  const { low, high } = checksum(FORMAT_VERSION, [key, content])
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
  const { low, high } = checksum(FORMAT_VERSION, [key, content])
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

export function addLanes(sum: Lanes, lanes: Lanes): void {
  sum.low = (sum.low + lanes.low) >>> 0
  sum.high = (sum.high + lanes.high) >>> 0
}

export function subtractLanes(sum: Lanes, lanes: Lanes): void {
  sum.low = (sum.low - lanes.low) >>> 0
  sum.high = (sum.high - lanes.high) >>> 0
}

export function encodeHeader(): Buffer {
  return Buffer.from(`${MAGIC}${FORMAT_VERSION}`)
}

/** The format version of a header; null when it is no header of ours. */
export function decodeHeader(content: Uint8Array): number | null {
  const text = Buffer.from(content).toString('latin1')
  return text.startsWith(MAGIC) ? Number(text.slice(MAGIC.length)) : null
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

export function encodeMeta(meta: Meta): Buffer {
  const id = Buffer.from(meta.ownerId)
  const address = Buffer.from(meta.ownerAddress)
  const content = Buffer.alloc(META_FIXED_BYTES + id.length + address.length)
  content.writeBigUInt64LE(meta.epoch, 0)
  content.writeBigUInt64LE(meta.commits, 8)
  content.writeDoubleLE(meta.rows, 16)
  content.writeUInt32LE(meta.digest.low, 24)
  content.writeUInt32LE(meta.digest.high, 28)
  content.writeUInt32LE(id.length, 32)
  content.set(id, META_FIXED_BYTES)
  content.set(address, META_FIXED_BYTES + id.length)
  return content
}

export function decodeMeta(content: Uint8Array): Meta {
  const bytes = Buffer.from(content.buffer, content.byteOffset, content.length)
  const idEnd = META_FIXED_BYTES + bytes.readUInt32LE(32)
  return {
    epoch: bytes.readBigUInt64LE(0),
    commits: bytes.readBigUInt64LE(8),
    rows: bytes.readDoubleLE(16),
    digest: { low: bytes.readUInt32LE(24), high: bytes.readUInt32LE(28) },
    ownerId: bytes.toString('utf8', META_FIXED_BYTES, idEnd),
    ownerAddress: bytes.toString('utf8', idEnd),
  }
}

function numbered(kind: number, number: number, room: number): Buffer {
  const key = Buffer.allocUnsafe(ROW_PREFIX_BYTES + room)
  key[0] = kind
  key.writeUInt32BE(number, 1)
  return key
}
