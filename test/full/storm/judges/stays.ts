/**
 * What one session certainly was to one semaphore, and when: nothing, a waiter or an owner.
 *
 * Between a request and its answer, and after a request without an answer, nothing is certain.
 */
import type { AcquireRecord, Fault, History, ReleaseRecord, SessionRecord } from '../history.ts'
import { ABORTED, BAD_REQUEST, SUCCESS } from '../status.ts'
import { aliveUntil } from './life.ts'

export interface Stay {
  readonly kind: 'absent' | 'waiting' | 'owning'
  readonly session: SessionRecord
  readonly semaphore: string
  readonly limit: bigint
  readonly from: number
  readonly to: number
  readonly count: bigint
  /** Null when it is not known. */
  readonly orderId: bigint | null
  /** Whether `count` is all it holds; otherwise it holds at least so much. */
  readonly isSettled: boolean
  /** Of a waiter: whether it went without ever being granted. */
  readonly isVain: boolean
}

export type Turn = AcquireRecord | ReleaseRecord

/** The turns of each session at each semaphore, in the order in which they were asked. */
export function turnsOf(history: History): Turn[][] {
  const courses = new Map<SessionRecord, Map<string, Turn[]>>()
  for (const turn of history.holdings) {
    const bySemaphore = courses.get(turn.session) ?? new Map<string, Turn[]>()
    courses.set(turn.session, bySemaphore)
    const turns = bySemaphore.get(turn.semaphore) ?? []
    bySemaphore.set(turn.semaphore, turns)
    turns.push(turn)
  }
  return [...courses.values()].flatMap((bySemaphore) => [...bySemaphore.values()])
}

export function staysOf(history: History): Stay[] {
  return turnsOf(history).flatMap((turns) => {
    const [first] = turns
    return first === undefined ? [] : staysOfOne(first, turns, history.faults)
  })
}

function staysOfOne(first: Turn, turns: readonly Turn[], faults: readonly Fault[]): Stay[] {
  const { session, semaphore } = first
  const limit = turns.find((turn) => turn.kind === 'acquire')?.limit ?? 0n
  const dead = aliveUntil(session, faults)
  const stays: Stay[] = []
  for (const [at, turn] of turns.entries()) {
    const nextAt = turns[at + 1]?.sentAt ?? Infinity
    const before = stays.at(-1)
    for (const part of staysAfter(turn, before, nextAt)) {
      const to = part.kind === 'absent' ? part.to : Math.min(part.to, dead)
      stays.push({ ...part, session, semaphore, limit, to })
    }
  }
  return stays
}

type Part = Omit<Stay, 'session' | 'semaphore' | 'limit'>

/** Whether this turn found its session outside the line, so that it has to join at the end. */
export function isNewcomer(turns: readonly Turn[], at: number): boolean {
  const before = turns[at - 1]
  return before === undefined || (before.kind === 'release' && before.status === SUCCESS)
}

/** What is certain from this turn on, until the next one is asked. */
function staysAfter(turn: Turn, before: Stay | undefined, nextAt: number): Part[] {
  const known = { isSettled: true, isVain: false } as const
  const nothing = { kind: 'absent', count: 0n, orderId: null, ...known } as const
  if (turn.kind === 'release') {
    return turn.status === SUCCESS ? [{ ...nothing, from: turn.returnedAt, to: nextAt }] : []
  }
  const { count, orderId, sentAt, pendingAt, returnedAt } = turn
  const owned = before?.kind === 'owning' && before.to >= sentAt ? before : null
  if (owned !== null) return staysOfOwner(turn, owned, nextAt)
  const parts: Part[] = []
  const givesUpAt = turn.acquired ? Infinity : sentAt + turn.timeoutMs
  const waitsUntil = Math.min(returnedAt, nextAt, givesUpAt)
  const isVain = turn.status === ABORTED || (turn.status === SUCCESS && !turn.acquired)
  if (pendingAt < waitsUntil) {
    const waiting = { kind: 'waiting', count, orderId, isSettled: true, isVain } as const
    parts.push({ ...waiting, from: pendingAt, to: waitsUntil })
  }
  if (turn.status !== SUCCESS || returnedAt > nextAt) return parts
  const after = turn.acquired ? ({ kind: 'owning', count, orderId, ...known } as const) : nothing
  parts.push({ ...after, from: returnedAt, to: nextAt })
  return parts
}

/** An owner that asks again is one in any case; how much it holds is known with the answer. */
function staysOfOwner(turn: AcquireRecord, owned: Stay, nextAt: number): Part[] {
  const { count, status, sentAt, returnedAt } = turn
  const known = { kind: 'owning', orderId: owned.orderId, isVain: false } as const
  const to = Math.min(returnedAt, nextAt)
  const least = count < owned.count ? count : owned.count
  const during: Part = { ...known, count: least, from: sentAt, to, isSettled: false }
  if (status !== SUCCESS && status !== BAD_REQUEST) return [during]
  const settled = status === SUCCESS ? count : owned.count
  return [during, { ...known, count: settled, from: returnedAt, to: nextAt, isSettled: true }]
}
