/** One session on a connection of Tenure's own protocol. */
import type { SessionId } from '@tenure/kernel'
import type { ForgetRequest, SessionAsk } from '@tenure/protocol'
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
  /** What was asked while the channel was attaching: done as soon as it is open. */
  held: Array<SessionAsk | ForgetRequest> | null
  /** What the client has said behind that. */
  wish: 'none' | 'stop' | 'leave'
}
