/** How long a link waits before it gives a server up. */

/** The heartbeats of short sessions are shorter than the pauses that a busy server makes. */
export const PATIENCE_MIN_MS = 250
/** How long the server may take to end a session that was given up before it began. */
export const PARTING_MS = 1_000

const HEARTBEATS_TO_START = 2
const START_MIN_MS = 1_000
const START_MAX_MS = 3_000

/** How long the server may take to start a session, or to take it up again. */
export function startTimeoutMs(heartbeatMs: number): number {
  return Math.min(START_MAX_MS, Math.max(START_MIN_MS, heartbeatMs * HEARTBEATS_TO_START))
}
