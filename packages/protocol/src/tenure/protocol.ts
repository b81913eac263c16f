/** Where Tenure's own protocol is found, and what it calls itself. */

/** A method of gRPC with a stream of frames in both directions. */
export const CONNECT_PATH = '/tenure.v1.CoordinationService/Connect'

export const PROTOCOL_VERSION = 1
