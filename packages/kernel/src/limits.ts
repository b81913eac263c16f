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
  readonly recordsMax: number
  readonly recordKeyBytesMax: number
  readonly recordValueBytesMax: number
  /**
   * Values of records that are kept in memory; past that the least recently used are read back from where they are stored.
   * Values of at most 64 bytes always stay. A transaction that would have to compare a value which is not in memory with
   * another one of the same length is refused (PRECONDITION_FAILED): it can compare the version.
   */
  readonly valueMemoryBytesMax: number
  /** Records of one page. */
  readonly rangeRecordsMax: number
  /** Keys and values of one page, of the answer to a watch and of what a transaction reads; one record more may fit in. */
  readonly rangeBytesMax: number
  /** Moments that pages hold, of all sessions together; past that the oldest is let go. */
  readonly heldMomentsMax: number
  /** Compares of one transaction, and operations of one of its lists. */
  readonly transactOperationsMax: number
  readonly recordLeasesMax: number
  readonly recordLeaseTtlMaxMs: number
  /** Waits and watches of records. */
  readonly recordWatchesMax: number
  /** Changes that a watch can go back, and the bytes of their keys and values. */
  readonly historyChangesMax: number
  readonly historyBytesMax: number
  /** Sessions of one page. */
  readonly listedSessionsMax: number
  /** Holdings shown with one session. */
  readonly describedHoldingsMax: number
  /** Sessions shown in the explanation of one semaphore. */
  readonly explainedSessionsMax: number
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
  recordsMax: 1_000_000,
  recordKeyBytesMax: 1024,
  recordValueBytesMax: 1_048_576,
  valueMemoryBytesMax: 268_435_456,
  rangeRecordsMax: 1000,
  rangeBytesMax: 4_194_304,
  heldMomentsMax: 64,
  transactOperationsMax: 128,
  recordLeasesMax: 1_000_000,
  recordLeaseTtlMaxMs: 86_400_000,
  recordWatchesMax: 1_000_000,
  historyChangesMax: 100_000,
  historyBytesMax: 33_554_432,
  listedSessionsMax: 1000,
  describedHoldingsMax: 100,
  explainedSessionsMax: 100,
}
