/** What all commands are made of: who asks, in which session, and under which number. */

/** A client's way in, numbered by the tablet. One stream may carry many sessions; a session is on one stream at most. */
export type StreamId = number

/** 1, 2, 3, … within one node, never reused. */
export type SessionId = bigint

export interface Asked {
  readonly stream: StreamId
  readonly requestId: bigint
}

export interface InSession extends Asked {
  readonly session: SessionId
}

/** The number of a change within its session. A change that was done is not done again, however often it is asked for. */
export interface Change {
  /** 1, 2, 3, … */
  readonly serial: bigint
  /** The client knows the outcome of every change below this one, and will not ask for it again. */
  readonly settledBelow: bigint
}
