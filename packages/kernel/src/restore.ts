/**
 * Takes a kernel back from its rows, and believes nothing: whatever the rows promise each other is checked.
 */
import { compareBytes } from './bytes.ts'
import type { SessionId } from './asked.ts'
import type { NodeConfig } from './command.ts'
import type { Counters } from './counters.ts'
import { Holder } from './holder.ts'
import { invariant } from './invariant.ts'
import type { Log } from './log/log.ts'
import type { Queues } from './queue.ts'
import type { Records } from './records/records.ts'
import { decodeChanges } from './rows/changes-row.ts'
import {
  ACTIVE_TASK_TAG,
  CHANGES_TAG,
  COUNTERS_TAG,
  HOLDER_TAG,
  LEASE_TAG,
  NODE_TAG,
  RECORD_CHANGE_TAG,
  RECORD_TAG,
  SEMAPHORE_TAG,
  SESSION_TAG,
  THEMES_TAG,
  TOTALS_TAG,
  readHolderKey,
  readLeaseKey,
  readRecordChangeKey,
  readRecordKey,
  readSemaphoreKey,
  readSessionKey,
} from './rows/keys.ts'
import { decodeCounters } from './rows/counters-row.ts'
import { decodeHolder } from './rows/holder-row.ts'
import type { HolderRow } from './rows/holder-row.ts'
import { decodeLease } from './rows/lease-row.ts'
import { decodeNodeConfig } from './rows/node-row.ts'
import { decodeRecordChange } from './rows/record-change-row.ts'
import { decodeRecord } from './rows/record-row.ts'
import { decodeSemaphore } from './rows/semaphore-row.ts'
import { decodeSession } from './rows/session-row.ts'
import { readActiveTaskKey, readTotalsKey } from './rows/task-keys.ts'
import { decodeActiveTask } from './rows/task-rows.ts'
import { decodeThemes } from './rows/themes-row.ts'
import { decodeTotals } from './rows/totals-row.ts'
import type { Semaphore, Semaphores } from './semaphore.ts'
import type { Session, Sessions } from './session.ts'
import type { Entry } from './write-set.ts'

interface StoredHolder {
  readonly name: string
  readonly session: SessionId
  readonly row: HolderRow
}

export interface Restored {
  readonly counters: Counters
  readonly sessions: Sessions
  readonly semaphores: Semaphores
  readonly queues: Queues
  readonly records: Records
  readonly log: Log
}

export class Restore {
  readonly #into: Restored
  readonly #holders: StoredHolder[] = []
  #config: NodeConfig | null = null
  #hasCounters = false
  #lastKey: Uint8Array | null = null

  constructor(into: Restored) {
    this.#into = into
  }

  /** Whether there was a row of counters. */
  get hasCounters(): boolean {
    return this.#hasCounters
  }

  load([key, value]: Entry): void {
    invariant(this.#lastKey === null || compareBytes(this.#lastKey, key) < 0, 'I-12')
    this.#lastKey = key
    const { counters, sessions, semaphores } = this.#into
    const tag = key[0]
    if (tag === COUNTERS_TAG) {
      invariant(key.length === 1, 'I-8', 'counters key', key.length)
      counters.restore(decodeCounters(value))
      this.#hasCounters = true
      return
    }
    if (tag === NODE_TAG) {
      invariant(key.length === 1, 'I-8', 'node key', key.length)
      this.#config = decodeNodeConfig(value)
      return
    }
    invariant(this.#config !== null, 'I-9', tag)
    if (tag === SESSION_TAG) {
      const id = readSessionKey(key)
      invariant(id > 0n && id < counters.next.nextSession, 'I-4', 'session', id)
      sessions.restore(id, decodeSession(value))
    } else if (tag === CHANGES_TAG) {
      sessions.restoreChanges(readSessionKey(key), decodeChanges(value))
    } else if (tag === SEMAPHORE_TAG) {
      semaphores.restore(readSemaphoreKey(key), decodeSemaphore(value))
    } else if (tag === HOLDER_TAG) {
      this.#holders.push({ ...readHolderKey(key), row: decodeHolder(value) })
    } else {
      this.#loadOfRecords(key, value)
    }
  }

  /** Puts everybody back into his place. Returns the node's settings, null when it does not exist. */
  finish(): NodeConfig | null {
    const { counters, semaphores, sessions, records } = this.#into
    const holders = this.#holders.sort(byOrderId)
    let lastOrderId = 0n
    for (const holder of holders) {
      const { orderId } = holder.row
      invariant(orderId > lastOrderId, 'I-4', 'order', orderId)
      lastOrderId = orderId
      this.#place(holder)
    }
    invariant(lastOrderId < counters.next.nextOrder, 'I-4', 'order', lastOrderId)
    for (const semaphore of semaphores.all()) {
      invariant(!semaphore.ephemeral || !semaphore.isUnused, 'I-6', semaphore.name)
    }
    records.leases.settleRestored((id) => sessions.find(id))
    return this.#config
  }

  #loadOfRecords(key: Uint8Array, value: Uint8Array): void {
    const tag = key[0]
    if (tag === RECORD_TAG) this.#loadRecord(key, value)
    else if (tag === LEASE_TAG) this.#loadLease(key, value)
    else if (tag === RECORD_CHANGE_TAG) this.#loadRecordChange(key, value)
    else this.#loadOfLog(key, value)
  }

  #loadOfLog(key: Uint8Array, value: Uint8Array): void {
    const { log } = this.#into
    const tag = key[0]
    if (tag === ACTIVE_TASK_TAG) {
      const index = readActiveTaskKey(key)
      const row = decodeActiveTask(value)
      invariant(this.#isCommit(index) && index <= BigInt(row.changed), 'I-13', 'task', index)
      invariant(this.#isCommit(BigInt(row.changed)), 'I-13', 'task', index, row.changed)
      log.restoreTask(index, row)
      return
    }
    if (tag === TOTALS_TAG) {
      log.restoreTotals(readTotalsKey(key), decodeTotals(value))
      return
    }
    invariant(tag === THEMES_TAG && key.length === 1, 'I-8', 'tag', tag, key.length)
    log.restoreThemes(decodeThemes(value))
  }

  #loadRecordChange(key: Uint8Array, value: Uint8Array): void {
    const { sessions, records } = this.#into
    const { session: id, serial } = readRecordChangeKey(key)
    const session = sessions.find(id)
    invariant(session !== undefined, 'I-5', 'record change', id)
    const done = decodeRecordChange(value)
    invariant(this.#isCommit(done.version), 'I-13', 'record change', done.version)
    records.changes.restore(session, serial, done)
  }

  #loadRecord(key: Uint8Array, value: Uint8Array): void {
    const recordKey = readRecordKey(key)
    const row = decodeRecord(value)
    const { version, createdVersion, lease } = row
    invariant(this.#isCommit(version), 'I-13', 'record', version)
    const isPast = createdVersion > 0n && createdVersion <= version && lease < version
    invariant(isPast, 'I-14', version, createdVersion, lease)
    this.#into.records.store.restore(recordKey, row)
  }

  #loadLease(key: Uint8Array, value: Uint8Array): void {
    const { counters, records } = this.#into
    const id = readLeaseKey(key)
    invariant(this.#isCommit(id), 'I-13', 'lease', id)
    const row = decodeLease(value)
    invariant(row.keeper < counters.next.nextSession, 'I-15', id, row.keeper)
    records.leases.restore(id, row)
  }

  #isCommit(version: bigint): boolean {
    return version > 0n && version <= this.#into.counters.lastCommit
  }

  #place(stored: StoredHolder): void {
    const { queues } = this.#into
    const { row } = stored
    const session = this.#sessionOf(stored)
    const semaphore = this.#semaphoreOf(stored)
    invariant(row.count <= semaphore.limit, 'I-2', stored.name, row.count, semaphore.limit)
    // Grants are made in the order of the queue, so no owner can stand behind a waiter.
    const isNext = semaphore.waiters.size === 0
    invariant(isNext || !row.owns, 'I-3', stored.name, row.orderId)
    const { orderId, data } = row
    const holder = new Holder({ session, semaphore, orderId, data })
    holder.count = row.count
    holder.timeoutMs = row.timeoutMs
    queues.enter(holder)
    // A commit that ended between a release and the grants it brought about leaves a first waiter that fits: it owns.
    if (row.owns || (isNext && row.count <= semaphore.free)) queues.own(holder)
    else queues.startTimer(holder)
    holder.isAtLeast = true
  }

  #sessionOf({ name, session: id }: StoredHolder): Session {
    const session = this.#into.sessions.find(id)
    invariant(session !== undefined, 'I-5', name, id)
    return session
  }

  #semaphoreOf({ name, row }: StoredHolder): Semaphore {
    const { semaphores } = this.#into
    const semaphore = semaphores.find(name)
    if (semaphore === undefined) {
      invariant(row.ephemeral, 'I-6', name)
      return semaphores.openEphemeral(name)
    }
    invariant(semaphore.ephemeral === row.ephemeral, 'I-6', name)
    return semaphore
  }
}

function byOrderId(left: StoredHolder, right: StoredHolder): number {
  return left.row.orderId < right.row.orderId ? -1 : 1
}
