/** Bounds of what the server does as a client of handlers. */

/** A connection to a handler must stand by then. */
export const CONNECT_MS = 10_000

/** A handler that is silent for so long has its machine asked whether that is there: else it could keep its tasks for ever. */
export const SOCKET_PROBE_MS = 20_000

/** Pauses after which a handler, or a node, is tried again: each twice the one before it. */
export const PAUSE_MIN_MS = 100
export const PAUSE_MAX_MS = 30_000

/** A task that has been with a handler for so long shows that somebody is there. */
export const PROBE_MS = 2_000

/** The session of a server that went without a word ends by then; its tasks come back before that, with the node's next owner. */
export const DELIVERY_SESSION_MS = 10_000n

/** From here on nothing is read from a handler until some of its operations on one task have been answered. */
export const WAITING_OPERATIONS_MAX = 64

/** So much of a response is read, within this time; only its status counts. */
export const RESPONSE_BYTES_MAX: number = 64 * 1024
export const RESPONSE_BODY_MS = 5_000

/** How long a handler may take to close its side of a call whose task has ended. */
export const FAREWELL_MS = 1_000

/** Handlers that metrics tell apart. */
export const DESTINATIONS_SHOWN_MAX = 200

/** Pauses between asking a node that takes no command at present. */
export const RETRY_MIN_MS = 20
export const RETRY_MAX_MS = 2_000
