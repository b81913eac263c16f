/**
 * Walks the trees of a closed LMDB file before LMDB sees it.
 *
 * LMDB trusts its pages: a damaged one makes it read outside its map, which ends the process instead of throwing. The walk reads every
 * page of both trees and holds LMDB to its own rules: each page lies in the file, bears its number, has the kind its depth asks for,
 * its nodes lie inside it, no page is reached twice, and the counts of the newest meta page are right. What the values say is left
 * to the checksums of the rows. Offsets are those of LMDB's data version 2 on a 64-bit little-endian machine.
 */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs'

const MAGIC = 0xbeefc0de
const DATA_VERSION = 2
const HEADER_BYTES = 24
const NODE_BYTES = 8
const BRANCH = 0x01
const LEAF = 0x02
const OVERFLOW = 0x04
const META = 0x08
const BIG_DATA = 0x01
const ADDRESS_AT = 32
const MAP_BYTES_AT = 40
const TREES_AT = 48
const FLAGS_AT = 52
const TREE_BYTES = 48
const LAST_PAGE_AT = 144
const TRANSACTION_AT = 152
const NO_PAGE = 0xffff_ffff_ffff_ffffn
const PAGE_BYTES_MIN = 4096
const PAGE_BYTES_MAX = 65_536
/** 4 TiB: more than the map of any store of locks, less than an address space. */
const MAP_BYTES_MAX = 1n << 42n
/** Deeper than any tree that fits a disk. */
const DEPTH_MAX = 32

/** What is wrong with the file at `path`; null when nothing is, or it is empty. */
export function pageDamage(path: string): string | null {
  const file = openSync(path, 'r')
  try {
    const size = fstatSync(file).size
    if (size === 0) return null
    new Walk(file, size).run()
    return null
  } catch (error) {
    if (error instanceof Damage || error instanceof RangeError) return error.message
    throw error
  } finally {
    closeSync(file)
  }
}

class Damage extends Error {}

interface Tree {
  readonly depth: number
  readonly branches: bigint
  readonly leaves: bigint
  readonly overflows: bigint
  readonly entries: bigint
  readonly root: bigint
}

class Walk {
  readonly #file: number
  readonly #size: number
  readonly #seen = new Set<number>()
  #pageBytes = PAGE_BYTES_MIN
  #transaction = 0n
  #lastPage = 0n
  #counts = { branches: 0n, leaves: 0n, overflows: 0n, entries: 0n }

  constructor(file: number, size: number) {
    this.#file = file
    this.#size = size
  }

  run(): void {
    const meta = this.#newestMeta()
    this.#transaction = meta.readBigUInt64LE(TRANSACTION_AT)
    this.#lastPage = meta.readBigUInt64LE(LAST_PAGE_AT)
    for (const at of [TREES_AT, TREES_AT + TREE_BYTES]) this.#tree(treeAt(meta, at))
  }

  #newestMeta(): Buffer {
    const first = this.#read(0, PAGE_BYTES_MIN)
    this.#pageBytes = first.readUInt32LE(TREES_AT)
    const valid = this.#pageBytes >= PAGE_BYTES_MIN && this.#pageBytes <= PAGE_BYTES_MAX
    demand(valid && (this.#pageBytes & (this.#pageBytes - 1)) === 0, 'the page size is impossible')
    const second = this.#read(this.#pageBytes, PAGE_BYTES_MIN)
    for (const [index, meta] of [first, second].entries()) {
      const known =
        meta.readBigUInt64LE(0) === BigInt(index) &&
        meta.readUInt16LE(18) === META &&
        meta.readUInt32LE(HEADER_BYTES) === MAGIC &&
        (meta.readUInt32LE(HEADER_BYTES + 4) & 0xffff) === DATA_VERSION &&
        meta.readUInt32LE(TREES_AT) === this.#pageBytes
      demand(known && this.#plausible(meta), `meta page ${index} is not one of this store`)
    }
    const sameFlags = first.readUInt16LE(FLAGS_AT) === second.readUInt16LE(FLAGS_AT)
    demand(sameFlags, 'the meta pages have different flags')
    // Transactions write the two by turns. A gap means that the newest one is unreadable, and the other would be taken: a shorter history.
    const left = first.readBigUInt64LE(TRANSACTION_AT)
    const right = second.readBigUInt64LE(TRANSACTION_AT)
    const gap = left > right ? left - right : right - left
    demand(gap === 1n || (left === 0n && right === 0n), 'the meta pages do not follow each other')
    return left > right ? first : second
  }

  /** Fields that LMDB obeys without a look: a fixed address, the size of its map, flags of the trees. */
  #plausible(meta: Buffer): boolean {
    const mapBytes = meta.readBigUInt64LE(MAP_BYTES_AT)
    const pages = meta.readBigUInt64LE(LAST_PAGE_AT) + 1n
    return (
      meta.readBigUInt64LE(ADDRESS_AT) === 0n &&
      mapBytes <= MAP_BYTES_MAX &&
      pages * BigInt(this.#pageBytes) <= mapBytes &&
      meta.readUInt32LE(TREES_AT + TREE_BYTES) === 0 &&
      meta.readUInt16LE(TREES_AT + TREE_BYTES + 4) === 0
    )
  }

  #tree(tree: Tree): void {
    this.#counts = { branches: 0n, leaves: 0n, overflows: 0n, entries: 0n }
    if (tree.root !== NO_PAGE) {
      demand(tree.depth >= 1 && tree.depth <= DEPTH_MAX, 'a tree has an impossible depth')
      this.#page(tree.root, tree.depth)
    }
    const { branches, leaves, overflows, entries } = this.#counts
    const counted =
      branches === tree.branches &&
      leaves === tree.leaves &&
      overflows === tree.overflows &&
      entries === tree.entries
    demand(counted, 'a tree does not have the pages and entries it says')
  }

  /** @param depth pages from here to the leaves, 1 for a leaf */
  #page(number: bigint, depth: number): void {
    const page = this.#enter(number)
    const kind = depth === 1 ? LEAF : BRANCH
    demand(page.readUInt16LE(18) === kind, `page ${number} has the wrong kind`)
    // All three offsets within a page count from the end of its header.
    const lower = HEADER_BYTES + page.readUInt16LE(20)
    const upper = HEADER_BYTES + page.readUInt16LE(22)
    const shaped = lower > HEADER_BYTES && lower % 2 === 0 && lower <= upper
    demand(shaped && upper <= page.length, `page ${number} has impossible bounds`)
    if (depth === 1) this.#counts.leaves += 1n
    else this.#counts.branches += 1n
    for (let at = HEADER_BYTES; at < lower; at += 2) {
      const node = HEADER_BYTES + page.readUInt16LE(at)
      const whole = node >= upper && node + NODE_BYTES <= page.length
      demand(whole, `page ${number} has a node outside of it`)
      if (depth === 1) this.#leafNode(page, node)
      else this.#branchNode(page, node, depth)
    }
  }

  #branchNode(page: Buffer, node: number, depth: number): void {
    const end = node + NODE_BYTES + page.readUInt16LE(node + 6)
    demand(end <= page.length, 'a key passes the end of its page')
    this.#page(BigInt(page.readUIntLE(node, 6)), depth - 1)
  }

  #leafNode(page: Buffer, node: number): void {
    const flags = page.readUInt16LE(node + 4)
    const dataAt = node + NODE_BYTES + page.readUInt16LE(node + 6)
    const dataBytes = page.readUInt32LE(node)
    demand((flags & ~BIG_DATA) === 0, 'a node has flags that this store does not use')
    const big = flags === BIG_DATA
    demand(dataAt + (big ? 8 : dataBytes) <= page.length, 'a value passes the end of its page')
    this.#counts.entries += 1n
    if (!big) return
    const number = page.readBigUInt64LE(dataAt)
    const head = this.#enter(number)
    const pages = head.readUInt32LE(20)
    const fits =
      head.readUInt16LE(18) === OVERFLOW &&
      dataBytes + HEADER_BYTES <= pages * this.#pageBytes &&
      (Number(number) + pages) * this.#pageBytes <= this.#size
    demand(fits, `page ${number} is no head of a large value`)
    this.#counts.overflows += BigInt(pages)
  }

  #enter(number: bigint): Buffer {
    const inside = number >= 2n && number <= this.#lastPage
    demand(inside, `page ${number} is outside of the store`)
    const index = Number(number)
    demand(!this.#seen.has(index), `page ${number} is reached twice`)
    this.#seen.add(index)
    const page = this.#read(index * this.#pageBytes, this.#pageBytes)
    const own = page.readBigUInt64LE(0) === number && page.readBigUInt64LE(8) <= this.#transaction
    demand(own, `page ${number} is not the one that was written there`)
    return page
  }

  #read(at: number, length: number): Buffer {
    const bytes = Buffer.allocUnsafe(length)
    const read = at + length <= this.#size ? readSync(this.#file, bytes, 0, length, at) : 0
    demand(read === length, `the file ends at ${this.#size} bytes, before all that was written`)
    return bytes
  }
}

function treeAt(meta: Buffer, at: number): Tree {
  return {
    depth: meta.readUInt16LE(at + 6),
    branches: meta.readBigUInt64LE(at + 8),
    leaves: meta.readBigUInt64LE(at + 16),
    overflows: meta.readBigUInt64LE(at + 24),
    entries: meta.readBigUInt64LE(at + 32),
    root: meta.readBigUInt64LE(at + 40),
  }
}

function demand(holds: boolean, what: string): void {
  if (!holds) throw new Damage(what)
}
