/**
 * The two meta pages at the head of an LMDB file, each with one state of the store.
 *
 * Transactions write them by turns, so that the state before stays whole while the next is written. LMDB takes the page with the
 * larger transaction number and believes it: one damaged number, and the state before would be served as if it were the last.
 * But every transaction of this store writes rows, so the root of the main tree bears the number of its state's transaction, and
 * no page of the state before is used again until the state after is on disk. So both numbers can be held against both roots.
 * Offsets are those of LMDB's data version 2 on a 64-bit little-endian machine.
 */
import { demand } from './page-file.ts'
import type { PageFile } from './page-file.ts'

/** In the head of every page: where its number, its transaction and its kind stand. */
export const NUMBER_AT = 0
export const WRITTEN_BY_AT = 8
export const KIND_AT = 18
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

/** The last state of the store. @throws Damage when it cannot be told for sure */
export function lastMeta(file: PageFile): Meta {
  const left = metaAt(file, 0n)
  const right = metaAt(file, 1n)
  demand(left.flags === right.flags, 'the meta pages have different flags')
  const [last, before] = left.transaction > right.transaction ? [left, right] : [right, left]
  const follows = last.transaction === before.transaction + 1n
  demand(follows || last.transaction === 0n, 'the meta pages do not follow each other')
  for (const meta of [last, before]) checkRoot(file, meta)
  return last
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

function checkRoot(file: PageFile, { transaction, lastPage, main }: Meta): void {
  if (main.root === NO_PAGE) {
    demand(transaction === 0n, `transaction ${transaction} has no rows`)
    return
  }
  demand(main.root <= lastPage, `the root of transaction ${transaction} is outside of the store`)
  const root = file.page(main.root)
  const own =
    root.readBigUInt64LE(NUMBER_AT) === main.root &&
    root.readBigUInt64LE(WRITTEN_BY_AT) === transaction
  demand(own, `the root of transaction ${transaction} was written by another`)
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
