/**
 * What one key, one value, one name and one commit may be, the same for every engine, so that what one engine keeps another can take over.
 */
import type { WriteSet } from '@tenure/kernel'
import { bytesOfWrite } from './bytes.ts'
import type { CommitLimits } from './engine.ts'

/** The longest key of an entry. */
export const KEY_BYTES_MAX = 1900

/** The longest value of an entry: 1 MiB of what people keep, and room for what goes with it. */
export const VALUE_BYTES_MAX: number = 1_048_576 + 65_536

/** What one commit may be at the most. Whatever one step of a node writes fits. */
export const COMMIT_MAX: Pick<CommitLimits, 'maxOperations' | 'maxBytes'> = {
  maxOperations: 100_000,
  maxBytes: 64 * 1024 * 1024,
}

/** Of an engine that writes any commit in one go. */
export const WHOLE_COMMITS: CommitLimits = {
  ...COMMIT_MAX,
  batchOperations: COMMIT_MAX.maxOperations,
  batchBytes: COMMIT_MAX.maxBytes,
}

/** The longest name of a partition, in UTF-8. */
export const PARTITION_NAME_BYTES_MAX = 1900

/**
 * The name as ordered bytes.
 *
 * @throws RangeError when it is empty, too long, or has no UTF-8 form
 */
export function partitionNameBytes(partition: string): Buffer {
  const bytes = Buffer.from(partition, 'utf8')
  if (bytes.length === 0) throw new RangeError('a partition needs a name')
  if (bytes.length > PARTITION_NAME_BYTES_MAX) {
    throw new RangeError(
      `the name of a partition has at most ${PARTITION_NAME_BYTES_MAX} bytes, got ${bytes.length}`,
    )
  }
  // A lone surrogate is replaced by the encoder, and two names could then meet in one partition.
  if (bytes.toString('utf8') !== partition) {
    throw new RangeError('the name of a partition must be well-formed Unicode')
  }
  return bytes
}

/**
 * @returns the bytes of keys and values
 * @throws RangeError when the commit is larger than `limits` allow, or a key is too long
 */
export function checkCommit(writes: WriteSet, limits: CommitLimits): number {
  if (writes.length > limits.maxOperations) {
    throw new RangeError(
      `a commit has at most ${limits.maxOperations} operations, got ${writes.length}`,
    )
  }
  let bytes = 0
  for (const write of writes) {
    if (write.kind !== 'delete-range') checkKey(write.key)
    if (write.kind === 'put') checkValue(write.value)
    bytes += bytesOfWrite(write)
  }
  if (bytes > limits.maxBytes) {
    throw new RangeError(`a commit has at most ${limits.maxBytes} bytes, got ${bytes}`)
  }
  return bytes
}

/** @throws RangeError when no entry can have this key */
function checkKey(key: Uint8Array): void {
  if (key.length > KEY_BYTES_MAX) {
    throw new RangeError(`a key has at most ${KEY_BYTES_MAX} bytes, got ${key.length}`)
  }
}

/** @throws RangeError when no entry can have this value */
function checkValue(value: Uint8Array): void {
  if (value.length > VALUE_BYTES_MAX) {
    throw new RangeError(`a value has at most ${VALUE_BYTES_MAX} bytes, got ${value.length}`)
  }
}
