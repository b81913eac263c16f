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
  readonly themesMax: number
  /** Of a theme's name and of its handler's address, in UTF-8. */
  readonly themeNameBytesMax: number
  readonly themeHandlerBytesMax: number
  /** Tasks in whatever state; past that none is opened. */
  readonly tasksMax: number
  /** Tasks that somebody drives; past that none is opened. */
  readonly activeTasksMax: number
  readonly taskHandlersMax: number
  readonly taskRecordBytesMax: number
  /** Of one task; a theme may allow less. */
  readonly taskBytesMax: number
  readonly taskRecordsMax: number
  /** Records told of at a time; one record more may fit in. */
  readonly taskPageRecordsMax: number
  readonly taskPageBytesMax: number
  /** Of the reason why a task has failed, in UTF-8. */
  readonly failureBytesMax: number
  /** Tasks of one page. */
  readonly listedTasksMax: number
  /** Stored tasks of one theme that are in memory, those that are due first; so many are read at a time. */
  readonly storedInMemoryMax: number
  readonly storedPageMax: number
  /** Tasks that one step hands out, and those that it stores because nobody drives them any more. */
  readonly tasksPerStepMax: number
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
  themesMax: 256,
  themeNameBytesMax: 256,
  themeHandlerBytesMax: 1024,
  tasksMax: 100_000_000,
  activeTasksMax: 1_000_000,
  taskHandlersMax: 100_000,
  taskRecordBytesMax: 1_048_576,
  taskBytesMax: 67_108_864,
  taskRecordsMax: 1_000_000,
  taskPageRecordsMax: 4096,
  taskPageBytesMax: 1_048_576,
  failureBytesMax: 1024,
  listedTasksMax: 1000,
  storedInMemoryMax: 8192,
  storedPageMax: 2048,
  tasksPerStepMax: 256,
}
