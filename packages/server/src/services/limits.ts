/** Bounds of what a client may ask of the services, and of how long it may take. */

export const PATH_BYTES_MAX = 1024

/** A stream that has not said what it is by then ends. */
export const FIRST_MESSAGE_MS = 10_000

/** From here on nothing is read from a stream until some of its requests have been answered. */
export const UNANSWERED_REQUESTS_MAX = 1024

/** With so many requests in a period a pong may wait behind them: no sign of a dead client. */
export const FLOOD_REQUESTS = 128

/** The server pings at a third of the session's timeout, within these bounds. */
export const PING_PERIOD_MIN_MS = 10
export const PING_PERIOD_MAX_MS = 5_000

/** A description that would be larger is refused; official clients accept no larger message. */
export const DESCRIPTION_BYTES_MAX: number = 60 * 1024 * 1024

/** Session streams of one server together. */
export const SESSION_STREAMS_MAX = 100_000

/** Longest wait for the answer to a unary call. */
export const UNARY_ANSWER_MS = 30_000

/** How long a unary call waits for a node that moves, or whose server has died and is missed soon. */
export const UNARY_PATIENCE_MS = 10_000

/** How long the start of a session does: its client can as well come again, to another server. */
export const START_PATIENCE_MS = 1_000

/** How long a token of `Login` is good for, and how many are remembered; past that the oldest is forgotten. */
export const TOKEN_LIFE_MS: number = 12 * 60 * 60 * 1000
export const TOKENS_MAX = 10_000

/** Calls of Tenure's own protocol of one server together. */
export const CLIENT_CONNECTIONS_MAX = 16_384

/** From here on nothing is read from a connection until some of its requests have been answered, or wait in the node. */
export const CONNECTION_UNANSWERED_MAX = 8_192

/** Sessions of one connection. */
export const CONNECTION_CHANNELS_MAX = 100_000

/** Questions outside of sessions that one connection asks at a time. */
export const CONNECTION_QUESTIONS_MAX = 256

/** Nodes that one answer lists: with the longest paths they still fit into a message. */
export const LISTED_NODES_MAX = 50_000

/** Bounds of the period that a client of Tenure's own protocol declares; silent for two of them, it is given up. */
export const SILENCE_PERIOD_MIN_MS = 10
export const SILENCE_PERIOD_MAX_MS = 10_000
/** Until it has declared one: a third of the smallest session timeout, at most this. */
export const UNDECLARED_PERIOD_MAX_MS = 5_000
