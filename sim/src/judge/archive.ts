/**
 * The records that are durable, commit by commit: their versions grow (K1), no write is done twice (L2), a lease takes all of its
 * records with it (K3), a token that was overtaken writes nothing more (X8).
 *
 * Programs write every value once, so a value that is there again was written again. Keys and values are read as the kernel's `rows/*`
 * lay them out.
 */
import type { Write, WriteSet } from '@tenure/kernel'
import type { Process } from '../machine/process.ts'
import { FENCED_KEY, tokenOf } from '../fenced-key.ts'
import type { Ground, Verdicts } from './ground.ts'

const COUNTERS_TAG = 0x01
const RECORD_TAG = 0x30
const LEASE_TAG = 0x40
/** In the row of a record behind its format: version, version of its creation, lease. */
const VERSION_AT = 1
const LEASE_AT = 17
const VALUE_AT = 25
/** In the row of a lease: ttl, keeper. */
const TTL_AT = 1
const KEEPER_AT = 9
/** In the row of the counters. */
const LAST_COMMIT_AT = 17
/** A batch that does not fit into one commit is written in several. */
const WHOLE_OPERATIONS_MIN = 1_000

/** What a key held from one commit to the next. */
export interface Held {
  readonly fromMs: number
  readonly tick: number
  /** null: there is no record. */
  readonly record: StoredRecord | null
}

interface StoredRecord {
  readonly version: bigint
  readonly value: string
  readonly lease: bigint
}

export interface StoredLease {
  readonly ttlMs: number
  /** 0 for none. */
  readonly keeper: bigint
  /** When it was made, or kept anew, and stored. */
  readonly storedMs: number
}

export interface ArchiveListener {
  /** The end of a lease was written by a process. */
  leaseEnded(process: Process, id: bigint, lease: StoredLease): void
}

export class Archive {
  readonly #ground: Ground
  readonly #verdicts: Verdicts
  readonly #listener: ArchiveListener
  readonly #history = new Map<string, Held[]>()
  readonly #versionOfValue = new Map<string, bigint>()
  readonly #tickOfValue = new Map<string, number>()
  readonly #leases = new Map<bigint, StoredLease>()
  readonly #recordsOf = new Map<bigint, Set<string>>()
  #latestMs = 0
  #lastCommit = 0n
  #lastVersion = 0n
  #highestToken = 0n

  constructor(ground: Ground, verdicts: Verdicts, listener: ArchiveListener) {
    this.#ground = ground
    this.#verdicts = verdicts
    this.#listener = listener
  }

  /** Commits of records that are durable for certain are not above this one. */
  get lastCommit(): bigint {
    return this.#lastCommit
  }

  /** When a record was last changed. */
  get latestMs(): number {
    return this.#latestMs
  }

  get leases(): number {
    return this.#leases.size
  }

  hasLease(id: bigint): boolean {
    return this.#leases.has(id)
  }

  keepsLeases(session: bigint): boolean {
    return [...this.#leases.values()].some(({ keeper }) => keeper === session)
  }

  historyOf(key: string): readonly Held[] {
    return this.#history.get(key) ?? []
  }

  /** When the value was stored; Infinity when it never was. */
  storedAt(value: string): number {
    return this.#tickOfValue.get(value) ?? Infinity
  }

  /** The keys of a range at which something was ever stored. */
  keysIn(isIn: (key: string) => boolean): string[] {
    return [...this.#history.keys()].filter(isIn)
  }

  /** A commit of a process has taken effect. */
  written(process: Process, writes: WriteSet): void {
    const before = this.#lastVersion
    const ended = new Map<bigint, StoredLease>()
    for (const write of writes) {
      if (write.kind === 'delete-range') continue
      const tag = write.key[0]
      if (tag === COUNTERS_TAG && write.kind === 'put') {
        this.#lastCommit = u64(write.value, LAST_COMMIT_AT)
      } else if (tag === RECORD_TAG) this.#takeRecord(write, before)
      else if (tag === LEASE_TAG) this.#takeLease(write, ended)
    }
    for (const [id, lease] of ended) {
      this.#judgeEnd(id)
      this.#listener.leaseEnded(process, id, lease)
    }
  }

  get #isWhole(): boolean {
    return this.#ground.settings.operationsMax >= WHOLE_OPERATIONS_MIN
  }

  #takeRecord(write: Exclude<Write, { kind: 'delete-range' }>, before: bigint): void {
    const key = Buffer.from(write.key.subarray(1)).toString()
    const history = this.#history.get(key) ?? []
    this.#history.set(key, history)
    const old = history.at(-1)?.record ?? null
    if (old !== null) this.#recordsOf.get(old.lease)?.delete(key)
    const fromMs = this.#ground.schedule.nowMs
    const tick = this.#ground.nextTick()
    this.#latestMs = fromMs
    if (write.kind === 'delete') {
      history.push({ fromMs, tick, record: null })
      return
    }
    const { value: row } = write
    const version = u64(row, VERSION_AT)
    const lease = u64(row, LEASE_AT)
    const value = Buffer.from(row.subarray(VALUE_AT)).toString()
    const record = { version, value, lease }
    this.#judgeVersion(key, record, { before, history })
    this.#judgeValue(key, record)
    if (key === FENCED_KEY) this.#judgeToken(value)
    if (lease !== 0n) this.#membersOf(lease).add(key)
    if (version > this.#lastVersion) this.#lastVersion = version
    if (!this.#tickOfValue.has(value)) this.#tickOfValue.set(value, tick)
    history.push({ fromMs, tick, record })
  }

  #takeLease(
    write: Exclude<Write, { kind: 'delete-range' }>,
    ended: Map<bigint, StoredLease>,
  ): void {
    const id = u64(write.key, 1)
    if (write.kind === 'put') {
      const ttlMs = Number(u64(write.value, TTL_AT))
      const keeper = u64(write.value, KEEPER_AT)
      this.#leases.set(id, { ttlMs, keeper, storedMs: this.#ground.schedule.nowMs })
      return
    }
    const lease = this.#leases.get(id)
    if (lease === undefined) return
    this.#leases.delete(id)
    ended.set(id, lease)
  }

  /** K1. Commits of records are never as old as what was there before, nor ahead of what the counters cover. */
  #judgeVersion(
    key: string,
    { version }: StoredRecord,
    { before, history }: { readonly before: bigint; readonly history: readonly Held[] },
  ): void {
    const last = history.reduce((most, { record }) => maxOf(most, record?.version ?? 0n), 0n)
    const floor = this.#isWhole ? maxOf(before, last) : last
    if (version <= floor) {
      this.#verdicts.violate('K1', `"${key}" was written as ${version}, after ${floor}`)
    } else if (version > this.#lastCommit) {
      const problem = `"${key}" was written as ${version}, and the counters stand at ${this.#lastCommit}`
      this.#verdicts.violate('K1', problem)
    }
  }

  #judgeValue(key: string, { version, value }: StoredRecord): void {
    const once = `${key} ${value}`
    const earlier = this.#versionOfValue.get(once)
    this.#versionOfValue.set(once, version)
    if (earlier === undefined) return
    const problem = `"${value}" was written to "${key}" as ${earlier}, and again as ${version}`
    this.#verdicts.violate('L2', problem)
  }

  /** X8: once the holder of a newer token has written, nobody with an older one does. */
  #judgeToken(value: string): void {
    const token = tokenOf(value)
    if (token < this.#highestToken) {
      const problem = `a write under token ${token} was stored after one under ${this.#highestToken}`
      this.#verdicts.violate('X8', problem)
    }
    this.#highestToken = maxOf(token, this.#highestToken)
  }

  /** K3: together, in one commit. */
  #judgeEnd(id: bigint): void {
    const left = this.#recordsOf.get(id)
    if (left === undefined || left.size === 0) return
    if (left.size > 1) this.#ground.marks.reached('several records end in pieces')
    if (!this.#isWhole) return
    const keys = [...left].join(', ')
    this.#verdicts.violate(
      'K3',
      `lease ${id} has ended, and these of its records are there: ${keys}`,
    )
  }

  #membersOf(lease: bigint): Set<string> {
    const present = this.#recordsOf.get(lease)
    if (present !== undefined) return present
    const members = new Set<string>()
    this.#recordsOf.set(lease, members)
    return members
  }
}

function u64(bytes: Uint8Array, at: number): bigint {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).readBigUInt64BE(at)
}

function maxOf(one: bigint, other: bigint): bigint {
  return one > other ? one : other
}
