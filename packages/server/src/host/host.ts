/**
 * Which coordination nodes run here, and the way to them.
 */
import type { StreamSink, TabletStream } from '../tablet/stream.ts'

/** One running coordination node. */
export interface HostedNode {
  readonly path: string
  /** A new way in. */
  connect(sink: StreamSink): TabletStream
}

/** Why a path has no node to give. */
export type PathRefusal = 'absent' | 'not-a-node' | 'not-a-directory'

export interface HostContract {
  /**
   * The running node of a canonical path, loaded when need be. `create` makes place for a node that is new.
   *
   * @returns the node; or why there is none. A node that was dropped may be returned: it answers NOT_FOUND itself
   * @throws EngineError when the engine cannot be reached or the node's data is damaged
   */
  node(path: string, options: { create: boolean }): Promise<HostedNode | PathRefusal>
  /** Paths of the existing nodes at or below `prefix`, ascending. */
  list(prefix: string): Promise<string[]>
  /** Stops every tablet after what was accepted has been answered. Sessions survive. */
  close(): Promise<void>
}
