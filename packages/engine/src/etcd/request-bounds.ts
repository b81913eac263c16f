/** How much of a commit fits into one request, by what the cluster takes. */
import { COMMIT_MAX, KEY_BYTES_MAX, VALUE_BYTES_MAX } from '../bounds.ts'
import type { CommitLimits } from '../engine.ts'

/** etcd's own defaults. */
const TXN_OPERATIONS = 128
const REQUEST_BYTES = 1_572_864

/** Operations of a transaction that are not the caller's: the mark, or what is pending and its journal. */
const OWN_OPERATIONS = 2
/** Bytes of a request that are not the caller's. */
const OWN_BYTES = 4_096
/** Bytes around a row's one or two keys and its value: tags and lengths. */
const FRAME_BYTES = 48

export interface Taken {
  /** What the cluster was started with as `--max-txn-ops`; 128 by default. */
  readonly maxTxnOps?: number
  /** What the cluster was started with as `--max-request-bytes`; 1,572,864 by default. */
  readonly maxRequestBytes?: number
}

/**
 * @param rowBytes what a row's key has before the entry's
 * @throws RangeError when the cluster takes less than etcd's defaults
 */
export function limitsOf(
  { maxTxnOps = TXN_OPERATIONS, maxRequestBytes = REQUEST_BYTES }: Taken,
  rowBytes: number,
): CommitLimits {
  if (!(maxTxnOps >= TXN_OPERATIONS && maxRequestBytes >= REQUEST_BYTES)) {
    throw new RangeError(
      `the engine needs etcd's defaults at least: --max-txn-ops ${TXN_OPERATIONS} and --max-request-bytes ${REQUEST_BYTES}`,
    )
  }
  const operationBytes = 2 * rowBytes + FRAME_BYTES
  const bytes = maxRequestBytes - OWN_BYTES
  // The largest entry must find room beside so many operations.
  const fitting = Math.floor((bytes - KEY_BYTES_MAX - VALUE_BYTES_MAX) / operationBytes)
  const operations = Math.min(maxTxnOps - OWN_OPERATIONS, fitting, COMMIT_MAX.maxOperations)
  return {
    ...COMMIT_MAX,
    batchOperations: operations,
    batchBytes: Math.min(COMMIT_MAX.maxBytes, bytes - operations * operationBytes),
  }
}
