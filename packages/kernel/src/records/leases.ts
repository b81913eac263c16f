/**
 * Record leases: records that end together, when their time is over.
 *
 * The time of a lease does not run while an attached session keeps it. The row of a lease goes before the rows of its
 * records: should only some of these writes be kept, what is left is known to have ended.
 */
import type { SessionId } from '../asked.ts'
import { Timed } from '../deadlines.ts'
import { LinkedList } from '../linked-list.ts'
import { NO_LEASE_ID } from './command.ts'
import type { DescribeLease, GrantLease, KeepLease, ReleaseLease } from './command.ts'
import type { RecordChange } from './event.ts'
import type { RecordStore } from './store.ts'
import type { RecordWatches } from './watch.ts'
import type { StoredRecord } from './record.ts'
import type { Root } from '../root.ts'
import { leaseKey, recordKey } from '../rows/keys.ts'
import { encodeLease } from '../rows/lease-row.ts'
import type { LeaseRow } from '../rows/lease-row.ts'
import type { Session } from '../session.ts'

export class RecordLease extends Timed {
  readonly id: bigint
  readonly ttlMs: number
  /** Who keeps it alive while attached. */
  keeper: Session | null = null
  readonly records: LinkedList<StoredRecord> = new LinkedList()

  constructor(id: bigint, ttlMs: number) {
    super()
    this.id = id
    this.ttlMs = ttlMs
  }

  get isKept(): boolean {
    return this.keeper !== null && this.keeper.stream !== null
  }
}

export class RecordLeases {
  readonly #root: Root
  readonly #store: RecordStore
  readonly #watches: RecordWatches
  readonly #byId = new Map<bigint, RecordLease>()
  /** Whom restored leases had as keepers; empty once the kernel has started. */
  readonly #keepers = new Map<RecordLease, SessionId>()

  constructor(root: Root, machines: { store: RecordStore; watches: RecordWatches }) {
    this.#root = root
    this.#store = machines.store
    this.#watches = machines.watches
  }

  get size(): number {
    return this.#byId.size
  }

  /** @returns the new lease; null when it was refused */
  grant(session: Session, command: GrantLease): RecordLease | null {
    const { turn, limits, counters } = this.#root
    const { ttlMs } = command
    if (ttlMs < 1n || ttlMs > BigInt(limits.recordLeaseTtlMaxMs)) {
      const message = `the ttl must be from 1 to ${limits.recordLeaseTtlMaxMs} ms, got ${ttlMs}`
      turn.refuse(command, 'INVALID_ARGUMENT', message)
      return null
    }
    if (this.#byId.size >= limits.recordLeasesMax) {
      const message = `the node has ${limits.recordLeasesMax} record leases`
      turn.refuse(command, 'PRECONDITION_FAILED', message)
      return null
    }
    const lease = new RecordLease(counters.takeCommit(), Number(ttlMs))
    this.#byId.set(lease.id, lease)
    if (command.keepAlive) this.#giveTo(lease, session)
    else this.#runOut(lease, 0)
    this.#keep(lease)
    return lease
  }

  /** The lease a command names; null when the command was refused, because there is none. */
  findFor(command: KeepLease | ReleaseLease | DescribeLease): RecordLease | null {
    const lease = this.#byId.get(command.lease)
    if (lease !== undefined) return lease
    const code = command.kind === 'describe-lease' ? 'NOT_FOUND' : 'WRONG_LEASE'
    this.#root.turn.refuse(command, code, absent(command.lease))
    return null
  }

  /** Null when records can be written with this lease, or with none. */
  problemOf(id: bigint): string | null {
    return id === NO_LEASE_ID || this.#byId.has(id) ? null : absent(id)
  }

  keep(session: Session, command: KeepLease): void {
    const lease = this.findFor(command)
    if (lease === null) return
    const { turn, counters, deadlines } = this.#root
    if (lease.keeper !== session) {
      counters.takeCommit()
      lease.keeper?.leases?.delete(lease)
      deadlines.cancel(lease)
      this.#giveTo(lease, session)
      this.#keep(lease)
    }
    turn.say({ kind: 'done', stream: command.stream, requestId: command.requestId })
  }

  describe(command: DescribeLease): void {
    const lease = this.findFor(command)
    if (lease === null) return
    const { turn } = this.#root
    const { stream, requestId } = command
    const { id, isKept } = lease
    const remainingMs = isKept ? lease.ttlMs : Math.max(0, lease.dueMs - turn.nowMs)
    turn.say({
      kind: 'lease-described',
      stream,
      requestId,
      lease: id,
      ttlMs: BigInt(lease.ttlMs),
      remainingMs: BigInt(Math.ceil(remainingMs)),
      isKept,
      records: lease.records.size,
    })
  }

  /** The record's state names this lease from now on. */
  enter(record: StoredRecord, id: bigint): void {
    this.#byId.get(id)?.records.append(record)
  }

  /** The record's state does not name this lease any more. */
  leave(record: StoredRecord, id: bigint): void {
    this.#byId.get(id)?.records.remove(record)
  }

  /** Ends a lease, and all its records with it, in this commit. */
  end(lease: RecordLease, version: bigint): void {
    const { turn, deadlines } = this.#root
    deadlines.cancel(lease)
    this.#byId.delete(lease.id)
    lease.keeper?.leases?.delete(lease)
    turn.delete(leaseKey(lease.id))
    const changes: RecordChange[] = []
    for (const record of lease.records) {
      this.#store.remove(record)
      turn.delete(recordKey(record.key))
      changes.push({ kind: 'deleted', key: record.key, version })
    }
    if (changes.length > 0) this.#watches.tell(version, changes)
  }

  /** The lease's time is over; so nobody keeps it who could be told. */
  expire(lease: RecordLease): void {
    this.end(lease, this.#root.counters.takeCommit())
  }

  /** Tells the one who keeps the lease that somebody else ends it. */
  sayEnded({ id, keeper }: RecordLease): void {
    if (keeper === null || keeper.stream === null) return
    const { id: session, stream } = keeper
    this.#root.turn.say({ kind: 'lease-ended', stream, session, lease: id })
  }

  /** The session is attached again: the time of its leases stands still. */
  arrive(session: Session): void {
    if (session.leases === null) return
    for (const lease of session.leases) this.#root.deadlines.cancel(lease)
  }

  /** The session is detached: the time of its leases runs. */
  depart(session: Session): void {
    if (session.leases === null) return
    for (const lease of session.leases) this.#runOut(lease, 0)
  }

  /** The session is stopped: its leases end at once. */
  endOf(session: Session): void {
    if (session.leases === null) return
    for (const lease of session.leases) this.end(lease, this.#root.counters.takeCommit())
  }

  /** The session has ended otherwise: its leases end when their time is over. */
  abandon(session: Session): void {
    if (session.leases === null) return
    for (const lease of session.leases) {
      if (lease.isKept) this.#runOut(lease, 0)
      lease.keeper = null
    }
    session.leases = null
  }

  restore(id: bigint, row: LeaseRow): void {
    const lease = new RecordLease(id, Number(row.ttlMs))
    this.#byId.set(id, lease)
    if (row.keeper !== NO_SESSION) this.#keepers.set(lease, row.keeper)
  }

  /** Gives every restored lease its records and its keeper. A record whose lease has ended is deleted. */
  settleRestored(find: (id: SessionId) => Session | undefined): void {
    const remnants: StoredRecord[] = []
    this.#store.visit('', (record) => {
      const { lease: id } = record.state
      if (id === NO_LEASE_ID) return true
      const lease = this.#byId.get(id)
      if (lease === undefined) remnants.push(record)
      else lease.records.append(record)
      return true
    })
    for (const record of remnants) {
      this.#store.remove(record)
      this.#root.turn.delete(recordKey(record.key))
    }
    for (const [lease, keeper] of this.#keepers) {
      const session = find(keeper)
      if (session !== undefined) this.#giveTo(lease, session)
    }
    this.#keepers.clear()
  }

  /** Gives every lease its whole ttl, and `graceMs` more for its keeper to find his way back. */
  start(graceMs: number): void {
    for (const lease of this.#byId.values()) this.#runOut(lease, graceMs)
  }

  clear(): void {
    this.#byId.clear()
  }

  #giveTo(lease: RecordLease, session: Session): void {
    lease.keeper = session
    session.leases ??= new Set()
    session.leases.add(lease)
  }

  #runOut(lease: RecordLease, graceMs: number): void {
    const { deadlines, turn } = this.#root
    deadlines.set(lease, turn.nowMs + lease.ttlMs + graceMs)
  }

  #keep({ id, ttlMs, keeper }: RecordLease): void {
    const row = { ttlMs: BigInt(ttlMs), keeper: keeper?.id ?? NO_SESSION }
    this.#root.turn.put(leaseKey(id), encodeLease(row))
  }
}

const NO_SESSION = 0n

function absent(id: bigint): string {
  return `record lease ${id} does not exist`
}
