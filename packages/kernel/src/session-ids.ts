/**
 * The ids of all sessions in their order, so that a page of them is found without a walk from the first.
 *
 * Ids only grow, so that new ones belong to the end. Those of sessions that have ended stay until they are the most.
 */
import type { SessionId } from './asked.ts'

export class SessionIds {
  #ids: SessionId[] = []
  #ended = 0

  /** Adds an id that is greater than all before. */
  add(id: SessionId): void {
    this.#ids.push(id)
  }

  /** One more of the sessions has ended; `isThere` tells of an id whether its session has not. */
  countEnded(isThere: (id: SessionId) => boolean): void {
    this.#ended += 1
    if (this.#ended * 2 <= this.#ids.length) return
    this.#ids = this.#ids.filter(isThere)
    this.#ended = 0
  }

  clear(): void {
    this.#ids = []
    this.#ended = 0
  }

  /** The ids above this one, ascending; those of ended sessions may be among them. No session may come or end meanwhile. */
  *after(id: SessionId): Generator<SessionId, void, undefined> {
    for (let at = this.#placeAfter(id); at < this.#ids.length; at++) {
      const next = this.#ids[at]
      if (next !== undefined) yield next
    }
  }

  #placeAfter(id: SessionId): number {
    let low = 0
    let high = this.#ids.length
    while (low < high) {
      const middle = (low + high) >> 1
      const one = this.#ids[middle]
      if (one !== undefined && one <= id) low = middle + 1
      else high = middle
    }
    return low
  }
}
