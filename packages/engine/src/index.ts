/** The contract of the engines. The engines themselves are reached by sub-path. */
export type { Engine, KeyRange, Ownership, OwnerInfo, Partition } from './engine.ts'
export { DamagedError, EngineError, FencedError, FullError, HeldError } from './errors.ts'
