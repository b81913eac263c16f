/** How long a session must have lived, and by when it must have been gone, whatever was done to the server meanwhile. */
import type { Fault, SessionRecord } from '../history.ts'

/** The grace period of the storm's coordination node, in force after each start of the server. */
export const GRACE_MS = 1_500

/** Of which a session that pings may not have been heard for. */
const HEARD_MS = 300

/** The end of a stream may have been on its way when the client saw it. */
const ON_ITS_WAY_MS = 20

/** A server that is told to stop goes on so long, and lets sessions expire whose time is over. */
const ENDING_MS = 200

const SLACK_MS = 1_000
const PING_MAX_MS = 5_000

/** The session's client was heard at `contactAt`; before the returned moment the session must not be gone. */
export function aliveUntil(session: SessionRecord, faults: readonly Fault[]): number {
  const { contactAt, timeoutMs } = session
  let floor = contactAt + timeoutMs
  for (const fault of faults) {
    if (endsProcess(fault) && floor > fault.from + ENDING_MS && fault.servedFrom > contactAt) {
      floor = Math.max(floor, fault.servedFrom + timeoutMs + GRACE_MS)
    }
    const wasHeard = contactAt >= fault.from - HEARD_MS && contactAt <= fault.to
    const wasAttached = wasHeard && offAt(session) > fault.from + ON_ITS_WAY_MS
    if (fault.kind === 'pause' && wasAttached && fault.to < Infinity) {
      floor = Math.max(floor, fault.to + timeoutMs)
    }
  }
  return Math.min(floor, session.stopSentAt)
}

function endsProcess({ kind }: Fault): boolean {
  return kind === 'kill' || kind === 'stop'
}

/** When the last stream of a session ended. */
function offAt({ attachments }: SessionRecord): number {
  return Math.max(...attachments.map(({ endedAt }) => endedAt))
}

/** The client fell silent at `silentAt`; after the returned moment what it held must be free. */
export function goneBy(session: SessionRecord, faults: readonly Fault[]): number {
  const { silentAt, timeoutMs } = session
  const pingMs = Math.min(timeoutMs / 3, PING_MAX_MS)
  // A client that does not answer is noticed after at most two pings; one period more when the server was late itself.
  const untilMs = 2 * pingMs + timeoutMs + SLACK_MS
  let by = silentAt + untilMs
  for (const fault of faults) {
    if (fault.to < silentAt || fault.from > by) continue
    if (endsProcess(fault)) by = Math.max(by, fault.to + timeoutMs + GRACE_MS + SLACK_MS)
    else if (fault.kind === 'move') by = Math.max(by, fault.to + untilMs + pingMs + GRACE_MS)
    else if (fault.kind !== 'cut') by = Math.max(by, fault.to + untilMs + pingMs)
  }
  return by
}

/** Whether the server and the way to it were sound in all that time. */
export function isQuiet(faults: readonly Fault[], from: number, to: number): boolean {
  return faults.every((fault) => fault.to < from || fault.from > to)
}
