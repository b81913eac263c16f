/** Where Tenure's own protocols are found, and what they call themselves. */

/** A method of gRPC with a stream of frames in both directions. */
export const CONNECT_PATH = '/tenure.v1.CoordinationService/Connect'

/** A method of gRPC of those who handle tasks: the server calls it. */
export const HANDLE_PATH = '/tenure.v1.HandlerService/Handle'

export const PROTOCOL_VERSION = 1

/** What a hello may offer beyond the version. */
export const CAPABILITY = {
  /** The server's: operations on records are done, else each is refused (UNSUPPORTED). */
  records: 'records',
  /** The server's: operations of the session log are done, else each is refused (UNSUPPORTED). */
  log: 'log',
  /** The client's: it understands that a node is on another server. */
  elsewhere: 'elsewhere',
} as const
