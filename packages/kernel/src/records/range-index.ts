/**
 * Ranges of keys, each with what belongs to it, found by any key inside them: a tree by (start, end) in which every node
 * knows how far the ranges below it reach, so that whole branches that end before a key are passed by.
 *
 * Keys are texts of one character for each byte. The end of a range is exclusive; null is the end of all keys.
 */

export type End = string | null

class Node<T> {
  readonly start: string
  readonly end: End
  readonly content: T
  /** No child has a greater one. Drawn by chance, which keeps the tree flat whatever ranges come. */
  readonly priority: number
  left: Node<T> | null = null
  right: Node<T> | null = null
  /** The furthest end of this range and of all below. */
  reach: End

  constructor(range: { start: string; end: End }, content: T, priority: number) {
    this.start = range.start
    this.end = range.end
    this.content = content
    this.priority = priority
    this.reach = range.end
  }
}

export class RangeIndex<T> {
  #root: Node<T> | null = null
  #size = 0
  #chance = 0x9e37_79b9

  get size(): number {
    return this.#size
  }

  /** What belongs to exactly this range. */
  find(start: string, end: End): T | undefined {
    let node = this.#root
    while (node !== null) {
      const order = compareRanges(start, end, node)
      if (order === 0) return node.content
      node = order < 0 ? node.left : node.right
    }
    return undefined
  }

  /** Adds a range that is not here. */
  add(start: string, end: End, content: T): void {
    this.#root = insert(this.#root, new Node({ start, end }, content, this.#draw()))
    this.#size += 1
  }

  /** Takes out a range that is here. */
  remove(start: string, end: End): void {
    this.#root = removeBelow(this.#root, start, end)
    this.#size -= 1
  }

  /** Visits the ranges that include the key, by (start, end). The index must not change meanwhile. */
  visit(key: string, visit: (content: T) => void): void {
    visitBelow(this.#root, key, visit)
  }

  clear(): void {
    this.#root = null
    this.#size = 0
  }

  /** The same numbers in every index: chance that repeats itself. */
  #draw(): number {
    let chance = this.#chance
    chance ^= chance << 13
    chance ^= chance >>> 17
    chance ^= chance << 5
    this.#chance = chance
    return chance
  }
}

function insert<T>(node: Node<T> | null, added: Node<T>): Node<T> {
  if (node === null) return added
  if (added.priority > node.priority) {
    const { before, after } = split(node, added)
    added.left = before
    added.right = after
    return measured(added)
  }
  if (compareRanges(added.start, added.end, node) < 0) node.left = insert(node.left, added)
  else node.right = insert(node.right, added)
  return measured(node)
}

interface Halves<T> {
  readonly before: Node<T> | null
  readonly after: Node<T> | null
}

function split<T>(node: Node<T> | null, at: Node<T>): Halves<T> {
  if (node === null) return { before: null, after: null }
  if (compareRanges(at.start, at.end, node) < 0) {
    const { before, after } = split(node.left, at)
    node.left = after
    return { before, after: measured(node) }
  }
  const { before, after } = split(node.right, at)
  node.right = before
  return { before: measured(node), after }
}

function removeBelow<T>(node: Node<T> | null, start: string, end: End): Node<T> | null {
  if (node === null) return null
  const order = compareRanges(start, end, node)
  if (order === 0) return join(node.left, node.right)
  if (order < 0) node.left = removeBelow(node.left, start, end)
  else node.right = removeBelow(node.right, start, end)
  return measured(node)
}

/** Every range of `before` stands before those of `after`. */
function join<T>(before: Node<T> | null, after: Node<T> | null): Node<T> | null {
  if (before === null) return after
  if (after === null) return before
  if (before.priority > after.priority) {
    before.right = join(before.right, after)
    return measured(before)
  }
  after.left = join(before, after.left)
  return measured(after)
}

function visitBelow<T>(node: Node<T> | null, key: string, visit: (content: T) => void): void {
  if (node === null || !isBeforeEnd(key, node.reach)) return
  visitBelow(node.left, key, visit)
  if (key < node.start) return
  if (isBeforeEnd(key, node.end)) visit(node.content)
  visitBelow(node.right, key, visit)
}

function measured<T>(node: Node<T>): Node<T> {
  let reach = node.end
  if (node.left !== null) reach = laterEnd(reach, node.left.reach)
  if (node.right !== null) reach = laterEnd(reach, node.right.reach)
  node.reach = reach
  return node
}

function isBeforeEnd(key: string, end: End): boolean {
  return end === null || key < end
}

function laterEnd(one: End, other: End): End {
  if (one === null || other === null) return null
  return one < other ? other : one
}

function compareRanges<T>(start: string, end: End, node: Node<T>): number {
  if (start !== node.start) return start < node.start ? -1 : 1
  if (end === node.end) return 0
  return node.end === null || (end !== null && end < node.end) ? -1 : 1
}
