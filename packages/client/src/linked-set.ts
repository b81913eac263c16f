/**
 * A set in the order of adding, for what comes and goes with every request.
 *
 * The table of a built-in set is made anew again and again while elements come and go, and an old one that has outlived a
 * collection of garbage keeps alive what came after it. An element here has a place of its own, which goes with it.
 */

/** Where an element stands; of use to the set that has made it. */
export class Place<T> {
  readonly element: T
  /** null when the element is not in the set any more. */
  set: LinkedSet<T> | null
  previous: Place<T> | null = null
  next: Place<T> | null = null

  constructor(element: T, set: LinkedSet<T>) {
    this.element = element
    this.set = set
  }
}

export class LinkedSet<T> {
  #first: Place<T> | null = null
  #last: Place<T> | null = null
  #size = 0

  get size(): number {
    return this.#size
  }

  /** The element that has been in the set for the longest time. */
  get first(): T | undefined {
    return this.#first?.element
  }

  add(element: T): Place<T> {
    const place = new Place(element, this)
    place.previous = this.#last
    if (this.#last === null) this.#first = place
    else this.#last.next = place
    this.#last = place
    this.#size += 1
    return place
  }

  /** @returns false when the place is not in this set */
  delete(place: Place<T> | null): boolean {
    if (place?.set !== this) return false
    if (place.previous === null) this.#first = place.next
    else place.previous.next = place.next
    if (place.next === null) this.#last = place.previous
    else place.next.previous = place.previous
    place.set = null
    place.previous = null
    place.next = null
    this.#size -= 1
    return true
  }

  clear(): void {
    for (let place = this.#first; place !== null; place = this.#first) this.delete(place)
  }

  /** The element at hand may be deleted meanwhile. */
  *[Symbol.iterator](): Generator<T, void, undefined> {
    let place = this.#first
    while (place !== null) {
      const { element, next } = place
      yield element
      place = next
    }
  }
}
