/**
 * Every bound of a coordination node, with its default from the protocol where that has one.
 */

export interface Limits {
  readonly sessionsMax: number
  /** Persistent and ephemeral together. */
  readonly semaphoresMax: number
  /** Owners and waiters of all semaphores together. */
  readonly holdersMax: number
  readonly watchesMax: number
  /** Of a semaphore's name, in UTF-8. */
  readonly nameBytesMax: number
  /** Of a session's description, in UTF-8. */
  readonly descriptionBytesMax: number
  readonly protectionKeyBytesMax: number
  /** Of a semaphore's data, and of an owner's or waiter's. */
  readonly dataBytesMax: number
  readonly sessionTimeoutMaxMs: number
  /** "For ever" (`MAX_U64`) is allowed besides. */
  readonly acquireTimeoutMaxMs: number
}

export const DEFAULT_LIMITS: Limits = {
  sessionsMax: 1_000_000,
  semaphoresMax: 1_000_000,
  holdersMax: 10_000_000,
  watchesMax: 1_000_000,
  nameBytesMax: 1024,
  descriptionBytesMax: 1024,
  protectionKeyBytesMax: 16,
  dataBytesMax: 1_048_576,
  sessionTimeoutMaxMs: 1_800_000,
  acquireTimeoutMaxMs: 86_400_000,
}
