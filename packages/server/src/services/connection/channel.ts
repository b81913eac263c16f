/** One session on a connection of Tenure's own protocol. */
import type { SessionId } from '@tenure/kernel'
import type { ForgetRequest, SessionAsk } from '@tenure/protocol'

/** The way to its node, as far as a channel is concerned. */
interface ChannelWay {
  ask(channel: Channel, asked: SessionAsk | ForgetRequest): void
  stop(channel: Channel): void
  leave(channel: Channel): void
  /** Its client has gone before it was told of a new session. */
  abandon(channel: Channel): void
}

export interface Channel {
  /** The client's number for it: the id of its attach. */
  readonly id: number
  readonly way: ChannelWay
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
