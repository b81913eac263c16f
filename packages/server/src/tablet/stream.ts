/**
 * A client's way into one tablet: what the faces use, and all that they know of a tablet.
 */
import type { Command, Detach, Event, SessionId, StreamId } from '@tenure/kernel'

type Without<C, K extends PropertyKey> = C extends unknown ? Omit<C, K> : never

/** Keeps the place of the stream in a command: to add a field to an object is dear, to replace one is not. */
export const NO_STREAM: StreamId = 0

/** A command as a face gives it: the tablet puts the stream in, and detaches by itself when the stream closes. */
export type StreamCommand = Without<Exclude<Command, Detach>, 'stream'> & { stream?: StreamId }

/** Puts the stream in place: a copy of each command would cost more than all else that the tablet does with it. */
export function address(
  asked: StreamCommand,
  stream: StreamId,
): asserts asked is StreamCommand & { stream: StreamId } {
  asked.stream = stream
}

/** How a node's time at one server ends: it was given up in good order, it failed, or another server owns it. */
export type ServingEnd = 'stopped' | 'failed' | 'fenced'

/**
 * Why a stream ends: as the node's time here did; or because the node was not reached.
 *
 * Unless it is 'failed', what has neither been answered nor begun to wait in the node was not done, and will not be.
 */
export type StreamEnd = ServingEnd | 'unreached'

/** Where a tablet puts what concerns one stream. Called only after the commit, in the order of events. */
export interface StreamSink {
  /**
   * All events of one commit for this stream, unless a session leaves it: then another stream may be told in between.
   * Empty when commands have begun to wait that say nothing of it.
   */
  deliver(events: readonly Event[]): void
  /** The command was not taken, because too much waits already; it has no effect. May come before earlier answers. */
  overloaded(requestId: bigint): void
  /** Nothing more comes. After 'failed', what was asked and not answered may have happened or not. */
  ended(why: StreamEnd): void
}

export interface TabletStream {
  /** Commands taken that have neither been answered nor begun to wait in the node. */
  readonly unsettled: number
  /** Hands the command over: the object is the tablet's from now on, and must not be used again. */
  submit(command: StreamCommand): void
  /** The client has left one session, whose timeout begins. */
  detach(session: SessionId): void
  /** The client has left: its sessions on this stream are detached. Nothing is delivered any more. */
  close(): void
}
