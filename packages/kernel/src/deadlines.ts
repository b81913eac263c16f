/**
 * What is due when: a binary heap ordered by (time, order of setting), out of which any element can be taken in log n.
 */

const NOWHERE = -1

/** Something that can wait for one moment at a time. Its fields belong to `Deadlines`. */
export abstract class Timed {
  dueMs: number = Infinity
  dueSequence = 0
  heapIndex: number = NOWHERE
}

export class Deadlines<T extends Timed> {
  readonly #heap: T[] = []
  #sequence = 0

  /** When the first is due; Infinity when none is. */
  get nextMs(): number {
    return this.#heap[0]?.dueMs ?? Infinity
  }

  /** Sets the element's moment, in place of an earlier one. */
  set(element: T, dueMs: number): void {
    this.cancel(element)
    element.dueMs = dueMs
    element.dueSequence = this.#sequence++
    this.#heap.push(element)
    this.#rise(element, this.#heap.length - 1)
  }

  /** Without effect when the element waits for nothing. */
  cancel(element: T): void {
    const index = element.heapIndex
    if (index === NOWHERE) return
    element.heapIndex = NOWHERE
    const last = this.#heap.pop()
    if (last === undefined || last === element) return
    this.#sink(last, index)
    this.#rise(last, last.heapIndex)
  }

  /** Takes out the first that is due at `nowMs`; null when none is. */
  takeDue(nowMs: number): T | null {
    const first = this.#heap[0]
    if (first === undefined || first.dueMs > nowMs) return null
    this.cancel(first)
    return first
  }

  clear(): void {
    for (const element of this.#heap) element.heapIndex = NOWHERE
    this.#heap.length = 0
  }

  #rise(element: T, from: number): void {
    let index = from
    while (index > 0) {
      const above = (index - 1) >> 1
      const parent = this.#heap[above]
      if (parent === undefined || isBefore(parent, element)) break
      this.#put(parent, index)
      index = above
    }
    this.#put(element, index)
  }

  #sink(element: T, from: number): void {
    let index = from
    for (;;) {
      const below = this.#earlierChild(index)
      if (below === NOWHERE) break
      const child = this.#heap[below]
      if (child === undefined || isBefore(element, child)) break
      this.#put(child, index)
      index = below
    }
    this.#put(element, index)
  }

  #earlierChild(index: number): number {
    const left = this.#heap[2 * index + 1]
    if (left === undefined) return NOWHERE
    const right = this.#heap[2 * index + 2]
    return right !== undefined && isBefore(right, left) ? 2 * index + 2 : 2 * index + 1
  }

  #put(element: T, index: number): void {
    this.#heap[index] = element
    element.heapIndex = index
  }
}

function isBefore(left: Timed, right: Timed): boolean {
  if (left.dueMs !== right.dueMs) return left.dueMs < right.dueMs
  return left.dueSequence < right.dueSequence
}
