/**
 * The branches of an LMDB tree, from its root down to the pages above the leaves.
 *
 * They say where each key is looked for: each lies in the file, bears its number, has the kind that its depth asks for, its keys ascend
 * within what the branch above leaves to it, and no page is reached twice.
 */
import { NO_PAGE } from './meta-page.ts'
import type { Meta, Tree } from './meta-page.ts'
import { demand } from './page-file.ts'
import type { PageFile } from './page-file.ts'
import type { PageSet } from './page-set.ts'
import { BRANCH, TreePage } from './tree-page.ts'

/** Deeper than any tree that fits a disk. */
const DEPTH_MAX = 32

/** Between which keys those of a page lie. */
export interface Bounds {
  /** Inclusive. */
  readonly lower: Buffer | null
  /** Exclusive. */
  readonly upper: Buffer | null
}

/** What order the keys of a tree have. */
export interface Order {
  /** Less than 0 when the left key comes first. */
  compare(left: Buffer, right: Buffer): number
  /** Whether the keys of two nodes of a page ascend. */
  ascends(page: TreePage, left: number, right: number): boolean
}

export interface WalkPorts {
  readonly file: PageFile
  readonly meta: Meta
  /** Gains the number of every page of the tree. */
  readonly seen: PageSet
  readonly order: Order
  /** Called for each leaf, in the order of the keys. */
  leaf(number: number, bounds: () => Bounds): void
}

export class TreeWalk {
  readonly #ports: WalkPorts
  #branches = 0n
  #leaves = 0n

  constructor(ports: WalkPorts) {
    this.#ports = ports
  }

  /** Walks one tree, once for each TreeWalk. @throws Damage */
  walk(tree: Tree): void {
    if (tree.root !== NO_PAGE) {
      demand(tree.depth >= 1 && tree.depth <= DEPTH_MAX, 'a tree has an impossible depth')
      this.#page(Number(tree.root), tree.depth, () => ({ lower: null, upper: null }))
    }
    const counted = this.#branches === tree.branches && this.#leaves === tree.leaves
    demand(counted, 'a tree does not have the pages it says')
  }

  /** @param depth pages from here to the leaves, 1 for a leaf */
  #page(number: number, depth: number, bounds: () => Bounds): void {
    const { meta, seen } = this.#ports
    const inside = number >= 2 && number <= Number(meta.lastPage)
    demand(inside, `page ${number} is outside of the store`)
    demand(seen.add(number), `page ${number} is reached twice`)
    if (depth === 1) {
      this.#leaves += 1n
      this.#ports.leaf(number, bounds)
    } else {
      this.#branches += 1n
      this.#branch(number, depth, bounds())
    }
  }

  #branch(number: number, depth: number, bounds: Bounds): void {
    const { file, meta, order } = this.#ports
    const page = new TreePage(file.page(BigInt(number)))
    page.checkNodes({ number, kind: BRANCH, transaction: Number(meta.transaction) })
    const { count } = page
    if (count > 1) this.#checkEnds(page, bounds)
    for (let index = 0; index < count; index += 1) {
      const node = page.node(index)
      const ascends = index < 2 || order.ascends(page, page.node(index - 1), node)
      demand(ascends, 'keys are out of order')
      this.#page(page.child(node), depth - 1, () => boundsAt(page, index, bounds))
    }
  }

  /** The first key of a page may be the one by which the branch above names it. */
  #checkEnds(page: TreePage, { lower, upper }: Bounds): void {
    const { order } = this.#ports
    const first = page.key(page.node(1))
    const last = page.key(page.node(page.count - 1))
    const inside =
      (lower === null || order.compare(lower, first) <= 0) &&
      (upper === null || order.compare(last, upper) < 0)
    demand(inside, 'keys are out of order')
  }
}

/** What a branch leaves to one of the pages below it. */
export function boundsAt(page: TreePage, index: number, { lower, upper }: Bounds): Bounds {
  return {
    lower: index === 0 ? lower : page.key(page.node(index)),
    upper: index + 1 < page.count ? page.key(page.node(index + 1)) : upper,
  }
}
