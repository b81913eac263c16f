/** Waits, lives and deaths: nothing too early, nothing too late. */
import type { AcquireRecord, Attachment, History, SessionRecord, Violation } from '../history.ts'
import {
  ABORTED,
  ALREADY_EXISTS,
  BAD_REQUEST,
  BAD_SESSION,
  NOT_FOUND,
  SESSION_EXPIRED,
  SUCCESS,
  TIMEOUT,
  UNAVAILABLE,
} from '../status.ts'
import { aliveUntil, goneBy, isQuiet } from './life.ts'

const LATE_MS = 1_000
const NEWS_MS = 300

export function judgeWaits(history: History): Violation[] {
  return history.holdings.flatMap((turn) =>
    turn.kind === 'release' ? [] : [...wrongWait(turn, history)],
  )
}

function* wrongWait(turn: AcquireRecord, { faults }: History): Iterable<Violation> {
  const { sentAt, returnedAt, brokenAt, pendingAt, timeoutMs, session, semaphore } = turn
  const endedAt = Math.min(returnedAt, brokenAt)
  const accuse = (what: string): Violation => {
    const whole = `${session.actor} at ${semaphore}, timeout ${timeoutMs} ms: ${what}`
    return { id: 'X5', at: Math.min(endedAt, sentAt + timeoutMs), what: whole, about: [semaphore] }
  }
  const waitedMs = endedAt - sentAt
  const isMiss = turn.status === SUCCESS && !turn.acquired
  if (isMiss && waitedMs < timeoutMs) yield accuse(`gave up after ${waitedMs} ms`)
  if (timeoutMs === 0 && pendingAt < Infinity) yield accuse('it had to wait')
  const dueAt = sentAt + timeoutMs + LATE_MS
  if (endedAt > dueAt && isQuiet(faults, sentAt, dueAt)) {
    yield accuse(`no answer after ${Math.round(waitedMs)} ms`)
  }
}

/** No session is gone before its time, and no id is given twice. */
export function judgeLives(history: History): Violation[] {
  const violations: Violation[] = []
  const ids = new Map<bigint, SessionRecord>()
  for (const session of history.sessions) {
    const about = [session.actor]
    const floor = aliveUntil(session, history.faults)
    if (session.expiredAt < floor) {
      const early = Math.round(floor - session.expiredAt)
      const what = `session ${session.id} of ${session.actor} was gone ${early} ms too early`
      violations.push({ id: 'S1', at: session.expiredAt, what, about })
    }
    if (session.id <= history.idsBefore) {
      const what = `session id ${session.id} was given after ${history.idsBefore}`
      violations.push({ id: 'S6', at: session.bornAt, what, about })
    }
    const other = ids.get(session.id)
    ids.set(session.id, session)
    if (other === undefined) continue
    const what = `session id ${session.id} was given to ${other.actor} and to ${session.actor}`
    violations.push({ id: 'S6', at: session.bornAt, what, about })
  }
  return violations
}

/** With what a stream that had its session may end: gone from a host that stops, unheard, or another one has the session. */
const ENDS: ReadonlySet<number> = new Set([UNAVAILABLE, TIMEOUT])

function isWrongEnd(one: Attachment, all: readonly Attachment[]): boolean {
  if (one.startedAt === Infinity || one.failure === null) return false
  // Only a stream that asked for the session meanwhile can have taken it.
  if (one.failure === BAD_SESSION)
    return !all.some(({ sentAt }) => sentAt > one.startedAt && sentAt < one.failedAt)
  return !ENDS.has(one.failure)
}

/** No stream is failed without reason, nor in a way that tells its client to give its session up. */
export function judgeEnds(history: History): Violation[] {
  return history.sessions.flatMap(({ actor, attachments }) =>
    attachments
      .filter((one) => isWrongEnd(one, attachments))
      .map(({ failedAt: at, failure }) => {
        return {
          id: 'S7',
          at,
          what: `a stream of ${actor} was failed with ${failure}`,
          about: [actor],
        }
      }),
  )
}

/** What a dead client held is free in time. */
export function judgeInheritances(history: History): Violation[] {
  return history.inheritances.flatMap(({ ghost, heir, seenUntil }) => {
    const by = Math.max(goneBy(ghost, history.faults), heir.sentAt + LATE_MS)
    const until = Math.min(heir.returnedAt, seenUntil)
    // A fault at that very moment may hold up the news.
    if (until <= by + NEWS_MS || !isQuiet(history.faults, by, by + NEWS_MS)) return []
    const late = Math.round(until - by)
    const what = `session ${ghost.id} of ${ghost.actor} kept ${heir.semaphore} ${late} ms too long`
    return [{ id: 'S2', at: until, what, about: [ghost.actor, heir.semaphore] }]
  })
}

/** What a request of the storm may be answered with: it asks for nothing that is not there by right. */
const USUAL: ReadonlySet<number> = new Set([
  SUCCESS,
  BAD_REQUEST,
  ABORTED,
  BAD_SESSION,
  ALREADY_EXISTS,
  NOT_FOUND,
  SESSION_EXPIRED,
])

/** No request is refused for a reason that is none. */
export function judgeAnswers(history: History): Violation[] {
  return [...history.holdings, ...history.describes, ...history.writes]
    .filter(({ returnedAt, status }) => returnedAt < Infinity && !USUAL.has(status))
    .map(({ session, semaphore, status, returnedAt: at }) => {
      const what = `${session.actor} was answered ${status} at ${semaphore}`
      return { id: 'O2', at, what, about: [semaphore] }
    })
}
