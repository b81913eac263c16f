/**
 * The one queue of a run: what happens next, ordered by virtual time and, at one time, by the order of scheduling.
 *
 * After each event everything that waits on promises runs to its end before the next one begins.
 */

export interface Scheduled {
  cancel(): void
}

interface Entry extends Scheduled {
  readonly atMs: number
  readonly order: number
  fire: (() => void) | null
}

/** Events that are begun in one turn of the real event loop; promises settle between them all the same. */
const EVENTS_PER_TURN = 64

export class Schedule {
  #nowMs = 0
  #order = 0
  readonly #heap: Entry[] = []

  /** Virtual milliseconds since the run began. */
  get nowMs(): number {
    return this.#nowMs
  }

  at(atMs: number, fire: () => void): Scheduled {
    const entry: Entry = {
      atMs: Math.max(atMs, this.#nowMs),
      order: (this.#order += 1),
      fire,
      cancel() {
        entry.fire = null
      },
    }
    this.#push(entry)
    return entry
  }

  after(delayMs: number, fire: () => void): Scheduled {
    return this.at(this.#nowMs + Math.max(0, delayMs), fire)
  }

  /**
   * Runs until `isOver` says so or nothing is left.
   *
   * @throws what an event throws
   */
  run(isOver: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      let isDone = false
      const turn = (): void => {
        for (let at = 0; at < EVENTS_PER_TURN; at += 1) setImmediate(step)
        setImmediate(() => {
          if (!isDone) turn()
        })
      }
      const step = (): void => {
        if (isDone) return
        try {
          if (!isOver() && this.#next()) return
          isDone = true
          resolve()
        } catch (error) {
          isDone = true
          reject(error)
        }
      }
      turn()
    })
  }

  #next(): boolean {
    for (let entry = this.#pop(); entry !== undefined; entry = this.#pop()) {
      const { fire } = entry
      if (fire === null) continue
      this.#nowMs = entry.atMs
      fire()
      return true
    }
    return false
  }

  #push(entry: Entry): void {
    const heap = this.#heap
    let at = heap.length
    heap.push(entry)
    while (at > 0) {
      const above = (at - 1) >> 1
      const parent = heap[above]
      if (parent === undefined || isBefore(parent, entry)) break
      heap[at] = parent
      at = above
    }
    heap[at] = entry
  }

  #pop(): Entry | undefined {
    const heap = this.#heap
    const first = heap[0]
    const last = heap.pop()
    if (first === undefined || last === undefined || heap.length === 0) return first
    let at = 0
    for (;;) {
      let below = at * 2 + 1
      let child = heap[below]
      if (child === undefined) break
      const right = heap[below + 1]
      if (right !== undefined && isBefore(right, child)) {
        child = right
        below += 1
      }
      if (isBefore(last, child)) break
      heap[at] = child
      at = below
    }
    heap[at] = last
    return first
  }
}

function isBefore(one: Entry, other: Entry): boolean {
  return one.atMs < other.atMs || (one.atMs === other.atMs && one.order < other.order)
}
