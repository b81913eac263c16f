/** Notes of tasks that are being looked up whether they have changed their state meanwhile. */

export class Moves {
  readonly #watched = new Map<number, Set<Watcher>>()

  /** The task has become stored, dead, active or nothing. */
  moved(index: number): void {
    if (this.#watched.size === 0) return
    for (const watcher of this.#watched.get(index) ?? []) watcher.hasMoved = true
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

  /** There are no tasks any more, so all of them have moved. */
  clear(): void {
    for (const index of this.#watched.keys()) this.moved(index)
    this.#watched.clear()
  }
}

export interface Watcher {
  readonly index: number
  hasMoved: boolean
}
