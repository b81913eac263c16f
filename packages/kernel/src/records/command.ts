/**
 * What can be asked of a node's records and record leases. Every command belongs to a session.
 *
 * Keys are 1 byte to `recordKeyBytesMax`, ordered as unsigned bytes, a prefix before its extensions. A version is the
 * node's commit number: one counter for all records and leases, so no version of a key ever comes back.
 */
import type { Change, InSession } from '../asked.ts'

/** Names no lease. */
export const NO_LEASE_ID = 0n

/** The grant under whose protection a write is made: refused (FENCED) unless it is held and the newest of its name. */
export interface Fence {
  readonly name: string
  readonly token: bigint
}

interface RecordWrite extends InSession {
  /** Absent for a write that is never asked for again. */
  readonly change?: Change | undefined
  readonly fence?: Fence | undefined
}

/** Makes a record. Refused (ALREADY_EXISTS, with the record) when there is one; WRONG_LEASE for an unknown lease. */
export interface CreateRecord extends RecordWrite {
  readonly kind: 'create-record'
  readonly key: Uint8Array
  readonly value: Uint8Array
  /** NO_LEASE_ID for none. */
  readonly lease: bigint
}

/** Makes or replaces a record. */
export interface PutRecord extends RecordWrite {
  readonly kind: 'put-record'
  readonly key: Uint8Array
  readonly value: Uint8Array
  /** null: an existing record keeps its lease, a new one has none. NO_LEASE_ID takes it off its lease. */
  readonly lease: bigint | null
}

/** Replaces the value if the record has this version. Its lease never changes. NOT_FOUND; WRONG_VERSION with the record. */
export interface CasRecord extends RecordWrite {
  readonly kind: 'cas-record'
  readonly key: Uint8Array
  readonly value: Uint8Array
  readonly version: bigint
}

/** NOT_FOUND; WRONG_VERSION with the record. */
export interface DeleteRecord extends RecordWrite {
  readonly kind: 'delete-record'
  readonly key: Uint8Array
  /** null deletes whatever is there. */
  readonly ifVersion: bigint | null
}

export interface GetRecord extends InSession {
  readonly kind: 'get-record'
  readonly key: Uint8Array
}

/** The keys from `start` (inclusive) to `end` (exclusive; null is the end of all keys). Empty when they are upside down. */
export interface KeyRange {
  readonly start: Uint8Array
  readonly end: Uint8Array | null
}

/**
 * Records of a range, ascending by key: a page of at most `rangeRecordsMax` records and `rangeBytesMax` bytes.
 *
 * A page that ends before its range may be held: the next page, asked with its version, is then of the same moment. A held
 * moment that is gone is refused (ABORTED): too many were held, or the session has left its stream.
 */
export interface RangeRecords extends InSession, KeyRange {
  readonly kind: 'range-records'
  /** 0: as many as a page takes. */
  readonly limit: number
  /** Only keys after this one; null from the start. */
  readonly after: Uint8Array | null
  /** Hold the moment when there is more. */
  readonly hold: boolean
  /** The version of the page before, to go on at the moment that it holds; 0 for now. */
  readonly atVersion: bigint
}

/** Answered when the record's version is not `version` (any more), or when it was deleted. NOT_FOUND at once when it is absent. */
export interface WaitRecord extends InSession {
  readonly kind: 'wait-record'
  readonly key: Uint8Array
  readonly version: bigint
}

/** Answered once, with the changes of the range after `fromVersion`: at once if there are any, else when there are. */
export interface WatchRecords extends InSession, KeyRange {
  readonly kind: 'watch-records'
  /** INVALID_ARGUMENT when it is greater than the node's commit number. */
  readonly fromVersion: bigint
}

/**
 * Takes back a `wait-record` or `watch-records` of this session, or a standing watch of a semaphore. It is not answered any more;
 * neither is this.
 */
export interface ForgetRequest extends InSession {
  readonly kind: 'forget'
  readonly target: bigint
}

/** Compares what a key has. An absent record has version 0, and a value that equals none. */
export type Compare =
  | {
      readonly target: 'version'
      readonly key: Uint8Array
      readonly is: '==' | '!=' | '<' | '>'
      readonly version: bigint
    }
  | {
      readonly target: 'value'
      readonly key: Uint8Array
      readonly is: '==' | '!='
      readonly value: Uint8Array
    }

export type Operation =
  | {
      readonly kind: 'put'
      readonly key: Uint8Array
      readonly value: Uint8Array
      /** As in `PutRecord`. */
      readonly lease: bigint | null
    }
  /** Without effect on a key that is absent. */
  | { readonly kind: 'delete'; readonly key: Uint8Array }
  | { readonly kind: 'get'; readonly key: Uint8Array }

/**
 * If all compares hold, does all of `then`, else all of `otherwise`: in one commit, under one version. A list either reads
 * or writes, and names each key once (INVALID_ARGUMENT).
 */
export interface Transact extends RecordWrite {
  readonly kind: 'transact'
  readonly compares: readonly Compare[]
  readonly then: readonly Operation[]
  readonly otherwise: readonly Operation[]
}

/** Makes a lease. Its id is the version of the commit that made it. */
export interface GrantLease extends InSession {
  readonly kind: 'grant-lease'
  readonly change?: Change | undefined
  readonly ttlMs: bigint
  /** It lives as long as this session is attached, and its ttl beyond. Else its ttl from now. */
  readonly keepAlive: boolean
}

/** Ends a lease at once, whoever keeps it; its records go in the same commit. WRONG_LEASE. */
export interface ReleaseLease extends InSession {
  readonly kind: 'release-lease'
  readonly change?: Change | undefined
  readonly lease: bigint
}

/** NOT_FOUND. */
export interface DescribeLease extends InSession {
  readonly kind: 'describe-lease'
  readonly lease: bigint
}

/** This session keeps the lease alive from now on, in place of any other. WRONG_LEASE. */
export interface KeepLease extends InSession {
  readonly kind: 'keep-lease'
  readonly lease: bigint
}

export type RecordCommand =
  | CreateRecord
  | PutRecord
  | CasRecord
  | DeleteRecord
  | GetRecord
  | RangeRecords
  | WaitRecord
  | WatchRecords
  | ForgetRequest
  | Transact
  | GrantLease
  | ReleaseLease
  | DescribeLease
  | KeepLease
