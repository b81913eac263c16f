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

/** Less than 0 when the left key comes first. */
export type Compare = (left: Buffer, right: Buffer) => number

export interface WalkPorts {
  readonly file: PageFile
  readonly meta: Meta
  /** Gains the number of every page of the tree. */
  readonly seen: PageSet
  readonly compare: Compare
  /** Called for each leaf, in the order of the keys. */
  leaf(number: number, bounds: Bounds): void
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
      this.#page(Number(tree.root), tree.depth, { lower: null, upper: null })
    }
    const counted = this.#branches === tree.branches && this.#leaves === tree.leaves
    demand(counted, 'a tree does not have the pages it says')
  }

  /** @param depth pages from here to the leaves, 1 for a leaf */
  #page(number: number, depth: number, bounds: Bounds): void {
    const { meta, seen } = this.#ports
    const inside = number >= 2 && number <= Number(meta.lastPage)
    demand(inside, `page ${number} is outside of the store`)
    demand(seen.add(number), `page ${number} is reached twice`)
    if (depth === 1) {
      this.#leaves += 1n
      this.#ports.leaf(number, bounds)
    } else {
      this.#branches += 1n
      this.#branch(number, depth, bounds)
    }
  }

  #branch(number: number, depth: number, { lower, upper }: Bounds): void {
    const { file, meta, compare } = this.#ports
    const page = new TreePage(file.page(BigInt(number)))
    page.checkNodes({ number, kind: BRANCH, transaction: Number(meta.transaction) })
    let from = lower
    for (let index = 0; index < page.count; index += 1) {
      const to = index + 1 < page.count ? page.key(page.node(index + 1)) : upper
      // The first key of a page may be the one by which the branch above names it.
      const order = from === null || to === null ? -1 : compare(from, to)
      demand(order < 0 || (order === 0 && index === 0), 'keys are out of order')
      this.#page(page.child(page.node(index)), depth - 1, { lower: from, upper: to })
      from = to
    }
  }
}
