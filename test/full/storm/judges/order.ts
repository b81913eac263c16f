/** Tokens: one for each place in a line for ever, larger for whoever came later; and the line is kept. */
import type { AcquireRecord, History, Violation } from '../history.ts'
import { grouped } from '../grouped.ts'
import { BAD_REQUEST, SUCCESS } from '../status.ts'
import { isNewcomer, type Stay, type Turn, turnsOf } from './stays.ts'

export function judgeTokens(history: History): Violation[] {
  return [...twice(history), ...turnsOf(history).flatMap((turns) => turns.flatMap(judgeTurn))]
}

/** A token belongs to one session at one semaphore. */
function* twice(history: History): Iterable<Violation> {
  const holders = new Map<bigint, string>()
  const seen = function* (): Iterable<
    [orderId: bigint, holder: string, at: number, semaphore: string]
  > {
    for (const turn of history.holdings) {
      if (turn.kind === 'release' || turn.orderId === null) continue
      yield [
        turn.orderId,
        `session ${turn.session.id} at ${turn.semaphore}`,
        turn.returnedAt,
        turn.semaphore,
      ]
    }
    for (const { owners, waiters, semaphore, returnedAt } of history.describes) {
      for (const { orderId, sessionId } of [...owners, ...waiters]) {
        yield [orderId, `session ${sessionId} at ${semaphore}`, returnedAt, semaphore]
      }
    }
  }
  for (const [orderId, holder, at, semaphore] of seen()) {
    const other = holders.get(orderId)
    holders.set(orderId, holder)
    if (other === undefined || other === holder) continue
    const what = `token ${orderId} is of ${holder} and of ${other}`
    yield { id: 'X2', at, what, about: [semaphore] }
  }
}

function judgeTurn(turn: Turn, at: number, turns: readonly Turn[]): Violation[] {
  if (turn.kind === 'release') return []
  const about = [turn.semaphore]
  const accuse = (id: string, what: string): Violation => ({
    id,
    at: Math.min(turn.returnedAt, turn.brokenAt),
    what: `${turn.session.actor} at ${turn.semaphore}: ${what}`,
    about,
  })
  if (turn.acquired && turn.orderId === null) return [accuse('X2', 'a grant without a token')]
  const owned = ownedBefore(turns, at)
  if (owned !== null) return [...judgeAgain(turn, owned)].map((what) => accuse('X4', what))
  if (isNewcomer(turns, at) && turn.acquired && (turn.orderId ?? 0n) <= turn.seenOrder) {
    return [accuse('X2', `token ${turn.orderId}, though ${turn.seenOrder} was seen before`)]
  }
  return []
}

/** The grant that stands when this turn is asked; null when there is none, or when it is not certain. */
function ownedBefore(turns: readonly Turn[], at: number): AcquireRecord | null {
  let owned: AcquireRecord | null = null
  for (const turn of turns.slice(Math.max(0, at - 4), at)) {
    if (turn.kind === 'release') owned = null
    else if (turn.status === SUCCESS) owned = turn.acquired ? turn : null
    else if (turn.status !== BAD_REQUEST) owned = null
  }
  return owned
}

/** An owner that asks again. */
function* judgeAgain(turn: AcquireRecord, owned: AcquireRecord): Iterable<string> {
  if (turn.status === 0) return
  if (turn.count > owned.count) {
    if (turn.status !== BAD_REQUEST) yield `more than it held was answered with ${turn.status}`
    return
  }
  if (turn.status !== SUCCESS || !turn.acquired) yield `an owner was refused: ${turn.status}`
  else if (turn.orderId !== owned.orderId) yield `token ${turn.orderId} instead of ${owned.orderId}`
}

/** Nobody is granted behind the back of one that came earlier and certainly still waited. */
export function judgeLine(history: History, stays: readonly Stay[]): Violation[] {
  const grants = turnsOf(history).flatMap((turns) =>
    turns.filter(
      (turn, at): turn is AcquireRecord =>
        turn.kind === 'acquire' && turn.acquired && isNewcomer(turns, at),
    ),
  )
  const bySemaphore = grouped(grants, ({ semaphore }) => semaphore)
  const violations: Violation[] = []
  for (const stay of stays) {
    if (!stay.isVain) continue
    for (const grant of bySemaphore.get(stay.semaphore) ?? []) {
      if (grant.sentAt < stay.from || grant.returnedAt > stay.to) continue
      const what = `${grant.session.actor} was granted ${stay.semaphore} before ${stay.session.actor}, which came first`
      violations.push({ id: 'X3', at: grant.returnedAt, what, about: [stay.semaphore] })
    }
  }
  return violations
}
