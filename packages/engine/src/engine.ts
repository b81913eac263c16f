/**
 * The contract of every engine: partitions of ordered byte keys, each with one writer at a time.
 *
 * Whoever claims a partition raises its epoch; from then on every earlier claim is fenced out. The comparison happens in
 * the same transaction as the writes, so two processes that both believe they own a partition do no harm.
 */
import type { Entry, WriteSet } from '@tenure/kernel'

/** Who claims: kept with the partition, shown to people and to other servers, never used to decide. */
export interface OwnerInfo {
  /** Unique per process start. */
  readonly id: string
  /** Where the owner can be reached, `host:port`; empty when it cannot. */
  readonly address: string
}

export interface Ownership extends OwnerInfo {
  readonly epoch: bigint
}

export interface KeyRange {
  /** Inclusive. */
  readonly start: Uint8Array
  /** Exclusive. */
  readonly end: Uint8Array
}

/** Bounds of one commit. */
export interface CommitLimits {
  readonly maxOperations: number
  /** Keys and values together. */
  readonly maxBytes: number
  /** No more than `maxOperations`. A commit of so many is written in one go; a larger one is as atomic and as durable, and slower. */
  readonly batchOperations: number
  /** The same of keys and values together. */
  readonly batchBytes: number
}

/** Which servers use the store. Only hints: who may write is decided by the epoch in each commit. */
export interface Membership {
  /**
   * Announces a server until it leaves, through outages of the engine too.
   *
   * @param noticeMs so long after its process died or fell silent the others see it no more
   */
  join(member: OwnerInfo, noticeMs: number): Promise<Announcement>
  /** All that are announced, at once and whenever that has changed, until `signal` aborts; through outages of the engine. */
  watch(signal: AbortSignal): AsyncIterable<readonly OwnerInfo[]>
}

export interface Announcement {
  /** The others see it no more. */
  leave(): Promise<void>
}

/** All that was stored at one moment. Nothing is claimed by it, and owners go on; keep it no longer than need be, since the engine keeps what it shows. */
export interface Cut {
  /** Every partition that had been claimed by then, by names in the order of their UTF-8 bytes. One at a time: read it before the next. */
  partitions(): AsyncIterable<CutPartition>
  /** Lets go of the moment; what is read afterwards rejects. */
  close(): Promise<void>
}

export interface CutPartition {
  readonly name: string
  /** Of the last claim. */
  readonly epoch: bigint
  /**
   * In the order of keys, with bounded memory.
   *
   * @throws DamagedError, at the end at the latest, when this is not all that was written
   */
  entries(): AsyncIterable<Entry>
}

export interface Engine {
  /** What people call it: `memory`, `file ./data`. Shown at start. */
  readonly name: string
  /** False when nothing outlives the process. */
  readonly durable: boolean
  /** Settings of what is below that may lose what was acknowledged, a sentence for each; used all the same because that was asked for. */
  readonly unsafe?: readonly string[]
  /**
   * Aborts with the EngineError after which nothing can be read or written through this engine any more; opened anew it goes on from
   * what is durable. Absent when that cannot happen.
   */
  readonly failed?: AbortSignal
  /** Absent where one process has the store for itself. */
  readonly members?: Membership
  /**
   * Takes the partition over, creating it when it is new.
   *
   * What is large may be checked further while it is used; once damage is found every call for it rejects with DamagedError.
   *
   * @param above the epoch becomes greater than this one, too
   * @throws DamagedError when what is stored fails its checks; nothing is served from such a partition
   */
  claim(partition: string, owner: OwnerInfo, above?: bigint): Promise<Partition>
  /** The partition is likely to be claimed here soon: what the claim has to look up is looked up before. Absent where that is nothing. */
  expect?(partition: string): Promise<void>
  /** The last claim; null when the partition was never claimed. A hint: it may be outdated when it arrives. */
  ownerOf(partition: string): Promise<Ownership | null>
  /** Names of the partitions that begin with `prefix`, ascending. A hint. */
  partitions(prefix: string): AsyncIterable<string>
  /** One value of a partition that need not be owned; undefined when absent. A hint. */
  peek(partition: string, key: Uint8Array): Promise<Uint8Array | undefined>
  /** All that is stored, at one moment between the call and its return, also while others write. */
  cut(): Promise<Cut>
  /** Ends all use: commits in flight settle first, every later call of the engine and its partitions rejects. */
  close(): Promise<void>
}

/** One claim. Once a later one exists, every call rejects with FencedError, as soon as the engine can know. */
export interface Partition {
  readonly epoch: bigint
  readonly limits: CommitLimits
  /** Every entry of the range in key order, as one snapshot taken when the first entry is asked for. */
  scan(range: KeyRange): AsyncIterable<Entry>
  get(key: Uint8Array): Promise<Uint8Array | undefined>
  /**
   * Applies all writes in order, or none. Resolves when they are durable. Commits take effect in the order of the calls;
   * the arrays must stay as they are until it settles.
   *
   * @throws RangeError when a limit is passed or a key is longer than `KEY_BYTES_MAX`: nothing was written
   * @throws FencedError when a later claim exists: nothing was written
   * @throws FullError when there is no room: nothing was written, and the same commit may succeed later
   * @throws EngineError otherwise: whether it was written is unknown, and the partition must be claimed anew
   */
  commit(writes: WriteSet): Promise<void>
  /** Resolves when no later claim exists. @throws FencedError otherwise */
  confirm(): Promise<void>
  /** Ends this claim's use; every later call rejects. Nothing is written; a later claim goes on from here. */
  close(): Promise<void>
}
