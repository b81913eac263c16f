/**
 * Walks the trees of a closed LMDB file before LMDB sees it.
 *
 * LMDB trusts its pages: a damaged one makes it read outside its map, which ends the process instead of throwing, or look for a row where it
 * is not. The walk reads every page of both trees and holds LMDB to its own rules: each page lies in the file, bears its number, has
 * the kind its depth asks for, its nodes lie inside it, keys ascend through the whole tree and its branches, no page is reached twice
 * or is free too, and the counts of the last meta page are right. What the values say is left to the checksums of the rows.
 */
import { closeSync, fstatSync, openSync } from 'node:fs'
import { FreeList } from './free-list.ts'
import { confirm, KIND_AT, lastMeta, NO_PAGE, NUMBER_AT, WRITTEN_BY_AT } from './meta-page.ts'
import type { Meta, Tree } from './meta-page.ts'
import { Damage, demand, PageFile } from './page-file.ts'

const HEADER_BYTES = 24
const NODE_BYTES = 8
const BRANCH = 0x01
const LEAF = 0x02
const OVERFLOW = 0x04
const BIG_DATA = 0x01
const PAGES_AT = 20
const LOWER_AT = 20
const UPPER_AT = 22
/** Deeper than any tree that fits a disk. */
const DEPTH_MAX = 32
const FREE_KEY_BYTES = 8

/**
 * Checks the file at `path`, and makes sure that LMDB will take the same state for the last.
 *
 * @returns what is wrong with it; null when nothing is, or it is empty
 */
export function pageDamage(path: string): string | null {
  const file = openSync(path, 'r')
  try {
    if (fstatSync(file).size === 0) return null
    check(path, new PageFile(file))
    return null
  } catch (error) {
    if (error instanceof Damage || error instanceof RangeError) return error.message
    throw error
  } finally {
    closeSync(file)
  }
}

function check(path: string, file: PageFile): void {
  const last = lastMeta(file)
  const { meta } = last
  const seen = new Set<number>()
  const free = new FreeList(meta.transaction, meta.lastPage)
  new Walk(file, meta, seen).tree(meta.main, compareBytes, () => undefined)
  new Walk(file, meta, seen).tree(meta.free, compareNumbers, (key, value) => {
    free.add(key.readBigUInt64LE(0), value())
  })
  for (const number of free.pages) demand(!seen.has(number), `page ${number} is in use and free`)
  if (last.isUnconfirmed) confirm(path, file, last, largest(seen, free.pages))
}

function largest(...sets: readonly ReadonlySet<number>[]): bigint {
  let found = 0
  for (const set of sets) for (const number of set) found = Math.max(found, number)
  return BigInt(found)
}

type Compare = (left: Buffer, right: Buffer) => number
/** One entry; `value` reads what it holds. */
type Visitor = (key: Buffer, value: () => Buffer) => void

function compareBytes(left: Buffer, right: Buffer): number {
  return left.compare(right)
}

/** Of keys that are numbers of transactions. */
function compareNumbers(left: Buffer, right: Buffer): number {
  const whole = left.length === FREE_KEY_BYTES && right.length === FREE_KEY_BYTES
  demand(whole, 'a list of free pages has no transaction')
  const difference = left.readBigUInt64LE(0) - right.readBigUInt64LE(0)
  if (difference === 0n) return 0
  return difference < 0n ? -1 : 1
}

class Walk {
  readonly #file: PageFile
  readonly #meta: Meta
  readonly #seen: Set<number>
  #compare: Compare = compareBytes
  #visit: Visitor = () => undefined
  /** The key before; the next is larger, or the same after the key of a branch. */
  #before: Buffer | null = null
  #mayEqual = false
  #counts = { branches: 0n, leaves: 0n, overflows: 0n, entries: 0n }

  /** @param seen gains the number of every page of the tree */
  constructor(file: PageFile, meta: Meta, seen: Set<number>) {
    this.#file = file
    this.#meta = meta
    this.#seen = seen
  }

  /** Walks one tree, once for each Walk. @throws Damage */
  tree(tree: Tree, compare: Compare, visit: Visitor): void {
    this.#compare = compare
    this.#visit = visit
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
    demand(page.readUInt16LE(KIND_AT) === kind, `page ${number} has the wrong kind`)
    // All three offsets within a page count from the end of its header.
    const lower = HEADER_BYTES + page.readUInt16LE(LOWER_AT)
    const upper = HEADER_BYTES + page.readUInt16LE(UPPER_AT)
    const shaped = lower > HEADER_BYTES && lower % 2 === 0 && lower <= upper
    demand(shaped && upper <= page.length, `page ${number} has impossible bounds`)
    if (depth === 1) this.#counts.leaves += 1n
    else this.#counts.branches += 1n
    for (let at = HEADER_BYTES; at < lower; at += 2) {
      const node = HEADER_BYTES + page.readUInt16LE(at)
      const whole = node >= upper && node + NODE_BYTES <= page.length
      demand(whole, `page ${number} has a node outside of it`)
      if (depth === 1) this.#leafNode(page, node)
      else this.#branchNode(page, node, { depth, isFirst: at === HEADER_BYTES })
    }
  }

  #branchNode(page: Buffer, node: number, place: { depth: number; isFirst: boolean }): void {
    // The first branch takes all that is smaller than the second; its key says nothing.
    if (!place.isFirst) this.#ascend(keyAt(page, node), true)
    this.#page(BigInt(page.readUIntLE(node, 6)), place.depth - 1)
  }

  #leafNode(page: Buffer, node: number): void {
    const key = keyAt(page, node)
    this.#ascend(key, false)
    const flags = page.readUInt16LE(node + 4)
    const dataAt = node + NODE_BYTES + key.length
    const dataBytes = page.readUInt32LE(node)
    demand((flags & ~BIG_DATA) === 0, 'a node has flags that this store does not use')
    this.#counts.entries += 1n
    if (flags === BIG_DATA) {
      demand(dataAt + 8 <= page.length, 'a value passes the end of its page')
      this.#large(key, page.readBigUInt64LE(dataAt), dataBytes)
      return
    }
    demand(dataAt + dataBytes <= page.length, 'a value passes the end of its page')
    this.#visit(key, () => page.subarray(dataAt, dataAt + dataBytes))
  }

  #large(key: Buffer, number: bigint, dataBytes: number): void {
    const head = this.#enter(number)
    const pages = head.readUInt32LE(PAGES_AT)
    const { pageBytes, bytes } = this.#file
    const fits =
      head.readUInt16LE(KIND_AT) === OVERFLOW &&
      dataBytes + HEADER_BYTES <= pages * pageBytes &&
      (Number(number) + pages) * pageBytes <= bytes
    demand(fits, `page ${number} is no head of a large value`)
    for (let next = 1; next < pages; next += 1) this.#reach(Number(number) + next)
    this.#counts.overflows += BigInt(pages)
    this.#visit(key, () => this.#file.large(number, HEADER_BYTES, dataBytes))
  }

  #ascend(key: Buffer, isBranch: boolean): void {
    if (this.#before !== null) {
      const order = this.#compare(this.#before, key)
      demand(order < 0 || (order === 0 && this.#mayEqual), 'keys are out of order')
    }
    this.#before = key
    this.#mayEqual = isBranch
  }

  #enter(number: bigint): Buffer {
    const inside = number >= 2n && number <= this.#meta.lastPage
    demand(inside, `page ${number} is outside of the store`)
    this.#reach(Number(number))
    const page = this.#file.page(number)
    const own =
      page.readBigUInt64LE(NUMBER_AT) === number &&
      page.readBigUInt64LE(WRITTEN_BY_AT) <= this.#meta.transaction
    demand(own, `page ${number} is not the one that was written there`)
    return page
  }

  #reach(number: number): void {
    demand(!this.#seen.has(number), `page ${number} is reached twice`)
    this.#seen.add(number)
  }
}

function keyAt(page: Buffer, node: number): Buffer {
  const start = node + NODE_BYTES
  const end = start + page.readUInt16LE(node + 6)
  demand(end <= page.length, 'a key passes the end of its page')
  return page.subarray(start, end)
}
