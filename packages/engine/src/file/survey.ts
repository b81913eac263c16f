/**
 * What a closed LMDB file says of itself, before LMDB sees it.
 *
 * LMDB trusts its pages: a damaged one makes it read outside its map, which ends the process instead of throwing, or look for a row
 * where it is not, or write to a page in use. So the last state is found here first, with the branches of its main tree, the whole list
 * of its free pages, and whether these agree. The leaves of the main tree, nearly all of a large file, are named and not read: each of
 * them is checked before LMDB gets there (inspection.ts).
 */
import { FreeList } from './free-list.ts'
import { lastMeta } from './meta-page.ts'
import type { LastMeta, Meta } from './meta-page.ts'
import { demand } from './page-file.ts'
import type { PageFile } from './page-file.ts'
import { PageSet } from './page-set.ts'
import { BIG_DATA, HEADER_BYTES, LEAF, NODE_BYTES, OVERFLOW, TreePage } from './tree-page.ts'
import { TreeWalk } from './tree-walk.ts'
import type { Bounds, Order } from './tree-walk.ts'

const FREE_KEY_BYTES = 8

/** The state of the file when it was opened. */
export interface Survey {
  readonly file: PageFile
  readonly last: LastMeta
  /** Pages in use, as far as they are known. */
  readonly seen: PageSet
  readonly free: PageSet
  /** Leaves of the main tree. */
  readonly leaves: PageSet
}

/** @throws Damage */
export function survey(file: PageFile): Survey {
  const last = lastMeta(file)
  const { meta } = last
  const lastPage = Number(meta.lastPage)
  const seen = new PageSet(lastPage)
  const leaves = new PageSet(lastPage)
  const leaf = (number: number): void => void leaves.add(number)
  new TreeWalk({ file, meta, seen, order: BY_BYTES, leaf }).walk(meta.main)
  const free = new FreeTree(file, meta, seen).pages()
  demand(!free.meets(seen), 'a page is in use and free')
  return { file, last, seen, free, leaves }
}

const BY_BYTES: Order = {
  compare: (left, right) => left.compare(right),
  ascends: (page, left, right) => page.ascends(left, right),
}

const BY_NUMBERS: Order = {
  compare: compareNumbers,
  ascends: (page, left, right) => compareNumbers(page.key(left), page.key(right)) < 0,
}

/** Of keys that are numbers of transactions. */
function compareNumbers(left: Buffer, right: Buffer): number {
  const whole = left.length === FREE_KEY_BYTES && right.length === FREE_KEY_BYTES
  demand(whole, 'a list of free pages has no transaction')
  const difference = left.readBigUInt64LE(0) - right.readBigUInt64LE(0)
  if (difference === 0n) return 0
  return difference < 0n ? -1 : 1
}

/** The tree that LMDB keeps of its free pages, read whole. */
class FreeTree {
  readonly #file: PageFile
  readonly #meta: Meta
  readonly #seen: PageSet
  readonly #list: FreeList
  #before: Buffer | null = null
  #entries = 0n
  #overflows = 0n

  constructor(file: PageFile, meta: Meta, seen: PageSet) {
    this.#file = file
    this.#meta = meta
    this.#seen = seen
    this.#list = new FreeList(meta.transaction, meta.lastPage)
  }

  pages(): PageSet {
    const tree = this.#meta.free
    const leaf = (number: number, bounds: () => Bounds): void => this.#leaf(number, bounds())
    const ports = { file: this.#file, meta: this.#meta, seen: this.#seen }
    new TreeWalk({ ...ports, order: BY_NUMBERS, leaf }).walk(tree)
    const counted = this.#entries === tree.entries && this.#overflows === tree.overflows
    demand(counted, 'the list of free pages does not have the entries it says')
    return this.#list.pages
  }

  #leaf(number: number, { lower, upper }: Bounds): void {
    const page = new TreePage(this.#file.page(BigInt(number)))
    page.checkNodes({ number, kind: LEAF, transaction: Number(this.#meta.transaction) })
    for (let index = 0; index < page.count; index += 1) {
      const node = page.node(index)
      const key = page.key(node)
      const ascends =
        (this.#before === null || compareNumbers(this.#before, key) < 0) &&
        (lower === null || compareNumbers(lower, key) <= 0) &&
        (upper === null || compareNumbers(key, upper) < 0)
      demand(ascends, 'keys are out of order')
      this.#before = key
      this.#entries += 1n
      this.#list.add(key.readBigUInt64LE(0), this.#record(page, node))
    }
  }

  #record(page: TreePage, node: number): Buffer {
    const at = node + NODE_BYTES + page.keyBytes(node)
    const bytes = page.dataBytes(node)
    const flags = page.flags(node)
    demand((flags & ~BIG_DATA) === 0, 'a node has flags that this store does not use')
    const end = at + (flags === BIG_DATA ? 8 : bytes)
    demand(end <= page.bytes.length, 'a value passes the end of its page')
    if (flags !== BIG_DATA) return page.bytes.subarray(at, end)
    const first = page.wide(at)
    const pages = checkLarge(this.#file, { number: first, bytes, meta: this.#meta }).pages
    this.#overflows += BigInt(pages)
    for (let next = first; next < first + pages; next += 1) {
      demand(this.#seen.add(next), `page ${next} is reached twice`)
    }
    return this.#file.large(BigInt(first), HEADER_BYTES, bytes)
  }
}

/**
 * The first page of a large value.
 *
 * @param large.bytes how long the value is
 * @throws Damage when it is no such page
 */
export function checkLarge(
  file: PageFile,
  large: { readonly number: number; readonly bytes: number; readonly meta: Meta },
): TreePage {
  const { number, bytes, meta } = large
  const inside = number >= 2 && number <= Number(meta.lastPage)
  demand(inside, `page ${number} is outside of the store`)
  const head = new TreePage(file.page(BigInt(number)))
  head.check({ number, kind: OVERFLOW, transaction: Number(meta.transaction) })
  const { pageBytes } = file
  const fits =
    bytes + HEADER_BYTES <= head.pages * pageBytes &&
    number + head.pages - 1 <= Number(meta.lastPage) &&
    (number + head.pages) * pageBytes <= file.bytes
  demand(fits, `page ${number} is no head of a large value`)
  return head
}
