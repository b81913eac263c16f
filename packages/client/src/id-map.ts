/**
 * What waits under a number, found without a trace: numbers come and go with every request, and a built-in map would make its table
 * anew all the time (see `linked-set.ts`).
 *
 * Open addressing with linear probing. A deletion moves those that follow it up, so that no marks of it stay behind.
 */

const FIRST_CAPACITY = 16
/** Spreads numbers that follow each other. */
const MULTIPLIER = 0x9e37_79b1

export class IdMap<T> {
  /** 0 where nothing is. */
  #ids: Float64Array = new Float64Array(FIRST_CAPACITY)
  #values: (T | undefined)[] = Array.from({ length: FIRST_CAPACITY })
  #size = 0

  get size(): number {
    return this.#size
  }

  get(id: number): T | undefined {
    return this.#values[this.#find(id)]
  }

  /** @param id a whole number above 0 */
  set(id: number, value: T): void {
    let slot = this.#find(id)
    if (this.#ids[slot] === 0) {
      if ((this.#size + 1) * 2 > this.#ids.length) {
        this.#grow()
        slot = this.#find(id)
      }
      this.#size += 1
      this.#ids[slot] = id
    }
    this.#values[slot] = value
  }

  delete(id: number): boolean {
    const slot = this.#find(id)
    if (this.#ids[slot] === 0) return false
    this.#size -= 1
    this.#empty(slot)
    return true
  }

  clear(): void {
    this.#ids = new Float64Array(FIRST_CAPACITY)
    this.#values = Array.from({ length: FIRST_CAPACITY })
    this.#size = 0
  }

  /** In no order. */
  *values(): Generator<T, void, undefined> {
    for (const [slot, id] of this.#ids.entries()) {
      const value = this.#values[slot]
      if (id !== 0 && value !== undefined) yield value
    }
  }

  /** The slot of the id, or the empty one where it belongs. */
  #find(id: number): number {
    const mask = this.#ids.length - 1
    let slot = this.#home(id)
    for (;;) {
      const found = this.#ids[slot]
      if (found === id || found === 0) return slot
      slot = (slot + 1) & mask
    }
  }

  #home(id: number): number {
    return (Math.imul(id | 0, MULTIPLIER) >>> 7) & (this.#ids.length - 1)
  }

  /** Empties a slot and moves up what would not be found any more behind it. */
  #empty(start: number): void {
    const mask = this.#ids.length - 1
    let hole = start
    for (let slot = (hole + 1) & mask; ; slot = (slot + 1) & mask) {
      const id = this.#ids[slot] ?? 0
      if (id === 0) break
      const distance = (slot - this.#home(id)) & mask
      if (distance < ((slot - hole) & mask)) continue
      this.#ids[hole] = id
      this.#values[hole] = this.#values[slot]
      hole = slot
    }
    this.#ids[hole] = 0
    this.#values[hole] = undefined
  }

  #grow(): void {
    const ids = this.#ids
    const values = this.#values
    this.#ids = new Float64Array(ids.length * 2)
    this.#values = Array.from({ length: ids.length * 2 })
    for (const [slot, id] of ids.entries()) {
      if (id === 0) continue
      const place = this.#find(id)
      this.#ids[place] = id
      this.#values[place] = values[slot]
    }
  }
}
