/**
 * What one session knows of an election.
 *
 * Not to know is a state of its own: before the first answer, and while the session recovers, somebody else may have been elected.
 */
import { inspect } from 'node:util'

export const StateUnknown = 0
export const StateFollower = 1
export const StateLeader = 2

export type ElectionRole = 'unknown' | 'follower' | 'leader'

const NUMBER_OF: Readonly<Record<ElectionRole, 0 | 1 | 2>> = {
  unknown: StateUnknown,
  follower: StateFollower,
  leader: StateLeader,
}

/** Who leads, as far as it is known. */
export interface Led<T> {
  /** What the leader says of itself. */
  readonly leader: T
  readonly term: bigint
}

export class ElectionState<T = Uint8Array> {
  /** 'leader' when the session that looks leads; 'follower' when another leads, or nobody. */
  readonly state: ElectionRole
  /** What the leader says of itself; null while nobody leads, or while it is unknown who does. */
  readonly leader: T | null
  /** The leader's term; 0n while there is no leader to be told of. */
  readonly term: bigint

  constructor(state: ElectionRole, led: Led<T> | null = null) {
    this.state = state
    this.leader = led?.leader ?? null
    this.term = led?.term ?? 0n
  }

  /** StateUnknown, StateFollower or StateLeader. */
  get number(): typeof StateUnknown | typeof StateFollower | typeof StateLeader {
    return NUMBER_OF[this.state]
  }

  toString(): string {
    if (this.state === 'unknown') return 'unknown'
    if (this.term === 0n) return `${this.state}, nobody leads`
    const led = this.state === 'leader' ? 'as' : 'led by'
    return `${this.state} in term ${this.term}, ${led} ${shown(this.leader)}`
  }
}

function shown(leader: unknown): string {
  const value = leader instanceof Uint8Array ? new TextDecoder().decode(leader) : leader
  return inspect(value, { breakLength: Infinity })
}
