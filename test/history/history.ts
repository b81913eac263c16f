/** What real clients asked of one coordination node, what came back, and when. Times are of one clock that never stands still. */
import type { Operation } from '@tenure/checker'

/** What was asked of one semaphore. */
export type Call =
  | { readonly kind: 'create'; readonly limit: bigint; readonly data: string }
  | { readonly kind: 'update'; readonly data: string }
  | { readonly kind: 'delete' }
  | { readonly kind: 'describe' }
  | { readonly kind: 'acquire'; readonly count: bigint; readonly ephemeral: boolean }
  | { readonly kind: 'release'; readonly token: bigint }

/** One owner or waiter. */
export interface Place {
  readonly session: bigint
  readonly token: bigint
  readonly count: bigint
}

export interface Seen {
  readonly limit: bigint
  readonly count: bigint
  readonly data: string
  readonly owners: readonly Place[]
  readonly waiters: readonly Place[]
}

/** The server has looked and changed nothing. */
export const REFUSED_CODES = ['NOT_FOUND', 'ALREADY_EXISTS', 'PRECONDITION_FAILED'] as const

export type RefusedCode = (typeof REFUSED_CODES)[number]

/** What came back. What failed with an open outcome has none. */
export type Answer =
  | { readonly kind: 'done' }
  | { readonly kind: 'refused'; readonly code: RefusedCode }
  /** null: there is no such semaphore. */
  | { readonly kind: 'described'; readonly seen: Seen | null }
  | { readonly kind: 'granted'; readonly token: bigint }

/** One call of one session. */
export interface Observation extends Operation<Call, Answer> {
  /** The semaphore. */
  readonly object: string
  readonly session: bigint
}

/** Units held, as their holder knows: from the grant to the call that gives them back, or to the end of the lease. */
export interface Holding {
  readonly actor: string
  readonly object: string
  readonly session: bigint
  readonly token: bigint
  readonly count: bigint
  readonly from: number
  /** Infinity while it is held. */
  to: number
}

export interface Life {
  readonly actor: string
  readonly session: bigint
  readonly calledAt: number
  readonly openedAt: number
  /** Why it ended although nobody has closed it; null otherwise. */
  lost: string | null
}

/** A value that a watch has shown. */
export interface Sighting {
  readonly actor: string
  readonly object: string
  readonly data: string | null
  readonly at: number
}

export interface History {
  readonly observations: readonly Observation[]
  readonly holdings: readonly Holding[]
  readonly lives: readonly Life[]
  readonly sightings: readonly Sighting[]
}

/** What is about each semaphore, in the order it is given. */
export function byObject<T extends { readonly object: string }>(
  all: readonly T[],
): Map<string, T[]> {
  const groups = new Map<string, T[]>()
  for (const one of all) {
    const group = groups.get(one.object)
    if (group === undefined) groups.set(one.object, [one])
    else group.push(one)
  }
  return groups
}
