/** Histories that never happened, made to show what a judge must find. */
import {
  type AcquireRecord,
  type DescribeRecord,
  emptyHistory,
  type Fault,
  type History,
  type ReleaseRecord,
  type SessionRecord,
  type WriteRecord,
} from '../full/storm/history.ts'
import { SUCCESS } from '../full/storm/status.ts'

const SEMAPHORE = 'pool'

/** One history, told from its beginning. Times are milliseconds; each request is answered one millisecond later. */
export class MadeHistory {
  readonly history: History = emptyHistory()
  #nextSession = 1n

  /** A session that was heard at `contactAt` for the last time. */
  session(more: Partial<SessionRecord> = {}): SessionRecord {
    const id = this.#nextSession
    this.#nextSession += 1n
    const session: SessionRecord = {
      actor: `actor${id}`,
      id,
      timeoutMs: 2_000,
      bornAt: 0,
      attachments: [
        {
          seqNo: 1n,
          sentAt: 0,
          startedAt: 0,
          endedAt: Infinity,
          failure: null,
          failedAt: Infinity,
          generation: 0,
        },
      ],
      contactAt: 100_000,
      silentAt: Infinity,
      stopSentAt: Infinity,
      expiredAt: Infinity,
      ...more,
    }
    this.history.sessions.push(session)
    return session
  }

  /** An acquire that is granted at once, of one unit of five. */
  acquire(
    session: SessionRecord,
    sentAt: number,
    more: Partial<AcquireRecord> = {},
  ): AcquireRecord {
    const record: AcquireRecord = {
      kind: 'acquire',
      session,
      semaphore: SEMAPHORE,
      limit: 5n,
      count: 1n,
      timeoutMs: Infinity,
      sentAt,
      seenOrder: 0n,
      pendingAt: Infinity,
      returnedAt: sentAt + 1,
      brokenAt: Infinity,
      status: SUCCESS,
      acquired: true,
      orderId: BigInt(this.history.holdings.length + 1),
      ...more,
    }
    this.history.holdings.push(record)
    return record
  }

  release(
    session: SessionRecord,
    sentAt: number,
    more: Partial<ReleaseRecord> = {},
  ): ReleaseRecord {
    const record: ReleaseRecord = {
      kind: 'release',
      session,
      semaphore: SEMAPHORE,
      sentAt,
      returnedAt: sentAt + 1,
      status: SUCCESS,
      released: true,
      ...more,
    }
    this.history.holdings.push(record)
    return record
  }

  describe(session: SessionRecord, sentAt: number, more: Partial<DescribeRecord>): DescribeRecord {
    const record: DescribeRecord = {
      session,
      semaphore: SEMAPHORE,
      sentAt,
      grantedOrder: 0n,
      watches: { data: false, owners: false },
      returnedAt: sentAt + 1,
      status: SUCCESS,
      watchAdded: false,
      data: '',
      limit: 5n,
      count: (more.owners ?? []).reduce((sum, { count }) => sum + count, 0n),
      owners: [],
      waiters: [],
      changedAt: Infinity,
      changed: null,
      silentUntil: 0,
      deafAt: Infinity,
      ...more,
    }
    this.history.describes.push(record)
    return record
  }

  write(session: SessionRecord, sentAt: number, more: Partial<WriteRecord> = {}): WriteRecord {
    const record: WriteRecord = {
      session,
      semaphore: 'register',
      kind: 'update',
      value: `value at ${sentAt}`,
      sentAt,
      returnedAt: sentAt + 1,
      status: SUCCESS,
      ...more,
    }
    this.history.writes.push(record)
    return record
  }

  fault(kind: Fault['kind'], from: number, to: number): void {
    this.history.faults.push({
      kind,
      from,
      to,
      servedFrom: kind === 'kill' || kind === 'stop' ? to : Infinity,
    })
  }
}
