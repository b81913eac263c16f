/**
 * The states of an election, as one session sees them: the generator behind `election.watch`.
 *
 * Every time the session is attached a fresh look at the election begins, and nothing is claimed before it has been answered:
 * what was seen before the connection broke may be over.
 */
import type { Semaphore } from '../semaphore.ts'
import { Bell } from './bell.ts'
import type { Codec } from './codec.ts'
import { leaderOf, sameLeader, type Leader } from './election-observer.ts'
import type { ElectionSession } from './election-session.ts'
import { ElectionState } from './election-state.ts'
import { LinkedAbort } from './linked-abort.ts'

export interface WatchedElection<T> {
  readonly session: ElectionSession
  /** Without a limit of its own: who only looks makes nothing. */
  readonly semaphore: Semaphore
  readonly codec: Codec<T>
}

export async function* watchElection<T>(
  election: WatchedElection<T>,
  signal?: AbortSignal,
): AsyncGenerator<ElectionState<T>, void, undefined> {
  signal?.throwIfAborted()
  using ends = new LinkedAbort(signal)
  const news = new ElectionNews<T>()
  const following = follow(election, news, ends.signal)
  try {
    for (;;) yield await news.next()
  } finally {
    ends.abort(new Error(`the watch of the election "${election.semaphore.name}" has ended`))
    await following
  }
}

/** Never rejects: the reason comes out of the news. */
async function follow<T>(
  election: WatchedElection<T>,
  news: ElectionNews<T>,
  signal: AbortSignal,
): Promise<void> {
  const { session } = election
  let look: { readonly ends: LinkedAbort; readonly done: Promise<void> } | null = null
  const stop = async (): Promise<void> => {
    look?.ends.abort(new Error('the session is not attached'))
    look?.ends[Symbol.dispose]()
    await look?.done
    look = null
  }
  try {
    for await (const state of session.states(signal)) {
      await stop()
      news.take(new ElectionState('unknown'), null)
      if (state !== 'attached') continue
      const ends = new LinkedAbort(signal)
      look = { ends, done: lookOn(election, news, ends.signal) }
    }
    news.close(session.signal.reason)
  } catch (error) {
    news.close(error)
  } finally {
    await stop()
  }
}

/** Passes on what is seen until `signal` aborts. Never rejects. */
async function lookOn<T>(
  { session, semaphore, codec }: WatchedElection<T>,
  news: ElectionNews<T>,
  signal: AbortSignal,
): Promise<void> {
  try {
    for await (const seen of semaphore.watch({ owners: true, absent: 'wait' }, signal)) {
      // What has waited here while the session fell into doubt is not to be claimed any more.
      if (signal.aborted || session.state !== 'attached') continue
      const leader = leaderOf(seen)
      const role = leader?.sessionId === session.id ? 'leader' : 'follower'
      const led = leader && { leader: codec.decode(leader.data), term: leader.term }
      news.take(new ElectionState(role, led), leader)
    }
  } catch (error) {
    if (!signal.aborted) news.close(error)
  }
}

/** The present state, and whether it has been read. */
class ElectionNews<T> {
  readonly #bell = new Bell()
  #state: ElectionState<T> = new ElectionState('unknown')
  #leader: Leader | null = null
  #isUnread = true
  #end: { readonly reason: unknown } | null = null

  /** @param leader as it was seen, to tell one state from the next */
  take(state: ElectionState<T>, leader: Leader | null): void {
    const isSame = state.state === this.#state.state && sameLeader(leader, this.#leader)
    if (isSame) return
    this.#state = state
    this.#leader = leader
    this.#isUnread = true
    this.#bell.ring()
  }

  /** The first reason stays. */
  close(reason: unknown): void {
    this.#end ??= { reason }
    this.#bell.ring()
  }

  async next(): Promise<ElectionState<T>> {
    for (;;) {
      if (this.#end !== null) throw this.#end.reason
      if (this.#isUnread) {
        this.#isUnread = false
        return this.#state
      }
      await this.#bell.heard()
    }
  }
}
