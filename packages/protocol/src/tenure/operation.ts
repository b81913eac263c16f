/**
 * What can be asked within a session over Tenure's own protocol, as plain objects: semaphores, records and record leases.
 *
 * The meaning of each is documented in the proto file.
 */
import type { ChangeNumber } from '../session/request.ts'
import type { TaskOperation } from './task-operation.ts'

export interface AcquireOperation {
  readonly kind: 'acquire'
  readonly name: string
  readonly count: bigint
  readonly timeoutMs: bigint
  readonly data: Uint8Array
  readonly ephemeral: boolean
  readonly createLimit?: bigint
}

interface ReleaseOperation {
  readonly kind: 'release'
  readonly name: string
}

export interface DescribeOperation {
  readonly kind: 'describe'
  readonly name: string
  readonly owners: boolean
  readonly waiters: boolean
  readonly watchData: boolean
  readonly watchOwners: boolean
  readonly watchAbsent: boolean
  /** The state is shown after each change, until the watch is forgotten or replaced. */
  readonly watchStands: boolean
}

interface ChangeOperation {
  readonly change?: ChangeNumber
}

export interface CreateOperation extends ChangeOperation {
  readonly kind: 'create'
  readonly name: string
  readonly limit: bigint
  readonly data: Uint8Array
}

export interface UpdateOperation extends ChangeOperation {
  readonly kind: 'update'
  readonly name: string
  readonly data: Uint8Array
}

export interface DeleteOperation extends ChangeOperation {
  readonly kind: 'delete'
  readonly name: string
  readonly force: boolean
}

export interface Fence {
  readonly name: string
  readonly token: bigint
}

interface RecordWriteOperation extends ChangeOperation {
  readonly fence?: Fence
}

export interface CreateRecordOperation extends RecordWriteOperation {
  readonly kind: 'create-record'
  readonly key: Uint8Array
  readonly value: Uint8Array
  readonly lease: bigint
}

export interface PutRecordOperation extends RecordWriteOperation {
  readonly kind: 'put-record'
  readonly key: Uint8Array
  readonly value: Uint8Array
  /** null leaves the lease of an existing record as it is. */
  readonly lease: bigint | null
}

export interface CasRecordOperation extends RecordWriteOperation {
  readonly kind: 'cas-record'
  readonly key: Uint8Array
  readonly value: Uint8Array
  readonly version: bigint
}

export interface DeleteRecordOperation extends RecordWriteOperation {
  readonly kind: 'delete-record'
  readonly key: Uint8Array
  readonly ifVersion: bigint | null
}

interface GetRecordOperation {
  readonly kind: 'get-record'
  readonly key: Uint8Array
}

/** From `start` (inclusive) to `end` (exclusive; null is the end of all keys). */
export interface KeyRange {
  readonly start: Uint8Array
  readonly end: Uint8Array | null
}

export interface RangeRecordsOperation extends KeyRange {
  readonly kind: 'range-records'
  /** 0: as many as a page takes. */
  readonly limit: number
  readonly after: Uint8Array | null
  readonly hold: boolean
  readonly atVersion: bigint
}

export interface WaitRecordOperation {
  readonly kind: 'wait-record'
  readonly key: Uint8Array
  readonly version: bigint
}

export interface WatchRecordsOperation extends KeyRange {
  readonly kind: 'watch-records'
  readonly fromVersion: bigint
}

export type VersionComparison = '==' | '!=' | '<' | '>'
export type ValueComparison = '==' | '!='

export type Compare =
  | {
      readonly target: 'version'
      readonly key: Uint8Array
      readonly is: VersionComparison
      readonly version: bigint
    }
  | {
      readonly target: 'value'
      readonly key: Uint8Array
      readonly is: ValueComparison
      readonly value: Uint8Array
    }

export type TransactStep =
  | {
      readonly kind: 'put'
      readonly key: Uint8Array
      readonly value: Uint8Array
      readonly lease: bigint | null
    }
  | { readonly kind: 'delete'; readonly key: Uint8Array }
  | { readonly kind: 'get'; readonly key: Uint8Array }

export interface TransactOperation extends RecordWriteOperation {
  readonly kind: 'transact'
  readonly compares: readonly Compare[]
  readonly then: readonly TransactStep[]
  readonly otherwise: readonly TransactStep[]
}

export interface GrantLeaseOperation extends ChangeOperation {
  readonly kind: 'grant-lease'
  readonly ttlMs: bigint
  readonly keepAlive: boolean
}

export interface ReleaseLeaseOperation extends ChangeOperation {
  readonly kind: 'release-lease'
  readonly lease: bigint
}

interface DescribeLeaseOperation {
  readonly kind: 'describe-lease'
  readonly lease: bigint
}

interface KeepLeaseOperation {
  readonly kind: 'keep-lease'
  readonly lease: bigint
}

export type SemaphoreOperation =
  | AcquireOperation
  | ReleaseOperation
  | DescribeOperation
  | CreateOperation
  | UpdateOperation
  | DeleteOperation

export type RecordOperation =
  | CreateRecordOperation
  | PutRecordOperation
  | CasRecordOperation
  | DeleteRecordOperation
  | GetRecordOperation
  | RangeRecordsOperation
  | WaitRecordOperation
  | WatchRecordsOperation
  | TransactOperation
  | GrantLeaseOperation
  | ReleaseLeaseOperation
  | DescribeLeaseOperation
  | KeepLeaseOperation

export type SessionOperation = SemaphoreOperation | RecordOperation | TaskOperation
