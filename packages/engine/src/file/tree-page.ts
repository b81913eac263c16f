/**
 * One page of an LMDB tree, as its bytes lie in the file.
 *
 * A head, then the places of its nodes, then room, then the nodes from the end of the page on. A node of a branch names the page below
 * that holds the keys from its own on; the first takes all smaller ones too, so its key says nothing. A node of a leaf is a key with its
 * value, or with the first of the pages that a large value fills. Offsets are those of LMDB's data version 2 on a 64-bit little-endian machine.
 */
import { demand } from './page-file.ts'

export const HEADER_BYTES = 24
export const NODE_BYTES = 8
export const BRANCH = 0x01
export const LEAF = 0x02
export const OVERFLOW = 0x04
/** The value of a node fills pages of its own. */
export const BIG_DATA = 0x01

const WRITTEN_BY_AT = 8
const KIND_AT = 18
const LOWER_AT = 20
const UPPER_AT = 22
/** Of a large value: how many pages it fills. */
const PAGES_AT = 20
const HIGH_WORD = 0x1_0000_0000

/** What a page must be. */
export interface Expected {
  readonly number: number
  readonly kind: number
  /** It was written by this transaction or an earlier one. */
  readonly transaction: number
}

export class TreePage {
  readonly bytes: Buffer
  readonly view: DataView

  /** @param bytes the page; they may be filled later, and anew */
  constructor(bytes: Buffer) {
    this.bytes = bytes
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  }

  /** How many nodes it has. */
  get count(): number {
    return this.view.getUint16(LOWER_AT, true) >>> 1
  }

  /** The share of its room that is in use. */
  get fullness(): number {
    const free = this.view.getUint16(UPPER_AT, true) - this.view.getUint16(LOWER_AT, true)
    return 1 - free / (this.bytes.length - HEADER_BYTES)
  }

  /** Of the first page of a large value. */
  get pages(): number {
    return this.view.getUint32(PAGES_AT, true)
  }

  /** Where a node begins. */
  node(index: number): number {
    return HEADER_BYTES + this.view.getUint16(HEADER_BYTES + 2 * index, true)
  }

  keyBytes(node: number): number {
    return this.view.getUint16(node + 6, true)
  }

  key(node: number): Buffer {
    const at = node + NODE_BYTES
    return this.bytes.subarray(at, at + this.keyBytes(node))
  }

  /** Whether the keys of two nodes ascend, as unsigned bytes. */
  ascends(left: number, right: number): boolean {
    const { view } = this
    const leftBytes = this.keyBytes(left)
    const rightBytes = this.keyBytes(right)
    const both = Math.min(leftBytes, rightBytes)
    const leftAt = left + NODE_BYTES
    const rightAt = right + NODE_BYTES
    for (let at = 0; at < both; at += 1) {
      const difference = view.getUint8(leftAt + at) - view.getUint8(rightAt + at)
      if (difference !== 0) return difference < 0
    }
    return leftBytes < rightBytes
  }

  /** Of a node in a leaf. */
  flags(node: number): number {
    return this.view.getUint16(node + 4, true)
  }

  /** How long the value of a node in a leaf is. */
  dataBytes(node: number): number {
    return this.view.getUint32(node, true)
  }

  /** The page that a node of a branch names. */
  child(node: number): number {
    return this.view.getUint32(node, true) + this.view.getUint16(node + 4, true) * HIGH_WORD
  }

  /** A number of a page or a transaction. */
  wide(at: number): number {
    return this.view.getUint32(at, true) + this.view.getUint32(at + 4, true) * HIGH_WORD
  }

  /** @throws Damage when it is not the page that was written there */
  check({ number, kind, transaction }: Expected): void {
    const own = this.wide(0) === number && this.wide(WRITTEN_BY_AT) <= transaction
    demand(own, `page ${number} is not the one that was written there`)
    demand(this.view.getUint16(KIND_AT, true) === kind, `page ${number} has the wrong kind`)
  }

  /** @throws Damage when it is no page of a tree, or a node or key of it lies outside */
  checkNodes(expected: Expected): void {
    this.check(expected)
    const { number } = expected
    const end = this.bytes.length
    // All offsets within a page count from the end of its head.
    const lower = HEADER_BYTES + this.view.getUint16(LOWER_AT, true)
    const upper = HEADER_BYTES + this.view.getUint16(UPPER_AT, true)
    const shaped = lower > HEADER_BYTES && lower % 2 === 0 && lower <= upper && upper <= end
    demand(shaped, `page ${number} has impossible bounds`)
    for (let index = 0; index < this.count; index += 1) {
      const node = this.node(index)
      demand(node >= upper && node + NODE_BYTES <= end, `page ${number} has a node outside of it`)
      const keyEnd = node + NODE_BYTES + this.keyBytes(node)
      demand(keyEnd <= end, 'a key passes the end of its page')
    }
  }
}
