/**
 * What a failed call says about etcd, and about the call.
 *
 * etcd gives several causes one gRPC code, and tells them apart by texts that are part of its API: its own client compares whole texts, and so
 * does this one.
 */
import { status } from '@grpc/grpc-js'

const NO_SPACE = 'etcdserver: mvcc: database space exceeded'
const TOO_MANY_REQUESTS = 'etcdserver: too many requests'
const COMPACTED = 'etcdserver: mvcc: required revision has been compacted'

/** Refusals that end with a fresh token. */
const STALE_TOKEN: ReadonlySet<string> = new Set([
  'etcdserver: invalid auth token',
  'etcdserver: revision of auth store is old',
  'etcdserver: user name is empty',
])

/** Refusals of what is larger than the cluster was told to take. */
const OVERSIZE: ReadonlySet<string> = new Set([
  'etcdserver: request is too large',
  'etcdserver: too many operations in txn request',
])

/** Codes by which a member says that it has looked at the call and will not do it. */
const REFUSALS: ReadonlySet<status> = new Set([
  status.INVALID_ARGUMENT,
  status.NOT_FOUND,
  status.ALREADY_EXISTS,
  status.PERMISSION_DENIED,
  status.FAILED_PRECONDITION,
  status.OUT_OF_RANGE,
  status.UNIMPLEMENTED,
  status.UNAUTHENTICATED,
  status.RESOURCE_EXHAUSTED,
])

/**
 * - `lost`: whether it was done, or will be, is unknown; another member may answer
 * - `busy`: it was not done; later it may be
 * - `token`: it was not done; it may be with a fresh token
 * - `full`: it was not done; the quota of the cluster is used up
 * - `compacted`: the revision that it asked for is gone
 * - `large`: it, or its answer, is larger than what is taken
 * - `refused`: it was not done and will not be
 */
export type Cause = 'lost' | 'busy' | 'token' | 'full' | 'compacted' | 'large' | 'refused'

/** Why a call of one member failed. */
export class StatusError extends Error {
  override name = 'StatusError'
  readonly code: status
  readonly reason: Cause
  /** An earlier attempt of the same call was lost: it may have been done. */
  readonly isRepeated: boolean

  constructor(failure: { readonly code: status; readonly details: string }, isRepeated = false) {
    super(failure.details)
    this.code = failure.code
    this.reason = causeOf(failure.code, failure.details)
    this.isRepeated = isRepeated
  }

  /** The same, with what is known of the attempts before. */
  repeated(isRepeated: boolean): StatusError {
    return new StatusError({ code: this.code, details: this.message }, isRepeated)
  }
}

function causeOf(code: status, text: string): Cause {
  if (code === status.UNAUTHENTICATED || STALE_TOKEN.has(text)) return 'token'
  if (text === NO_SPACE) return 'full'
  if (text === TOO_MANY_REQUESTS) return 'busy'
  if (text === COMPACTED) return 'compacted'
  if (code === status.RESOURCE_EXHAUSTED || OVERSIZE.has(text)) return 'large'
  return REFUSALS.has(code) ? 'refused' : 'lost'
}
