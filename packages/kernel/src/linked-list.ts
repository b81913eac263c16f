/**
 * A list whose elements carry their own links, so that any of them leaves in constant time.
 */

export interface Linked<T> {
  previous: T | null
  next: T | null
}

/** An element is in one list at most. */
export class LinkedList<T extends Linked<T>> {
  #first: T | null = null
  #last: T | null = null
  #size = 0

  get first(): T | null {
    return this.#first
  }

  get last(): T | null {
    return this.#last
  }

  get size(): number {
    return this.#size
  }

  append(element: T): void {
    const last = this.#last
    element.previous = last
    element.next = null
    if (last === null) this.#first = element
    else last.next = element
    this.#last = element
    this.#size += 1
  }

  /** Takes out an element of this list. */
  remove(element: T): void {
    const { previous, next } = element
    if (previous === null) this.#first = next
    else previous.next = next
    if (next === null) this.#last = previous
    else next.previous = previous
    element.previous = null
    element.next = null
    this.#size -= 1
  }

  /** In order. The element just given may be removed meanwhile. */
  *[Symbol.iterator](): Generator<T, void, undefined> {
    let element = this.#first
    while (element !== null) {
      const next: T | null = element.next
      yield element
      element = next
    }
  }
}
