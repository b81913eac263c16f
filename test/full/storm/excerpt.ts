/** The part of a history that shows how a violation came about, for people. */
import type { History, Violation } from './history.ts'

const BEFORE_MS = 4_000
const AFTER_MS = 500
const LINES_MAX = 120

type Line = readonly [at: number, text: string]

export function excerptOf(history: History, { id, at, what, about }: Violation): string {
  const actors = new Set(about)
  const isAbout = (actor: string, semaphore: string): boolean =>
    actors.has(actor) || actors.has(semaphore)
  const lines = [...linesOf(history, isAbout)]
    .filter(([time]) => time < Infinity && time > at - BEFORE_MS && time < at + AFTER_MS)
    .sort(([a], [b]) => a - b)
    .slice(-LINES_MAX)
    .map(([time, text]) => `${(time - at).toFixed(1).padStart(9)} ms  ${text}`)
  return [`${id}: ${what}`, ...lines].join('\n')
}

function* linesOf(
  history: History,
  isAbout: (actor: string, semaphore: string) => boolean,
): Iterable<Line> {
  for (const { kind, from, to, servedFrom } of history.faults) {
    yield [from, `--- ${kind} begins`]
    if (servedFrom < Infinity) yield [servedFrom, '--- a new process serves']
    yield [to, `--- ${kind} ends`]
  }
  yield* livesOf(history, isAbout)
  for (const turn of history.holdings) {
    const { session, semaphore, sentAt, returnedAt, status } = turn
    if (!isAbout(session.actor, semaphore)) continue
    const who = `${session.actor} (session ${session.id})`
    if (turn.kind === 'release') {
      yield [sentAt, `${who} releases ${semaphore}`]
      yield [returnedAt, `${who} is told: released ${turn.released}, status ${status}`]
      continue
    }
    yield [sentAt, `${who} acquires ${turn.count} of ${semaphore}, timeout ${turn.timeoutMs}`]
    yield [turn.pendingAt, `${who} is told: pending at ${semaphore}`]
    yield [turn.brokenAt, `${who} lost its stream and hears nothing of ${semaphore}`]
    const answer = `acquired ${turn.acquired}, token ${turn.orderId}, status ${status}`
    yield [returnedAt, `${who} is told: ${answer}`]
  }
  yield* looksOf(history, isAbout)
}

function* livesOf(
  history: History,
  isAbout: (actor: string, semaphore: string) => boolean,
): Iterable<Line> {
  const interesting = new Set(
    history.holdings
      .filter(({ session, semaphore }) => isAbout(session.actor, semaphore))
      .map(({ session }) => session),
  )
  for (const session of history.sessions) {
    if (!isAbout(session.actor, '') && !interesting.has(session)) continue
    const who = `${session.actor} (session ${session.id})`
    for (const { sentAt, startedAt, endedAt, failure, seqNo } of session.attachments) {
      yield [sentAt, `${who} asks to be attached, number ${seqNo}`]
      yield [startedAt, `${who} is attached, timeout ${session.timeoutMs}`]
      yield [endedAt, `${who} is off its stream, failure ${failure}`]
    }
    yield [session.contactAt, `${who} was heard for the last time that is known`]
    yield [session.silentAt, `${who} falls silent`]
    yield [session.stopSentAt, `${who} stops its session`]
    yield [session.expiredAt, `${who} is told that its session is gone`]
  }
}

function* looksOf(
  history: History,
  isAbout: (actor: string, semaphore: string) => boolean,
): Iterable<Line> {
  for (const look of history.describes) {
    const { session, semaphore, sentAt, returnedAt, status, owners, waiters } = look
    if (!isAbout(session.actor, semaphore)) continue
    const places = [owners, waiters].map((all) =>
      all.map(({ sessionId, count, orderId }) => `${sessionId}:${count}@${orderId}`).join(' '),
    )
    yield [sentAt, `${session.actor} describes ${semaphore}`]
    const seen = `data ${look.data}, owners [${places[0]}], waiters [${places[1]}], status ${status}`
    yield [returnedAt, `${session.actor} sees ${semaphore}: ${seen}, watch ${look.watchAdded}`]
    yield [look.changedAt, `${session.actor} is told that ${semaphore} changed`]
  }
  for (const { session, semaphore, kind, value, sentAt, returnedAt, status } of history.writes) {
    if (!isAbout(session.actor, semaphore)) continue
    yield [sentAt, `${session.actor}: ${kind} ${semaphore} ${value}`]
    yield [returnedAt, `${session.actor} is told: ${kind} ${semaphore} ${value}, status ${status}`]
  }
}
