/** All that the journal says and LMDB does not know yet: what is on its way there, and over it what came since. */
import { textOf } from '../key-text.ts'
import { Differences } from './differences.ts'
import { decodeGroup } from './group.ts'
import { PendingRows } from './pending-rows.ts'

export class Pending {
  #moving = new PendingRows()
  #latest = new PendingRows()

  /** What is on its way to LMDB. */
  get moving(): PendingRows {
    return this.#moving
  }

  absorb(group: Buffer): void {
    for (const change of decodeGroup(group)) this.#latest.absorb(change)
  }

  /** What came since is on its way, too. Nothing else may be. */
  move(): void {
    this.#moving = this.#latest
    this.#latest = new PendingRows()
  }

  /** What was on its way has arrived. */
  arrived(): void {
    this.#moving = new PendingRows()
  }

  /** Undefined when LMDB knows it, null when the row was deleted. */
  get(key: Uint8Array): Uint8Array | null | undefined {
    if (this.#isEmpty) return undefined
    const text = textOf(key)
    const value = this.#latest.get(text)
    return value === undefined ? this.#moving.get(text) : value
  }

  /** What is different from LMDB from `start` to before `end`, as it is now; null when nothing is. */
  between(start: Uint8Array, end: Uint8Array): Differences | null {
    if (this.#isEmpty) return null
    const differences = new Differences({ start: textOf(start), end: textOf(end) })
    differences.lay(this.#moving)
    differences.lay(this.#latest)
    return differences.isEmpty ? null : differences
  }

  get #isEmpty(): boolean {
    return this.#moving.isEmpty && this.#latest.isEmpty
  }
}
