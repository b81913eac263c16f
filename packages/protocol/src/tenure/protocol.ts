/** Where Tenure's own protocol is found, and what it calls itself. */

/** A method of gRPC with a stream of frames in both directions. */
export const CONNECT_PATH = '/tenure.v1.CoordinationService/Connect'

export const PROTOCOL_VERSION = 1

/** What a hello may offer beyond the version. */
export const CAPABILITY = {
  /** The server's: operations on records are done, else each is refused (UNSUPPORTED). */
  records: 'records',
  /** The server's: operations of the session log are done, else each is refused (UNSUPPORTED). */
  log: 'log',
} as const
