/** What a node says of its records and record leases. */
import type { SessionId } from '../asked.ts'
import type { Addressed, Answer } from '../addressed.ts'

export interface RecordView {
  readonly key: Uint8Array
  /** Of a value that is not in memory: empty until the tablet has read it (`Step.cold`), before anybody is told. */
  value: Uint8Array
  readonly version: bigint
  readonly createdVersion: bigint
  /** 0 for none. */
  readonly lease: bigint
}

/** Created, put, or compared and set. */
export interface RecordWritten extends Answer {
  readonly kind: 'record-written'
  readonly version: bigint
}

export interface RecordDeleted extends Answer {
  readonly kind: 'record-deleted'
  readonly version: bigint
}

/** The answer to a get; and to a wait, where null means that the record was deleted. */
export interface RecordRead extends Answer {
  readonly kind: 'record-read'
  readonly record: RecordView | null
}

export interface RecordsListed extends Answer {
  readonly kind: 'records-listed'
  readonly records: readonly RecordView[]
  /** The node's commit number at the moment that the page shows. */
  readonly version: bigint
  /** The range goes on after the last record. */
  readonly more: boolean
}

export type RecordChange =
  | { readonly kind: 'put'; readonly record: RecordView }
  | { readonly kind: 'deleted'; readonly key: Uint8Array; readonly version: bigint }

/** The answer to a watch. */
export interface RecordsChanged extends Answer {
  readonly kind: 'records-changed'
  /** In the order of versions, whole commits. Empty when `reset`. */
  readonly changes: readonly RecordChange[]
  /** Nothing up to here is missing: where to watch on. */
  readonly version: bigint
  /** The history does not reach back so far: read the range anew. */
  readonly reset: boolean
}

export interface Transacted extends Answer {
  readonly kind: 'transacted'
  /** Whether all compares held. */
  readonly succeeded: boolean
  /** The commit of its writes; the node's commit number when it wrote nothing. */
  readonly version: bigint
  /** What its gets have found, in their order. */
  readonly records: readonly (RecordView | null)[]
}

export interface LeaseGranted extends Answer {
  readonly kind: 'lease-granted'
  readonly lease: bigint
  readonly ttlMs: bigint
}

export interface LeaseDescribed extends Answer {
  readonly kind: 'lease-described'
  readonly lease: bigint
  readonly ttlMs: bigint
  /** Until it expires if nobody keeps it any more; the whole ttl while it is kept. */
  readonly remainingMs: bigint
  /** Whether an attached session keeps it. */
  readonly isKept: boolean
  readonly records: number
}

/** A lease that this session keeps has ended, and not by its own wish. */
export interface LeaseEnded extends Addressed {
  readonly kind: 'lease-ended'
  readonly session: SessionId
  readonly lease: bigint
}

export type RecordEvent =
  | RecordWritten
  | RecordDeleted
  | RecordRead
  | RecordsListed
  | RecordsChanged
  | Transacted
  | LeaseGranted
  | LeaseDescribed
  | LeaseEnded
