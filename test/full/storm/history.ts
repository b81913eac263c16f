/**
 * What happened, as the clients saw it. Times are milliseconds of the monotonic clock of this process.
 *
 * `Infinity` as the time of an answer means that none came.
 */

/** One attempt to attach a session to a stream. */
export interface Attachment {
  readonly seqNo: bigint
  readonly sentAt: number
  /** Infinity when it was not confirmed. */
  startedAt: number
  endedAt: number
  /** The status of the failure that ended it; null when it broke or was left. */
  failure: number | null
  failedAt: number
  /** How often the server had been killed when it was asked for. */
  readonly generation: number
}

export interface SessionRecord {
  readonly actor: string
  readonly id: bigint
  readonly timeoutMs: number
  readonly bornAt: number
  readonly attachments: Attachment[]
  /** When the latest message was sent that the server is known to have handled while the session was attached. */
  contactAt: number
  /** From here on its client answered nothing and asked nothing. */
  silentAt: number
  stopSentAt: number
  /** When its client was told that there is no such session. */
  expiredAt: number
}

export interface AcquireRecord {
  readonly kind: 'acquire'
  readonly session: SessionRecord
  readonly semaphore: string
  readonly limit: bigint
  readonly count: bigint
  /** Infinity waits for ever. */
  readonly timeoutMs: number
  readonly sentAt: number
  /** The largest token that anybody had seen by then. */
  readonly seenOrder: bigint
  pendingAt: number
  returnedAt: number
  /** When no answer could come any more; Infinity while one can. */
  brokenAt: number
  status: number
  acquired: boolean
  orderId: bigint | null
}

export interface ReleaseRecord {
  readonly kind: 'release'
  readonly session: SessionRecord
  readonly semaphore: string
  readonly sentAt: number
  returnedAt: number
  status: number
  released: boolean
}

export interface Place {
  readonly sessionId: bigint
  readonly count: bigint
  readonly orderId: bigint
}

export interface DescribeRecord {
  readonly session: SessionRecord
  readonly semaphore: string
  readonly sentAt: number
  /** The largest token known to be granted on this semaphore by then. */
  readonly grantedOrder: bigint
  readonly watches: { readonly data: boolean; readonly owners: boolean }
  returnedAt: number
  status: number
  watchAdded: boolean
  data: string | null
  limit: bigint
  count: bigint
  owners: readonly Place[]
  waiters: readonly Place[]
  /** When the watch told of a change; Infinity while it did not. */
  changedAt: number
  changed: { data: boolean; owners: boolean } | null
  /** When a message was sent that was answered on the same stream before the watch had told anything; 0 when there was none. */
  silentUntil: number
  /** When the watch could not tell any more: replaced, or its stream ended. */
  deafAt: number
}

export interface WriteRecord {
  readonly session: SessionRecord
  readonly semaphore: string
  readonly kind: 'create' | 'update' | 'delete'
  /** What is written; no two writes write the same. */
  readonly value: string
  readonly sentAt: number
  returnedAt: number
  status: number
}

/** A lock of somebody who died, and who waited for it. */
interface Inheritance {
  readonly ghost: SessionRecord
  readonly heir: AcquireRecord
  /** How long the heir waited at most. */
  readonly seenUntil: number
}

/** Time in which the server did not run as it should, and how that came. */
export interface Fault {
  /** `move`: one of several servers was killed, stopped or paused, and the node may have moved to another. */
  readonly kind: 'kill' | 'stop' | 'pause' | 'move' | 'stall' | 'cut' | 'lag'
  readonly from: number
  to: number
  /** Of a kill or a stop: before that nobody could reach the new process. */
  servedFrom: number
}

export interface History {
  /** No session of this history may have this id or a smaller one. */
  readonly idsBefore: bigint
  readonly sessions: SessionRecord[]
  readonly holdings: Array<AcquireRecord | ReleaseRecord>
  readonly describes: DescribeRecord[]
  readonly writes: WriteRecord[]
  readonly inheritances: Inheritance[]
  readonly faults: Fault[]
  /** What was wrong at the moment when it came. */
  readonly violations: Violation[]
}

/** A broken promise. */
export interface Violation {
  /** Of the promise. */
  readonly id: string
  readonly at: number
  readonly what: string
  /** The names of what the excerpt of the history should be about. */
  readonly about: readonly string[]
}

export function emptyHistory(idsBefore = 0n): History {
  return {
    idsBefore,
    sessions: [],
    holdings: [],
    describes: [],
    writes: [],
    inheritances: [],
    faults: [],
    violations: [],
  }
}
