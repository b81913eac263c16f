/** Who uses a connection of Tenure's own protocol, as the connection sees them. */
import type { Reply, SessionElsewhere, SessionEnded, SessionNotice } from '@tenure/protocol'
import type { AttachmentEnd, AttachRequest, Description, Started } from '../link.ts'

/** What a server may do or not. */
export type Capabilities = Pick<Started, 'hasRecords' | 'hasLog'>

/** Where a server sends its clients for a node. */
export type ServerPlace = Pick<SessionElsewhere, 'address' | 'server'>

export interface DirectedRequest extends AttachRequest {
  /** The name of a server that cannot be reached: if it has the node, the one that is asked shall answer for it. */
  readonly unreached: string
}

/** A session on the connection. */
export interface Tenant {
  /** How often the server must answer, at least; Infinity before the session has started. */
  readonly heartbeatMs: number
  attached(sessionId: bigint, capabilities: Capabilities): void
  contact(sentAtMs: number): void
  /** The server is told another period at this time. */
  declared(sentAtMs: number): void
  noticed(notice: SessionNotice['notice']): void
  /** The server's last word on the channel. */
  ended(ended: SessionEnded): void
  /** The server's last word, too: the attach is to be made at another one. */
  elsewhere(place: ServerPlace): void
  /** The connection is over. */
  cut(end: AttachmentEnd): void
}

/** Who waits for what is said to a request. */
interface Asker {
  /** @returns whether more may come */
  hear(reply: Reply): boolean
}

/** Who has asked within a session. */
export interface SessionAsker extends Asker {
  /** @param description shared with others who are shown the same */
  shown(description: Description | null): void
}

/** Who has asked without a session. */
export interface Questioner extends Asker {
  /** The connection is over. */
  cut(end: AttachmentEnd): void
}
