/** How an engine fails. The class says what is known about the writes. */
import type { Ownership } from './engine.ts'

/** The outcome is unknown, or the store can no longer be used through this handle. */
export class EngineError extends Error {
  override name = 'EngineError'
}

/** A later claim exists. Nothing was written. */
export class FencedError extends EngineError {
  override name = 'FencedError'

  /** @param later the claim that stands; null when the partition is gone */
  static by(partition: string, epoch: bigint, later: Ownership | null): FencedError {
    const who = later === null ? 'it is gone' : `epoch ${later.epoch} belongs to ${later.id}`
    const where = later === null || later.address === '' ? '' : ` at ${later.address}`
    return new FencedError(
      `partition "${partition}": epoch ${epoch} was fenced out, ${who}${where}`,
    )
  }
}

/** No room for the writes. Nothing was written; what is stored stays readable. */
export class FullError extends EngineError {
  override name = 'FullError'
}

/** What is stored is not what was written. The message names the store and the remedy. */
export class DamagedError extends EngineError {
  override name = 'DamagedError'
}

/** Another process has the store open. The message names it. */
export class HeldError extends EngineError {
  override name = 'HeldError'
}
