/**
 * States that a crowded connection is shown later: of each watch the latest, so that a client that reads slowly costs no more than what it
 * watches, and never sees an old state after a new one.
 */
import type { WatchShown } from '@tenure/protocol'

type State = WatchShown['description']

export class HeldStates {
  readonly #byWatch = new Map<number, State>()

  get isEmpty(): boolean {
    return this.#byWatch.size === 0
  }

  hold({ ids, description }: WatchShown): void {
    for (const id of ids) this.#byWatch.set(id, description)
  }

  /** Takes all of them out, each state once. */
  take(): WatchShown[] {
    const idsOf = new Map<State, number[]>()
    for (const [id, state] of this.#byWatch) {
      const ids = idsOf.get(state)
      if (ids === undefined) idsOf.set(state, [id])
      else ids.push(id)
    }
    this.#byWatch.clear()
    return Array.from(idsOf, ([description, ids]) => ({ kind: 'shown', ids, description }))
  }
}
