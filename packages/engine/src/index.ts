/** The contract of the engines. The engines themselves are reached by sub-path. */
export { crashPoint } from './crash-point.ts'
export type { CrashPoint } from './crash-point.ts'
export { bytesOfEntry, bytesOfWrite } from './bytes.ts'
export { KEY_BYTES_MAX, PARTITION_NAME_BYTES_MAX, VALUE_BYTES_MAX } from './bounds.ts'
export type {
  Announcement,
  CommitLimits,
  Cut,
  CutPartition,
  Engine,
  KeyRange,
  Membership,
  Ownership,
  OwnerInfo,
  Partition,
} from './engine.ts'
export { DamagedError, EngineError, FencedError, FullError, HeldError } from './errors.ts'
