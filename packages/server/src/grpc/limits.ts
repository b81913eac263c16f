/** Bounds of the transport. */

export const REQUEST_BYTES_MAX: number = 4 * 1024 * 1024
export const HEADER_LIST_BYTES_MAX: number = 16 * 1024
export const STREAMS_PER_CONNECTION_MAX = 1024
export const CONNECTIONS_MAX = 16_384

/** A stream whose client does not read ends when so much is unsent. */
export const UNSENT_BYTES_MAX: number = 4 * 1024 * 1024

/** The same for a connection of Tenure's own protocol, which carries many sessions. */
export const CONNECTION_UNSENT_BYTES_MAX: number = 64 * 1024 * 1024

/**
 * From so much unsent on tasks are handed out without their records, which their handlers then read one by one: what comes unasked
 * must not overrun a client that reads.
 */
export const CONNECTION_CROWDED_BYTES: number = 16 * 1024 * 1024

/** From so much unsent on what watches see waits until all was sent, and only the latest state of each is kept. */
export const CONNECTION_STATES_BYTES: number = 256 * 1024

/** A frame of Tenure's own protocol that has so many bytes takes no further message. */
export const CONNECTION_FRAME_BYTES: number = 1024 * 1024

/** What one connection may take in Node's HTTP/2 session, beside what our streams hold. */
export const CONNECTION_MEMORY_MB = 64

/** How much of one stream a client may send before it is read. */
export const STREAM_WINDOW_BYTES: number = 64 * 1024

/** A connection must have begun to speak HTTP/2 by then. */
export const HANDSHAKE_MS = 10_000

/** So often a connection is asked whether anybody is there; it has as long to answer. */
export const KEEP_ALIVE_MS = 20_000

/** Resets and new streams of one connection within `CHURN_WINDOW_MS`; past that the connection is closed. */
export const CHURN_WINDOW_MS = 10_000
export const RESETS_MAX = 1000
export const NEW_STREAMS_MAX = 10_000

/** Wrong frames and refused streams of one connection, after which Node closes it. */
export const INVALID_FRAMES_MAX = 100
export const REJECTED_STREAMS_MAX = 1000

/** How long a stream that has ended may take to hand its last bytes over. */
export const LINGER_MS = 10_000

/** One message between servers: a command is as large as a client's request at the most, what a node says may be larger. */
export const PEER_FRAME_BYTES_MAX: number = 256 * 1024 * 1024
/** A server that does not read what it has asked for is cut off at so much. */
export const PEER_UNSENT_BYTES_MAX: number = 256 * 1024 * 1024
/** So long another server has to accept a call. */
export const PEER_CONNECT_MS = 2_000
