/** Durations that the command chooses when nobody does. */

/** Of a session: how long after the death of its holder a lock passes on. */
export const DEFAULT_TIMEOUT_MS = 15_000

/** The part of the session timeout that a command gets to end after TERM, when nothing else was asked for. */
export const GRACE_SHARE = 0.2

/** From the last KILL to the moment at which the server may give the lock away; less for short sessions. */
export const KILL_RESERVE_MS = 250
export const KILL_RESERVE_SHARE_MAX = 0.1

/** The share of the timeout that must remain for the session itself to survive a hiccup. */
export const GRACE_SHARE_MAX = 0.5

/** From TERM to KILL for a command whose task is lost: the task comes back to somebody else no sooner than after its theme's delay. */
export const TASK_GRACE_MS = 2_000
