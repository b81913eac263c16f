/**
 * The records of a coordination node: keys with values, versions and leases.
 *
 * A version is the number of the commit that wrote the record, one counter for the whole node: it only grows, and a key that was deleted and
 * made anew has another one. A record under a lease is deleted when the lease ends.
 */
import { type Count, countOf, optionsOf } from '../arguments.ts'
import type { Bytes } from '../bytes.ts'
import { errorOf } from '../errors.ts'
import type { Request } from '../link/link.ts'
import { type AnswerOf, askFor, expected } from './answers.ts'
import {
  type FenceOptions,
  fenceOf,
  leaseIdOf,
  type LeaseReference,
  NO_LEASE_ID,
  valueOf,
  versionOf,
} from './arguments.ts'
import { type KeyRange, keyOf, rangeOf, shown } from './keys.ts'
import { Lessor } from './lessor.ts'
import { Locker, type SharedSession } from './locker.ts'
import { readRange } from './range.ts'
import { type Key, type Record, recordOf } from './record.ts'
import { type WatchBatch, watchRecords } from './record-watch.ts'
import type { StorageSession } from './storage-session.ts'
import { type Transaction, transactionOf, type TransactResult } from './transaction.ts'

export interface NewRecord {
  readonly key: Key
  readonly value: Bytes
  /** The record goes when this lease ends. */
  readonly lease?: LeaseReference
}

export interface ChangedRecord {
  readonly key: Key
  readonly value: Bytes
  /** The version that the record must have. */
  readonly version: bigint
  /** Ignored: the lease of a record does not change with its value. */
  readonly lease?: LeaseReference
}

export interface DeleteRecordOptions extends FenceOptions {
  /** Only the record of this version. */
  readonly ifVersion?: bigint
}

export interface RangeOptions {
  /** The most records to give; absent gives all. */
  readonly limit?: Count
  /** Only what comes after this key: the last one of the page before. */
  readonly cursor?: Key
}

export interface RecordWatchOptions {
  /** Goes on after this version instead of beginning with a snapshot. */
  readonly fromVersion?: bigint
}

type SpelledOut = [
  start: Bytes,
  end: Bytes,
  options?: RangeOptions | undefined,
  signal?: AbortSignal | undefined,
]
type Whole = [range: KeyRange, options?: RangeOptions | undefined, signal?: AbortSignal | undefined]

export class Storage {
  /** Makes leases, and finds them. */
  readonly lessor: Lessor
  readonly #session: StorageSession
  readonly #locks: SharedSession

  /** Storages come from `client.storage`. */
  constructor(session: StorageSession, locks: SharedSession) {
    this.#session = session
    this.#locks = locks
    this.lessor = new Lessor(session)
  }

  /** The coordination node. */
  get path(): string {
    return this.#session.path
  }

  /**
   * Makes a record.
   *
   * @returns its version
   * @throws AlreadyExistsError with the `record` that has the key; WrongLeaseError; FencedError; UnavailableError when the server was away,
   *   or the outcome is unknown
   */
  async create(
    record: NewRecord,
    options: FenceOptions = {},
    signal?: AbortSignal,
  ): Promise<bigint> {
    signal?.throwIfAborted()
    const { key, value, lease = NO_LEASE_ID } = optionsOf(record, 'a record')
    const name = keyOf(key)
    const held = leaseIdOf(lease)
    const terms = { key: name, value: valueOf(value), lease: held, ...fenceOf(options) }
    const asking = asks('create', { kind: 'create-record', ...terms }, name)
    return (await askFor(this.#session, asking, 'record-written', signal)).version
  }

  /** @throws NotFoundError */
  async get(key: Key, signal?: AbortSignal): Promise<Record> {
    signal?.throwIfAborted()
    const name = keyOf(key)
    const asking = asks('get', { kind: 'get-record', key: name }, name)
    const { record } = await askFor(this.#session, asking, 'record-read', signal)
    if (record === null) throw errorOf(NO_RECORD, asking.asked())
    return recordOf(record)
  }

  /**
   * Makes or replaces a record. Without a lease given, one that exists keeps its lease; `NO_LEASE_ID` takes it off.
   *
   * @returns its version
   * @throws WrongLeaseError; FencedError; UnavailableError as with `create`
   */
  async put(record: NewRecord, options: FenceOptions = {}, signal?: AbortSignal): Promise<bigint> {
    signal?.throwIfAborted()
    const { key, value, lease } = optionsOf(record, 'a record')
    const name = keyOf(key)
    const held = lease === undefined ? null : leaseIdOf(lease)
    const terms = { key: name, value: valueOf(value), lease: held, ...fenceOf(options) }
    const asking = asks('put', { kind: 'put-record', ...terms }, name)
    return (await askFor(this.#session, asking, 'record-written', signal)).version
  }

  /**
   * Replaces the value if the record has this version. Its lease stays.
   *
   * @returns the new version
   * @throws WrongVersionError with the `record` as it is; NotFoundError; FencedError; UnavailableError as with `create`
   */
  async casByVersion(
    record: ChangedRecord,
    options: FenceOptions = {},
    signal?: AbortSignal,
  ): Promise<bigint> {
    signal?.throwIfAborted()
    const { key, value, version } = optionsOf(record, 'a record')
    const name = keyOf(key)
    const before = versionOf(version, 'the version of a record')
    const terms = { key: name, value: valueOf(value), version: before, ...fenceOf(options) }
    const asking = asks('compare and set', { kind: 'cas-record', ...terms }, name)
    return (await askFor(this.#session, asking, 'record-written', signal)).version
  }

  /** @throws NotFoundError; WrongVersionError with the `record` as it is; FencedError; UnavailableError as with `create` */
  async delete(key: Key, options: DeleteRecordOptions = {}, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted()
    const name = keyOf(key)
    const fence = fenceOf(options)
    const { ifVersion: wanted } = options
    const ifVersion = wanted === undefined ? null : versionOf(wanted, 'ifVersion')
    const asking = asks('delete', { kind: 'delete-record', key: name, ifVersion, ...fence }, name)
    await askFor(this.#session, asking, 'record-deleted', signal)
  }

  /**
   * The records from `start` to `end`, both inclusive, or of a range such as `prefix('jobs/')`; ascending by the bytes of their keys, all of
   * one moment. None when nothing is there or the bounds are upside down. With `limit`, so many at most: the next ones are asked
   * for with the last key as `cursor`, and are of a later moment.
   */
  getRange(
    start: Bytes,
    end: Bytes,
    options?: RangeOptions,
    signal?: AbortSignal,
  ): Promise<Record[]>
  getRange(range: KeyRange, options?: RangeOptions, signal?: AbortSignal): Promise<Record[]>
  async getRange(...words: SpelledOut | Whole): Promise<Record[]> {
    const { range: keys, options, signal } = isSpelledOut(words) ? spelledOut(words) : whole(words)
    signal?.throwIfAborted()
    const range = rangeOf(keys)
    const { limit: most = Infinity, cursor } = optionsOf(options, 'the options of getRange')
    const limit = most === Infinity ? null : Number(countOf(most, 'the limit of getRange'))
    const after = cursor === undefined ? null : keyOf(cursor, 'the cursor of getRange')
    const asked = (): string => `cannot read a range of records of "${this.path}"`
    const ask = (request: Request): Promise<AnswerOf<'records-listed'>> =>
      askFor(this.#session, { request, asked }, 'records-listed', signal)
    const reading = { range, after, limit, ask }
    const { records } = await readRange(this.#session.ground, reading, signal)
    return [...records]
  }

  /**
   * Waits until the version of a record is not `version` any more: at once if it is another one.
   *
   * @returns the record as it is then; null when it was deleted while this waited
   * @throws NotFoundError at once when there is none; the reason of `signal`
   */
  async waitForVersionChange(
    key: Key,
    version: bigint,
    signal?: AbortSignal,
  ): Promise<Record | null> {
    signal?.throwIfAborted()
    const name = keyOf(key)
    const known = versionOf(version, 'the version of a record')
    const request = { kind: 'wait-record', key: name, version: known } as const
    const asking = { ...asks('wait for', request, name), isPatient: true }
    const { answer, attempts } = await this.#session.ask(asking, signal)
    // It was there when the wait began: the wait was under way when the connection broke.
    const wasThere = attempts > 1 && known > 0n
    if (wasThere && answer.kind === 'refused' && answer.code === 'NOT_FOUND') return null
    const { record } = expected(asking, answer, 'record-read')
    return record && recordOf(record)
  }

  /**
   * Does one of two lists of operations, in one commit: `then` if all compares hold, else `else`.
   *
   * @throws WrongLeaseError; FencedError; UnavailableError as with `create`
   */
  async transact(transaction: Transaction, signal?: AbortSignal): Promise<TransactResult> {
    signal?.throwIfAborted()
    const request = transactionOf(transaction)
    const asked = (): string => `cannot do a transaction on the records of "${this.path}"`
    const answer = await askFor(this.#session, { request, asked }, 'transacted', signal)
    const { succeeded, version } = answer
    return { succeeded, version, records: answer.records.map((found) => found && recordOf(found)) }
  }

  /**
   * What a range holds, then whatever changes in it, without a gap: a snapshot, then batches of changes. Goes on through reconnects; a reader
   * that was away for longer than the server's history reaches gets a `'reset'` with all that the range holds. Versions only grow. To
   * go on later, keep the version of the last batch and pass it as `fromVersion`.
   *
   * Ends by throwing: the reason of `signal`, the end of the client, NotFoundError when the node is gone, InvalidArgumentError for a version
   * that does not exist yet.
   */
  watch(
    range: KeyRange,
    options: RecordWatchOptions = {},
    signal?: AbortSignal,
  ): AsyncIterable<WatchBatch> {
    const { fromVersion } = optionsOf(options, 'the options of a watch')
    const terms = {
      range: rangeOf(range),
      fromVersion: fromVersion === undefined ? null : versionOf(fromVersion, 'fromVersion'),
      asked: () => `cannot watch the records of "${this.path}"`,
    }
    return watchRecords(this.#session, terms, signal)
  }

  /** A lock with the calls of a `Locker`. It is the mutex of the name, on a session of its own. */
  locker(name: string): Locker {
    return new Locker(this.#locks, name)
  }
}

const NO_RECORD = { kind: 'refused', code: 'NOT_FOUND', message: 'no such record' } as const

function asks(
  verb: string,
  request: Request,
  key: Uint8Array,
): { readonly request: Request; readonly asked: () => string } {
  return { request, asked: () => `cannot ${verb} record ${shown(key)}` }
}

interface RangeWords {
  readonly range: KeyRange
  readonly options: RangeOptions
  readonly signal: AbortSignal | undefined
}

function isSpelledOut(words: SpelledOut | Whole): words is SpelledOut {
  const [first] = words
  return typeof first !== 'object' || first instanceof Uint8Array
}

function spelledOut([start, end, options = {}, signal]: SpelledOut): RangeWords {
  return { range: { start, end }, options, signal }
}

function whole([range, options = {}, signal]: Whole): RangeWords {
  return { range, options, signal }
}
