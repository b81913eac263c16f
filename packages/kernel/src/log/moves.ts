/** Notes of tasks that are being looked up whether they have changed their state meanwhile. */

export interface Watcher {
  readonly index: number
  hasMoved: boolean
}

export class Moves {
  readonly #watched = new Map<number, Set<Watcher>>()

  /** The task has become stored, dead, active or nothing. */
  moved(index: number): void {
    if (this.#watched.size === 0) return
    for (const watcher of this.#watched.get(index) ?? []) watcher.hasMoved = true
  }

  /** Every task has become nothing. */
  allMoved(): void {
    for (const index of this.#watched.keys()) this.moved(index)
    this.#watched.clear()
  }

  watch(watcher: Watcher): void {
    const watchers = this.#watched.get(watcher.index)
    if (watchers === undefined) this.#watched.set(watcher.index, new Set([watcher]))
    else watchers.add(watcher)
  }

  forget(watcher: Watcher): void {
    const watchers = this.#watched.get(watcher.index)
    watchers?.delete(watcher)
    if (watchers?.size === 0) this.#watched.delete(watcher.index)
  }
}
