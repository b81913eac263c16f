/**
 * All records of a node in the order of their keys: a B+ tree whose nodes are shared with its clones until one changes them.
 *
 * A clone is made in constant time. A node that has lost all it held is taken out; nodes are not merged, since keys that come
 * and go tend to come back.
 */
import type { StoredRecord } from './record.ts'

const LEAF_RECORDS_MAX = 64
const BRANCH_CHILDREN_MAX = 64

/** Tells whose a node is: only the tree of that owner may change it. */
type Owner = object

class Leaf {
  readonly owner: Owner
  readonly records: StoredRecord[]

  constructor(owner: Owner, records: StoredRecord[]) {
    this.owner = owner
    this.records = records
  }
}

class Branch {
  readonly owner: Owner
  /** For each child but the first, no key below it is less than this, and every key of the children before is. */
  readonly keys: string[]
  readonly children: Node[]

  constructor(owner: Owner, keys: string[], children: Node[]) {
    this.owner = owner
    this.keys = keys
    this.children = children
  }
}

type Node = Leaf | Branch

/** Gets one record after the other; false ends it. */
export type Visit = (record: StoredRecord) => boolean

export class RecordIndex {
  #owner: Owner = {}
  #root: Node

  constructor(root: Node = new Leaf({}, [])) {
    this.#root = root
  }

  /** An index of its own with the same records. */
  clone(): RecordIndex {
    this.#owner = {}
    return new RecordIndex(this.#root)
  }

  /** Adds a record whose key is not here. */
  add(record: StoredRecord): void {
    const root = this.#owned(this.#root)
    const right = this.#addBelow(root, record)
    this.#root =
      right === null ? root : new Branch(this.#owner, ['', lowestKey(right)], [root, right])
  }

  /** Takes out the record of this key, which is here. */
  remove(key: string): void {
    let root = this.#owned(this.#root)
    this.#removeBelow(root, key)
    while (root instanceof Branch && root.children.length <= 1) {
      root = root.children[0] ?? new Leaf(this.#owner, [])
    }
    this.#root = root
  }

  /** Visits the records from this key on, ascending. The index must not change meanwhile. */
  visit(from: string, visit: Visit): void {
    visitBelow(this.#root, from, visit)
  }

  #owned(node: Node): Node {
    const owner = this.#owner
    if (node.owner === owner) return node
    if (node instanceof Leaf) return new Leaf(owner, node.records.slice())
    return new Branch(owner, node.keys.slice(), node.children.slice())
  }

  #ownedChild({ children }: Branch, at: number): Node {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- `childFor` gives only places of children
    const child = this.#owned(children[at] as Node)
    children[at] = child
    return child
  }

  /** @returns the new right neighbour when the node had to be divided */
  #addBelow(node: Node, record: StoredRecord): Node | null {
    if (node instanceof Leaf) return this.#addToLeaf(node, record)
    const at = childFor(node, record.keyText)
    const added = this.#addBelow(this.#ownedChild(node, at), record)
    if (added === null) return null
    const { keys, children } = node
    keys.splice(at + 1, 0, lowestKey(added))
    children.splice(at + 1, 0, added)
    if (children.length <= BRANCH_CHILDREN_MAX) return null
    const cut = placeOfCut(children.length, at + 1)
    return new Branch(this.#owner, keys.splice(cut), children.splice(cut))
  }

  #addToLeaf({ records }: Leaf, record: StoredRecord): Leaf | null {
    const at = placeOf(records, record.keyText)
    if (at === records.length) records.push(record)
    else records.splice(at, 0, record)
    if (records.length <= LEAF_RECORDS_MAX) return null
    return new Leaf(this.#owner, records.splice(placeOfCut(records.length, at)))
  }

  /** @returns whether nothing is left below the node */
  #removeBelow(node: Node, key: string): boolean {
    if (node instanceof Leaf) {
      node.records.splice(placeOf(node.records, key), 1)
      return node.records.length === 0
    }
    const at = childFor(node, key)
    if (!this.#removeBelow(this.#ownedChild(node, at), key)) return false
    node.keys.splice(at, 1)
    node.children.splice(at, 1)
    return node.children.length === 0
  }
}

/** Keys that come in ascending order fill their nodes: only what comes in between halves them. */
function placeOfCut(length: number, lastAdded: number): number {
  return lastAdded === length - 1 ? length - 1 : length >> 1
}

function lowestKey(node: Node): string {
  return (node instanceof Leaf ? node.records[0]?.keyText : node.keys[0]) ?? ''
}

/** Where the first record stands whose key is not less; the end when there is none. */
function placeOf(records: readonly StoredRecord[], key: string): number {
  let low = 0
  let high = records.length
  while (low < high) {
    const middle = (low + high) >> 1
    const record = records[middle]
    if (record !== undefined && record.keyText < key) low = middle + 1
    else high = middle
  }
  return low
}

/** Where the child stands below which the key belongs. */
function childFor({ keys }: Branch, key: string): number {
  let low = 1
  let high = keys.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((keys[middle] ?? '') <= key) low = middle + 1
    else high = middle
  }
  return low - 1
}

function visitBelow(node: Node, from: string, visit: Visit): boolean {
  if (node instanceof Branch) {
    const first = childFor(node, from)
    return node.children.every((child, at) => at < first || visitBelow(child, from, visit))
  }
  for (let at = placeOf(node.records, from); at < node.records.length; at++) {
    const record = node.records[at]
    if (record !== undefined && !visit(record)) return false
  }
  return true
}
