/**
 * The latest state of an election, to be read without waiting for it.
 */
import { nothing } from '../abort.ts'
import type { Election } from './election.ts'
import { ElectionState } from './election-state.ts'
import { LinkedAbort } from './linked-abort.ts'

/** To be awaited: the state after the next change. To be iterated: the present state, then the latest after each change. */
export interface ElectionNotice<T>
  extends Promise<ElectionState<T>>, AsyncIterable<ElectionState<T>> {}

/** Who waits for the next change, all of them together. */
interface NextChange<T> {
  readonly promise: Promise<ElectionState<T>>
  resolve(state: ElectionState<T>): void
  reject(reason: unknown): void
}

export class ElectionWatcher<T = Uint8Array> implements AsyncDisposable {
  readonly #election: Election<T>
  readonly #ends: LinkedAbort
  readonly #watched: Promise<void>
  #state: ElectionState<T> = new ElectionState('unknown')
  /** Grows with every change. */
  #version = 0
  #next: NextChange<T> = nextChange()
  #end: { readonly reason: unknown } | null = null

  /** Watches until `signal` aborts, the session is over, or the watcher is disposed of. The process stays alive for it until then. */
  constructor(election: Election<T>, signal?: AbortSignal) {
    this.#election = election
    this.#ends = new LinkedAbort(signal)
    this.#watched = this.#watch()
  }

  /** The latest state that is known to be true: 'unknown' at first, while the session recovers, and when the watch has ended. */
  get state(): ElectionState<T> {
    // Compares the clocks: after a pause the session may be over although nobody has been told yet.
    const isSure = this.#election.session.state === 'attached'
    return isSure || this.#state.state === 'unknown' ? this.#state : new ElectionState('unknown')
  }

  /** Tells of every change from now on. Both forms end by throwing the reason of the watch's end. */
  notify(): ElectionNotice<T> {
    const next = this.#next.promise.then((state) => state)
    // Whoever only iterates hears of the end there.
    next.catch(nothing)
    return Object.assign(next, { [Symbol.asyncIterator]: () => this.#states() })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ends.abort(
      new Error(`the watcher of the election "${this.#election.name}" was disposed of`),
    )
    await this.#watched
  }

  async #watch(): Promise<void> {
    try {
      for await (const state of this.#election.watch(this.#ends.signal)) this.#change(state)
    } catch (reason) {
      this.#close(reason)
    } finally {
      this.#ends[Symbol.dispose]()
    }
  }

  #change(state: ElectionState<T>): void {
    // The watch begins with what is known already: nothing.
    if (state.state === 'unknown' && this.#state.state === 'unknown') return
    const changed = this.#next
    this.#state = state
    this.#version += 1
    this.#next = nextChange()
    changed.resolve(state)
  }

  #close(reason: unknown): void {
    this.#state = new ElectionState('unknown')
    this.#end = { reason }
    this.#next.reject(reason)
  }

  async *#states(): AsyncGenerator<ElectionState<T>, void, undefined> {
    let seen = -1
    for (;;) {
      if (this.#end !== null) throw this.#end.reason
      if (seen === this.#version) await this.#next.promise
      else {
        seen = this.#version
        yield this.state
      }
    }
  }
}

function nextChange<T>(): NextChange<T> {
  let settle: Omit<NextChange<T>, 'promise'> = { resolve: nothing, reject: nothing }
  const promise = new Promise<ElectionState<T>>((resolve, reject) => {
    settle = { resolve, reject }
  })
  promise.catch(nothing)
  return { promise, ...settle }
}
