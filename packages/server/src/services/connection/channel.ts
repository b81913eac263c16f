/** One session on a connection of Tenure's own protocol. */
import type { SessionId } from '@tenure/kernel'
import type { NodeWay } from './node-way.ts'

export interface Channel {
  /** The client's number for it: the id of its attach. */
  readonly id: number
  readonly way: NodeWay
  /** 0 for a new session that has not begun yet. */
  session: SessionId
  readonly isNew: boolean
  /** `attaching`: the node has not answered yet. */
  phase: 'attaching' | 'open' | 'stopping'
  /** What the client has said while the channel was attaching; done as soon as it is open. */
  wish: 'none' | 'stop' | 'leave'
}
