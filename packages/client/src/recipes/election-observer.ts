/**
 * What an observer of an election knows: the present state, and that it has not been read yet.
 *
 * It follows the election also while its reader is busy. A reader that works under `state.signal` and asks for the next state
 * only when it is done would otherwise never be told to stop.
 */
import { EMPTY_BYTES, sameBytes } from '../bytes.ts'
import type { SemaphoreDescription } from '../semaphore.ts'
import { Bell } from './bell.ts'

/** Who leads. Data may be empty: a leader need not say anything. */
export interface Leader {
  readonly data: Uint8Array
  readonly sessionId: bigint
  readonly term: bigint
}

export interface LeadershipState {
  /** Null while nobody leads. */
  readonly leader: Leader | null
  /** The leader's data; empty when nobody leads too, so ask `leader` for that. */
  readonly data: Uint8Array
  /** Whether the leader is the session that observes. */
  readonly isMe: boolean
  /** The leader's term; 0n while nobody leads. */
  readonly term: bigint
  /** Aborts when somebody else leads, or nobody, or when the observation ends. A proclaim does not abort it. */
  readonly signal: AbortSignal
}

export class ElectionObserver {
  readonly #sessionId: bigint
  readonly #bell = new Bell()
  /** Ends with the present leader. */
  #tenure = new AbortController()
  #state: LeadershipState | undefined
  #unread = false
  #end: { readonly reason: unknown } | null = null

  constructor(sessionId: bigint) {
    this.#sessionId = sessionId
  }

  /** Takes in what the watch yields until it ends. Never rejects: the reason comes out of `next`. */
  async follow(watch: AsyncIterable<SemaphoreDescription | null>): Promise<void> {
    try {
      for await (const description of watch) this.#take(leaderOf(description))
      this.#close(new Error('the watch of the election ended, but nobody ended it'))
    } catch (error) {
      this.#close(error)
    }
  }

  /** The present state, when it is one that has not been read. */
  async next(): Promise<LeadershipState> {
    for (;;) {
      if (this.#end !== null) throw this.#end.reason
      if (this.#unread && this.#state !== undefined) {
        this.#unread = false
        return this.#state
      }
      await this.#bell.heard()
    }
  }

  #take(leader: Leader | null): void {
    const last = this.#state
    if (last !== undefined && sameLeader(last.leader, leader)) return
    if (last !== undefined && last.leader?.term !== leader?.term) {
      this.#tenure.abort(new Error('another leads, or nobody'))
      this.#tenure = new AbortController()
    }
    this.#state = {
      leader,
      data: leader?.data ?? EMPTY_BYTES,
      isMe: leader?.sessionId === this.#sessionId,
      term: leader?.term ?? 0n,
      signal: this.#tenure.signal,
    }
    this.#unread = true
    this.#bell.ring()
  }

  #close(reason: unknown): void {
    this.#end = { reason }
    this.#tenure.abort(reason)
    this.#bell.ring()
  }
}

/** The first owner: an election's semaphore has one unit. */
export function leaderOf(description: SemaphoreDescription | null): Leader | null {
  const owner = description?.owners[0]
  if (owner === undefined) return null
  return { data: owner.data, sessionId: owner.sessionId, term: owner.orderId }
}

export function sameLeader(one: Leader | null, other: Leader | null): boolean {
  if (one === null || other === null) return one === other
  return one.term === other.term && sameBytes(one.data, other.data)
}
