/**
 * The two meta pages at the head of an LMDB file, each with one state of the store.
 *
 * Transactions write them by turns, so that the state before stays whole while the next is written. LMDB takes the page with the
 * larger transaction number and believes it: one damaged number, and the state before would be served as if it were the last.
 * But every transaction of this store writes rows, so the root of the main tree bears the number of its state's transaction, and
 * no page of the state before is used again until the state after is on disk. So both numbers can be held against both roots.
 * Offsets are those of LMDB's data version 2 on a 64-bit little-endian machine.
 */
import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs'
import { demand } from './page-file.ts'
import type { PageFile } from './page-file.ts'

/** In the head of every page: where its number, its transaction and its kind stand. */
const NUMBER_AT = 0
const WRITTEN_BY_AT = 8
const KIND_AT = 18
export const NO_PAGE = 0xffff_ffff_ffff_ffffn

const MAGIC = 0xbeefc0de
const DATA_VERSION = 2
const META = 0x08
const MAGIC_AT = 24
const VERSION_AT = 28
const ADDRESS_AT = 32
const MAP_BYTES_AT = 40
const FREE_TREE_AT = 48
const FLAGS_AT = 52
const MAIN_TREE_AT = 96
const LAST_PAGE_AT = 144
const TRANSACTION_AT = 152
/** 4 TiB: more than the map of any store of locks, less than an address space. */
const MAP_BYTES_MAX = 1n << 42n

/** What a meta page says of a tree. */
export interface Tree {
  readonly depth: number
  readonly branches: bigint
  readonly leaves: bigint
  readonly overflows: bigint
  readonly entries: bigint
  readonly root: bigint
}

/** One state of the store. */
export interface Meta {
  readonly transaction: bigint
  readonly lastPage: bigint
  readonly flags: number
  readonly free: Tree
  readonly main: Tree
}

/** The last state of the store, and where it stands. */
export interface LastMeta {
  readonly meta: Meta
  /** The number of its page. */
  readonly page: bigint
  /** Its page bears the number of an earlier transaction: `confirm` has to put that right before LMDB sees the file. */
  readonly isUnconfirmed: boolean
}

/**
 * Finds the last state of the store.
 *
 * When LMDB cannot write a meta page it tries to take it back, and leaves the trees of the new state under the number of the one that
 * stood there before. Nobody was told of that state; still it is whole, because its pages were synced before. Were its number
 * lowered by damage instead, then somebody was told. It is the last state either way.
 *
 * @throws Damage when it cannot be told for sure
 */
export function lastMeta(file: PageFile): LastMeta {
  const left = { meta: metaAt(file, 0n), page: 0n }
  const right = { meta: metaAt(file, 1n), page: 1n }
  demand(left.meta.flags === right.meta.flags, 'the meta pages have different flags')
  const isLeftLater = left.meta.transaction > right.meta.transaction
  const [later, earlier] = isLeftLater ? [left, right] : [right, left]
  const { transaction } = later.meta
  const follows = transaction === earlier.meta.transaction + 1n
  demand(follows || transaction === 0n, 'the meta pages do not follow each other')
  checkRoot(file, later.meta)
  const unconfirmed = { ...earlier.meta, transaction: transaction + 1n, lastPage: file.lastPage }
  if (transaction > 0n && writerOfRoot(file, unconfirmed) === unconfirmed.transaction) {
    return { meta: unconfirmed, page: earlier.page, isUnconfirmed: true }
  }
  checkRoot(file, earlier.meta)
  return { ...later, isUnconfirmed: false }
}

/** The main tree of the last state of a file that LMDB has open, while nothing is written to it. */
export function mainTree(file: PageFile): Tree {
  const [left, right] = [metaAt(file, 0n), metaAt(file, 1n)]
  return (left.transaction > right.transaction ? left : right).main
}

/** Gives an unconfirmed state its number, on disk. @param lastPage the last page in use or free */
export function confirm(path: string, file: PageFile, last: LastMeta, lastPage: bigint): void {
  const fields = Buffer.alloc(TRANSACTION_AT + 8 - LAST_PAGE_AT)
  fields.writeBigUInt64LE(lastPage, 0)
  fields.writeBigUInt64LE(last.meta.transaction, TRANSACTION_AT - LAST_PAGE_AT)
  const writable = openSync(path, 'r+')
  try {
    const at = Number(last.page) * file.pageBytes + LAST_PAGE_AT
    writeSync(writable, fields, 0, fields.length, at)
    fsyncSync(writable)
  } finally {
    closeSync(writable)
  }
}

function metaAt(file: PageFile, number: bigint): Meta {
  const page = file.page(number)
  const known =
    page.readBigUInt64LE(NUMBER_AT) === number &&
    page.readUInt16LE(KIND_AT) === META &&
    page.readUInt32LE(MAGIC_AT) === MAGIC &&
    (page.readUInt32LE(VERSION_AT) & 0xffff) === DATA_VERSION &&
    page.readUInt32LE(FREE_TREE_AT) === file.pageBytes
  demand(known && isPlausible(page, file), `meta page ${number} is not one of this store`)
  return {
    transaction: page.readBigUInt64LE(TRANSACTION_AT),
    lastPage: page.readBigUInt64LE(LAST_PAGE_AT),
    flags: page.readUInt16LE(FLAGS_AT),
    free: treeAt(page, FREE_TREE_AT),
    main: treeAt(page, MAIN_TREE_AT),
  }
}

/** Fields that LMDB obeys without a look: a fixed address, the size of its map, flags of the main tree. */
function isPlausible(page: Buffer, file: PageFile): boolean {
  const mapBytes = page.readBigUInt64LE(MAP_BYTES_AT)
  const pages = page.readBigUInt64LE(LAST_PAGE_AT) + 1n
  return (
    page.readBigUInt64LE(ADDRESS_AT) === 0n &&
    mapBytes <= MAP_BYTES_MAX &&
    pages * BigInt(file.pageBytes) <= mapBytes &&
    page.readUInt32LE(MAIN_TREE_AT) === 0 &&
    page.readUInt16LE(MAIN_TREE_AT + 4) === 0
  )
}

function checkRoot(file: PageFile, meta: Meta): void {
  const { transaction, main } = meta
  if (main.root === NO_PAGE) {
    demand(transaction === 0n, `transaction ${transaction} has no rows`)
    return
  }
  const own = writerOfRoot(file, meta) === transaction
  demand(own, `the root of transaction ${transaction} was written by another`)
}

/** The transaction that wrote the root of the main tree; null when there is none. */
function writerOfRoot(file: PageFile, { lastPage, main }: Meta): bigint | null {
  if (main.root === NO_PAGE) return null
  demand(main.root <= lastPage, `page ${main.root} is outside of the store`)
  const root = file.page(main.root)
  return root.readBigUInt64LE(NUMBER_AT) === main.root ? root.readBigUInt64LE(WRITTEN_BY_AT) : null
}

function treeAt(page: Buffer, at: number): Tree {
  return {
    depth: page.readUInt16LE(at + 6),
    branches: page.readBigUInt64LE(at + 8),
    leaves: page.readBigUInt64LE(at + 16),
    overflows: page.readBigUInt64LE(at + 24),
    entries: page.readBigUInt64LE(at + 32),
    root: page.readBigUInt64LE(at + 40),
  }
}
