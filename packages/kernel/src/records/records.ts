/**
 * What is asked of records: read, written, waited for. Each write is one commit, and has its number as its version.
 */
import type { DoneRecordChange } from './done-changes.ts'
import type { RefusalCode } from '../event.ts'
import { RecordChanges } from './numbered-changes.ts'
import type { NumberedCommand } from './numbered-changes.ts'
import type {
  CasRecord,
  CreateRecord,
  DeleteRecord,
  Fence,
  GetRecord,
  PutRecord,
  RecordCommand,
  ReleaseLease,
  WaitRecord,
} from './command.ts'
import type { RecordChange } from './event.ts'
import { RecordLeases } from './leases.ts'
import { RecordPages } from './pages.ts'
import { RecordStore } from './store.ts'
import { Transactions } from './transact.ts'
import type { Done } from './transact.ts'
import { RecordWatches } from './watch.ts'
import { RecordWrites } from './writes.ts'
import type { StoredRecord } from './record.ts'
import type { Root } from '../root.ts'
import { quoted } from '../semaphore.ts'
import type { Semaphores } from '../semaphore.ts'
import type { Session } from '../session.ts'

type Write = Exclude<NumberedCommand, ReleaseLease>

export class Records {
  readonly store: RecordStore
  readonly leases: RecordLeases
  readonly changes: RecordChanges
  readonly watches: RecordWatches
  readonly #root: Root
  readonly #semaphores: Semaphores
  readonly #writes: RecordWrites
  readonly #pages: RecordPages
  readonly #transactions: Transactions

  constructor(root: Root, semaphores: Semaphores) {
    const store = new RecordStore(root.limits)
    const watches = new RecordWatches(root)
    const leases = new RecordLeases(root, { store, watches })
    const writes = new RecordWrites(root, { store, leases })
    this.store = store
    this.leases = leases
    this.changes = new RecordChanges(root)
    this.watches = watches
    this.#root = root
    this.#semaphores = semaphores
    this.#writes = writes
    this.#pages = new RecordPages(root, store)
    this.#transactions = new Transactions(root, { store, leases, writes })
  }

  do(session: Session, command: RecordCommand): void {
    switch (command.kind) {
      case 'get-record':
        return this.#get(command)
      case 'range-records':
        return this.#pages.read(session, command)
      case 'wait-record':
        return this.#wait(session, command)
      case 'watch-records':
        return this.watches.watch(session, command)
      case 'forget':
        return this.watches.forget(session, command.target)
      case 'describe-lease':
        return this.leases.describe(command)
      case 'keep-lease':
        return this.leases.keep(session, command)
      case 'release-lease':
        return this.#release(session, command)
      case 'create-record':
      case 'put-record':
      case 'cas-record':
      case 'delete-record':
      case 'transact':
      case 'grant-lease':
        return this.#change(session, command)
    }
  }

  /** The session has left its stream: nobody there reads on, or waits. */
  leaveStream(session: Session): void {
    this.watches.dropOf(session)
    this.store.moments.dropOf(session)
  }

  /** The session ends by its own wish: so do the leases that it keeps. */
  stop(session: Session): void {
    this.leaveStream(session)
    this.leases.endOf(session)
  }

  /** The session has ended. */
  forget(session: Session): void {
    this.leases.abandon(session)
    this.changes.forget(session)
  }

  /** The node is dropped. That is a commit if it changes anything here: what was seen before it is outdated. */
  drop(): void {
    const { counters } = this.#root
    if (this.store.size + this.leases.size > 0) counters.takeCommit()
    this.store.clear()
    this.leases.clear()
    this.watches.clear()
    this.watches.start(counters.lastCommit)
  }

  #get(command: GetRecord): void {
    const record = this.#findFor(command)
    if (record !== null) this.#sayRead(command, record)
  }

  #wait(session: Session, command: WaitRecord): void {
    const record = this.#findFor(command)
    if (record === null) return
    if (record.state.version === command.version) this.watches.wait(session, command)
    else this.#sayRead(command, record)
  }

  #sayRead({ stream, requestId }: GetRecord | WaitRecord, { state }: StoredRecord): void {
    const { turn } = this.#root
    const record = this.store.tell(state, turn)
    turn.say({ kind: 'record-read', stream, requestId, record })
  }

  #release(session: Session, command: ReleaseLease): void {
    if (this.changes.precede(session, command)) return
    const lease = this.leases.findFor(command)
    if (lease === null) return
    const version = this.#root.counters.takeCommit()
    this.changes.finish(session, command, { outcome: 'released', version })
    if (lease.keeper !== session) this.leases.sayEnded(lease)
    this.leases.end(lease, version)
  }

  #change(session: Session, command: Write): void {
    if (this.changes.precede(session, command)) return
    if ('fence' in command && this.#isFencedOut(command, command.fence)) return
    const done = this.#write(session, command)
    if (done === null) return
    this.changes.finish(session, command, done.change)
    if (done.told.length > 0) this.watches.tell(done.change.version, done.told)
  }

  /** @returns what was written; null when the command is answered already */
  #write(session: Session, command: Write): Done | null {
    switch (command.kind) {
      case 'create-record':
        return this.#create(command)
      case 'put-record':
        return this.#put(command)
      case 'cas-record':
        return this.#compareAndSet(command)
      case 'delete-record':
        return this.#delete(command)
      case 'transact':
        return this.#transactions.transact(command)
      case 'grant-lease':
        break
    }
    const lease = this.leases.grant(session, command)
    return lease === null ? null : done({ outcome: 'granted', version: lease.id })
  }

  #create(command: CreateRecord): Done | null {
    const { key, value, lease } = command
    const problem = this.#writes.problemOfRecord(key, value)
    if (problem !== null) return this.#refuse(command, 'INVALID_ARGUMENT', problem)
    const existing = this.store.find(key)
    if (existing !== undefined) {
      return this.#refuse(command, 'ALREADY_EXISTS', 'the record exists already', existing)
    }
    return this.#set(undefined, command, lease)
  }

  #put(command: PutRecord): Done | null {
    const { key, value, lease } = command
    const problem = this.#writes.problemOfRecord(key, value)
    if (problem !== null) return this.#refuse(command, 'INVALID_ARGUMENT', problem)
    return this.#set(this.store.find(key), command, lease)
  }

  #set(
    record: StoredRecord | undefined,
    command: CreateRecord | PutRecord,
    lease: bigint | null,
  ): Done | null {
    const wrongLease = lease === null ? null : this.leases.problemOf(lease)
    if (wrongLease !== null) return this.#refuse(command, 'WRONG_LEASE', wrongLease)
    const noRoom = record === undefined ? this.#writes.problemOfRoom(1) : null
    if (noRoom !== null) return this.#refuse(command, 'PRECONDITION_FAILED', noRoom)
    const version = this.#root.counters.takeCommit()
    return done({ outcome: 'written', version }, this.#writes.put(record, command, version))
  }

  #compareAndSet(command: CasRecord): Done | null {
    const { value } = command
    const problem = this.#writes.problemOfRecord(command.key, value)
    if (problem !== null) return this.#refuse(command, 'INVALID_ARGUMENT', problem)
    const record = this.#findAt(command, command.version)
    if (record === null) return null
    const version = this.#root.counters.takeCommit()
    const told = this.#writes.replace(record, { value, lease: null }, version)
    return done({ outcome: 'written', version }, told)
  }

  #delete(command: DeleteRecord): Done | null {
    const record = this.#findAt(command, command.ifVersion)
    if (record === null) return null
    const version = this.#root.counters.takeCommit()
    return done({ outcome: 'deleted', version }, this.#writes.remove(record, version))
  }

  /** The record that a command names, if it has that version (null: any); null when the command was refused. */
  #findAt(command: CasRecord | DeleteRecord, version: bigint | null): StoredRecord | null {
    const record = this.#findFor(command)
    if (record === null || version === null || record.state.version === version) return record
    const message = `the record has version ${record.state.version}, not ${version}`
    return this.#refuse(command, 'WRONG_VERSION', message, record)
  }

  /** The record that a command names; null when the command was refused, because there is none. */
  #findFor(command: CasRecord | DeleteRecord | GetRecord | WaitRecord): StoredRecord | null {
    const record = this.store.find(command.key)
    if (record !== undefined) return record
    const problem = this.#writes.problemOfKey(command.key)
    return problem === null
      ? this.#refuse(command, 'NOT_FOUND', 'the record does not exist')
      : this.#refuse(command, 'INVALID_ARGUMENT', problem)
  }

  #isFencedOut(command: RecordCommand, fence: Fence | undefined): boolean {
    if (fence === undefined || this.#semaphores.isNewestGrant(fence.name, fence.token)) return false
    const newest = this.#semaphores.find(fence.name)?.owners.last?.orderId
    this.#refuse(command, 'FENCED', fencedText(fence, newest))
    return true
  }

  #refuse(
    command: RecordCommand,
    code: RefusalCode,
    message: string,
    existing?: StoredRecord,
  ): null {
    const { turn } = this.#root
    const view = existing && this.store.tell(existing.state, turn)
    turn.refuse(command, code, message, view)
    return null
  }
}

function done(change: DoneRecordChange, told?: RecordChange): Done {
  return { change, told: told === undefined ? [] : [told] }
}

/** @param newest the token of the semaphore's newest grant that is held */
function fencedText({ name, token }: Fence, newest: bigint | undefined): string {
  const what = quoted(name)
  if (newest === undefined) return `token ${token} is outdated: ${what} is held by nobody`
  return token < newest
    ? `token ${token} is outdated: ${what} was granted since then with token ${newest}`
    : `token ${token} is none of a grant: the newest of ${what} has token ${newest}`
}
