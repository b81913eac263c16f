/**
 * Sessions: who may come, who is here, who has left and until when.
 */
import { NO_BYTES, secretsEqual } from './bytes.ts'
import type { Change, SessionId, StreamId } from './asked.ts'
import type { Attach } from './command.ts'
import { Timed } from './deadlines.ts'
import { DoneChanges } from './done-changes.ts'
import type { Run } from './done-changes.ts'
import type { DoneRecordChanges } from './records/done-changes.ts'
import type { Holder } from './holder.ts'
import type { Ended } from './event.ts'
import { invariant } from './invariant.ts'
import type { Handling } from './log/handling.ts'
import type { Log } from './log/log.ts'
import type { ActiveTask } from './log/task.ts'
import type { RecordLease } from './records/leases.ts'
import type { RecordRequest } from './records/watch.ts'
import type { Records } from './records/records.ts'
import type { Root } from './root.ts'
import { encodeChanges } from './rows/changes-row.ts'
import { changesKey, sessionKey } from './rows/keys.ts'
import { encodeSession } from './rows/session-row.ts'
import type { SessionRow } from './rows/session-row.ts'
import type { Semaphore } from './semaphore.ts'
import { SessionIds } from './session-ids.ts'
import { utf8Length } from './utf8.ts'
import type { Watch } from './watch.ts'
import type { Watches } from './watches.ts'

export class Session extends Timed {
  readonly id: SessionId
  readonly protectionKey: Uint8Array
  timeoutMs: number
  description: string
  /** null while detached. */
  stream: StreamId | null = null
  /** Grows with each attach; tells requests of the present stream from older ones. */
  attachment = 0
  /** null after a restart: any is accepted. */
  sequenceNumber: bigint | null = null
  /** Ascending by order id, since entries are only ever added. Absent until the first, as most sessions have few. */
  holders: Map<Semaphore, Holder> | null = null
  /** Absent until the first. */
  changes: DoneChanges | null = null
  /** Absent until the first. */
  recordChanges: DoneRecordChanges | null = null
  /** Those it keeps. Absent until the first. */
  leases: Set<RecordLease> | null = null
  /** Its waits and watches of records, by the ids of their requests. Absent until the first. */
  recordRequests: Map<bigint, RecordRequest> | null = null
  /** The tasks it drives. Absent until the first. */
  tasks: Set<ActiveTask> | null = null
  /** Its handlings of themes, by the ids of their requests. Absent until the first. */
  handlings: Map<bigint, Handling> | null = null
  /** By the semaphore's name. Absent until the first. */
  watches: Map<string, Watch> | null = null
  /** Those that stand, by the ids of their describes. Absent until the first. */
  standing: Map<bigint, Watch> | null = null

  constructor(id: SessionId, row: SessionRow) {
    super()
    this.id = id
    this.timeoutMs = row.timeoutMs
    this.description = row.description
    this.protectionKey = row.protectionKey
  }
}

export class Sessions {
  readonly #root: Root
  readonly #watches: Watches
  readonly #records: Records
  readonly #log: Log
  readonly #byId = new Map<SessionId, Session>()
  readonly #ids = new SessionIds()
  #attached = 0

  constructor(root: Root, machines: { watches: Watches; records: Records; log: Log }) {
    this.#root = root
    this.#watches = machines.watches
    this.#records = machines.records
    this.#log = machines.log
  }

  get size(): number {
    return this.#byId.size
  }

  get attached(): number {
    return this.#attached
  }

  find(id: SessionId): Session | undefined {
    return this.#byId.get(id)
  }

  /** Ascending by id. */
  all(): IterableIterator<Session> {
    return this.#byId.values()
  }

  /** Those with greater ids, ascending. None may come or end meanwhile. */
  *after(id: SessionId): Generator<Session, void, undefined> {
    for (const next of this.#ids.after(id)) {
      const session = this.#byId.get(next)
      if (session !== undefined) yield session
    }
  }

  attach(command: Attach): void {
    const problem = this.#problemOf(command)
    if (problem !== null) {
      this.#root.turn.refuse(command, 'INVALID_ARGUMENT', problem)
    } else if (command.session === 0n) {
      this.#open(command)
    } else {
      this.#reattach(command)
    }
  }

  /** The stream is gone: watches die with it, and the session's time runs. */
  detach(session: Session): void {
    this.#leaveStream(session)
    this.#records.leases.depart(session)
    this.#runOut(session, 0)
  }

  /** Forgets a session that holds nothing any more. */
  remove(session: Session): void {
    this.#root.deadlines.cancel(session)
    this.#records.forget(session)
    this.#leaveStream(session)
    this.#byId.delete(session.id)
    this.#ids.countEnded((id) => this.#byId.has(id))
    if (session.changes !== null) this.#root.turn.delete(changesKey(session.id))
    this.#root.turn.delete(sessionKey(session.id))
  }

  restore(id: SessionId, row: SessionRow): void {
    this.#byId.set(id, new Session(id, row))
    this.#ids.add(id)
  }

  /** Remembers that a change was done, so that it is not done again. */
  keepChange(session: Session, change: Change): void {
    session.changes ??= new DoneChanges()
    session.changes.add(change)
    this.#root.turn.put(changesKey(session.id), encodeChanges(session.changes.runs))
  }

  restoreChanges(id: SessionId, runs: readonly Run[]): void {
    const session = this.#byId.get(id)
    invariant(session !== undefined, 'I-5', 'changes', id)
    session.changes = new DoneChanges(runs)
  }

  /** Gives every session its whole timeout, and `graceMs` more to find its way back. */
  start(graceMs: number): void {
    for (const session of this.#byId.values()) this.#runOut(session, graceMs)
  }

  /** Tells every attached stream that its node is gone, and forgets all. */
  drop(): void {
    for (const session of this.#byId.values()) {
      if (session.stream !== null) this.sayEnded(session, session.stream, 'dropped')
    }
    this.#byId.clear()
    this.#ids.clear()
    this.#attached = 0
  }

  /** Tells the stream of a session that it has left without having been asked. */
  sayEnded(session: Session, stream: StreamId, reason: Ended['reason']): void {
    this.#root.turn.say({ kind: 'ended', stream, session: session.id, reason })
  }

  #problemOf(command: Attach): string | null {
    const { sessionTimeoutMaxMs, descriptionBytesMax, protectionKeyBytesMax } = this.#root.limits
    if (command.timeoutMs < 0n || command.timeoutMs > BigInt(sessionTimeoutMaxMs)) {
      return 'Session timeout is out of range'
    }
    const descriptionBytes = utf8Length(command.description)
    if (descriptionBytes < 0) return 'the description is not well-formed Unicode'
    if (descriptionBytes > descriptionBytesMax) {
      return `the description has ${descriptionBytes} bytes, at most ${descriptionBytesMax} are allowed`
    }
    const keyBytes = command.protectionKey.length
    if (keyBytes > protectionKeyBytesMax) {
      return `the protection key has ${keyBytes} bytes, at most ${protectionKeyBytesMax} are allowed`
    }
    return null
  }

  #open(command: Attach): void {
    const { limits, turn, counters } = this.#root
    if (this.#byId.size >= limits.sessionsMax) {
      turn.refuse(command, 'PRECONDITION_FAILED', `the node has ${limits.sessionsMax} sessions`)
      return
    }
    const { description, protectionKey } = command
    const session = new Session(counters.takeSession(), {
      timeoutMs: Number(command.timeoutMs),
      description,
      protectionKey: protectionKey.length === 0 ? NO_BYTES : protectionKey.slice(),
    })
    this.#byId.set(session.id, session)
    this.#ids.add(session.id)
    turn.put(sessionKey(session.id), encodeSession(session))
    this.#enterStream(session, command)
  }

  #reattach(command: Attach): void {
    const { turn, deadlines } = this.#root
    const session = this.#byId.get(command.session)
    if (session === undefined) {
      turn.refuse(command, 'SESSION_EXPIRED', `session ${command.session} does not exist`)
      return
    }
    if (session.sequenceNumber !== null && command.sequenceNumber < session.sequenceNumber) {
      turn.refuse(command, 'BAD_SESSION', 'out of sequence')
      return
    }
    const key = session.protectionKey
    if (key.length > 0 && !secretsEqual(key, command.protectionKey)) {
      turn.refuse(command, 'BAD_SESSION', 'wrong protection key')
      return
    }
    deadlines.cancel(session)
    const old = session.stream
    this.#leaveStream(session)
    if (old !== null && old !== command.stream) this.sayEnded(session, old, 'taken')
    this.#renew(session, command)
    this.#enterStream(session, command)
  }

  #renew(session: Session, command: Attach): void {
    const timeoutMs = Number(command.timeoutMs)
    if (timeoutMs === session.timeoutMs && command.description === session.description) return
    session.timeoutMs = timeoutMs
    session.description = command.description
    this.#root.turn.put(sessionKey(session.id), encodeSession(session))
  }

  #enterStream(session: Session, command: Attach): void {
    const { stream, requestId, sequenceNumber } = command
    session.stream = stream
    session.attachment += 1
    session.sequenceNumber = sequenceNumber
    this.#attached += 1
    this.#records.leases.arrive(session)
    const timeoutMs = BigInt(session.timeoutMs)
    this.#root.turn.say({ kind: 'attached', stream, requestId, session: session.id, timeoutMs })
  }

  #leaveStream(session: Session): void {
    this.#watches.dropOf(session)
    if (session.stream === null) return
    this.#log.leave(session)
    this.#records.leaveStream(session)
    session.stream = null
    this.#attached -= 1
  }

  #runOut(session: Session, graceMs: number): void {
    const { deadlines, turn } = this.#root
    invariant(session.stream === null, 'I-7', session.id)
    deadlines.set(session, turn.nowMs + session.timeoutMs + graceMs)
  }
}
