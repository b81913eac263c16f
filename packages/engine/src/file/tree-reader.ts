/**
 * Finds the leaves of the main tree while LMDB has the file open.
 *
 * It reads the last state that is on disk. LMDB writes no page of that before the state after it is on disk too; so, as long as it is
 * told of every transaction before the next one begins, what it reads stays as it was.
 */
import { mainTree, NO_PAGE } from './meta-page.ts'
import type { Tree } from './meta-page.ts'
import type { PageFile } from './page-file.ts'
import { BRANCH, NODE_BYTES, TreePage } from './tree-page.ts'
import { boundsAt } from './tree-walk.ts'
import type { Bounds } from './tree-walk.ts'

/** So many branches are remembered. */
const BRANCHES_MAX = 512

/** Leaves next to each other, named by one branch. */
export class Twig {
  readonly bounds: Bounds
  /** Null when the tree is a single leaf. */
  readonly #branch: TreePage | null
  readonly #root: number

  constructor(root: number, branch: TreePage | null, bounds: Bounds) {
    this.#root = root
    this.#branch = branch
    this.bounds = bounds
  }

  get count(): number {
    return this.#branch?.count ?? 1
  }

  leaf(index: number): number {
    return this.#branch === null ? this.#root : this.#branch.child(this.#branch.node(index))
  }

  boundsOf(index: number): Bounds {
    return this.#branch === null ? this.bounds : boundsAt(this.#branch, index, this.bounds)
  }

  /** Which leaf holds the key. */
  indexOf(key: Buffer): number {
    return this.#branch === null ? 0 : search(this.#branch, key, false)
  }
}

export class TreeReader {
  readonly #file: PageFile
  /** Of the present state. */
  readonly #branches = new Map<number, TreePage>()
  #tree: Tree

  constructor(file: PageFile, tree: Tree) {
    this.#file = file
    this.#tree = tree
  }

  /** A transaction is over. */
  moved(): void {
    this.#tree = mainTree(this.#file)
    this.#branches.clear()
  }

  /** The twig that holds the key; null when the tree is empty. */
  twig(key: Buffer): Twig | null {
    return this.#descend(key, false)
  }

  /** The twig that holds the largest keys before this one; the first when there is none. */
  twigBefore(key: Buffer): Twig | null {
    return this.#descend(key, true)
  }

  #descend(key: Buffer, before: boolean): Twig | null {
    const { root, depth } = this.#tree
    if (root === NO_PAGE) return null
    let number = Number(root)
    let lower: Buffer | null = null
    let upper: Buffer | null = null
    for (let level = 0; level < depth - 2; level += 1) {
      const page = this.#branch(number)
      const index = search(page, key, before)
      if (index > 0) lower = page.key(page.node(index))
      if (index + 1 < page.count) upper = page.key(page.node(index + 1))
      number = page.child(page.node(index))
    }
    return new Twig(number, depth < 2 ? null : this.#branch(number), { lower, upper })
  }

  #branch(number: number): TreePage {
    const known = this.#branches.get(number)
    if (known !== undefined) return known
    const page = new TreePage(Buffer.allocUnsafeSlow(this.#file.pageBytes))
    this.#file.fill(number, page.bytes)
    page.checkNodes({ number, kind: BRANCH, transaction: Number.MAX_SAFE_INTEGER })
    if (this.#branches.size === BRANCHES_MAX) this.#branches.clear()
    this.#branches.set(number, page)
    return page
  }
}

/** The last node whose key is at most `key`, or less than `key` when `before` it is asked for; the first has no key. */
function search(page: TreePage, key: Buffer, before: boolean): number {
  let low = 0
  let high = page.count - 1
  while (low < high) {
    const middle = (low + high + 1) >>> 1
    const at = page.node(middle) + NODE_BYTES
    const end = at + page.keyBytes(page.node(middle))
    const order = page.bytes.compare(key, 0, key.length, at, end)
    if (order < 0 || (order === 0 && !before)) low = middle
    else high = middle - 1
  }
  return low
}
