/**
 * Write transactions, one after the other.
 *
 * All jobs that wait when a transaction begins share it, and with it one sync of the disk. It runs on the calling thread while the disk
 * syncs fast, else on LMDB's own (pace.ts); either way the jobs that come meanwhile make the next transaction.
 */
import type { RootDatabase } from 'lmdb'
import { crashPoint } from '../crash-point.ts'
import { EngineError, FullError } from '../errors.ts'
import { failureOf } from './failure.ts'
import type { Inspection } from './inspection.ts'
import type { Pace } from './pace.ts'
import { Turns } from './turns.ts'

/** The most jobs in one transaction. */
const GROUP_JOBS_MAX = 1024

/** After so many transactions it is looked whether a reader has died: what it read would be kept for ever. */
const READERS_CHECKED_EVERY = 256

/** What one caller writes. */
export interface Work {
  /** Runs just before the transaction. An error of it fails the queue, as one of the transaction does. */
  readonly prepare?: () => void
  /** Runs inside the transaction. An EngineError refuses this job alone, so it is thrown before its first write. */
  readonly apply: () => void
}

interface Job extends Work {
  readonly resolve: () => void
  readonly reject: (error: EngineError) => void
}

export interface WriteQueueParts {
  readonly database: RootDatabase<Buffer, Uint8Array>
  readonly place: string
  readonly inspection: Inspection
  readonly pace: Pace
}

export class WriteQueue {
  readonly #database: RootDatabase<Buffer, Uint8Array>
  readonly #directory: string
  readonly #inspection: Inspection
  readonly #pace: Pace
  readonly #turns = new Turns()
  readonly #failed = new AbortController()
  #waiting: Job[] = []
  #running: Promise<void> | null = null
  #transactions = 0

  constructor({ database, place, inspection, pace }: WriteQueueParts) {
    this.#database = database
    this.#directory = place
    this.#inspection = inspection
    this.#pace = pace
  }

  /** Aborts once a transaction failed with an unknown outcome; nothing is read or written from then on. */
  get failed(): AbortSignal {
    return this.#failed.signal
  }

  /** Nothing is read or written from now on. */
  fail(failure: EngineError): void {
    this.#failed.abort(failure)
  }

  /** Resolves when what was applied is on disk. */
  write(work: Work): Promise<void> {
    if (this.failed.aborted) return Promise.reject(this.failed.reason)
    return new Promise((resolve, reject) => {
      this.#waiting.push({ ...work, resolve, reject })
      this.#running ??= this.#run()
    })
  }

  /** Resolves when no job waits or runs. */
  async drained(): Promise<void> {
    while (this.#running !== null) await this.#running
  }

  async #run(): Promise<void> {
    // The jobs of this turn's other callers join the first transaction.
    await Promise.resolve()
    while (this.#waiting.length > 0) {
      await this.#turns.pass()
      await this.#transact(this.#waiting.splice(0, GROUP_JOBS_MAX))
    }
    this.#running = null
  }

  async #transact(group: readonly Job[]): Promise<void> {
    if (this.failed.aborted) {
      for (const job of group) job.reject(this.failed.reason)
      return
    }
    const refused = new Map<Job, EngineError>()
    try {
      for (const job of group) job.prepare?.()
      await this.#commit(() => {
        for (const job of group) applyJob(job, refused)
        crashPoint('after-append')
      })
      crashPoint('after-sync')
      this.#transactions += 1
      if (this.#transactions % READERS_CHECKED_EVERY === 0) this.#database.readerCheck()
      this.#inspection.moved()
    } catch (error) {
      const failure = this.#judged(await failureOf(this.#directory, error))
      if (!(failure instanceof FullError)) this.fail(failure)
      for (const job of group) job.reject(failure)
      return
    }
    for (const job of group) {
      const refusal = refused.get(job)
      if (refusal === undefined) job.resolve()
      else job.reject(refusal)
    }
  }

  /**
   * Without room nothing was written, as long as the meta page was not touched. When it is the meta page that fails, which a file system
   * that copies on write can do, its state is unknown, and LMDB begins no transaction any more.
   */
  #judged(failure: EngineError): EngineError {
    if (!(failure instanceof FullError)) return failure
    try {
      this.#database.useReadTransaction().done()
      return failure
    } catch {
      const what = `the store ${this.#directory} failed: no room for its meta page`
      return new EngineError(what, { cause: failure })
    }
  }

  /** Does `work` in one transaction, which is undone when `work` throws. */
  async #commit(work: () => void): Promise<void> {
    if (!this.#pace.mayBlock()) {
      // On LMDB's thread only a child transaction is undone when it throws.
      await this.#database.childTransaction(work)
      return
    }
    const startedMs = performance.now()
    this.#database.transactionSync(work)
    this.#pace.blocked(performance.now() - startedMs)
  }
}

function applyJob(job: Job, refused: Map<Job, EngineError>): void {
  try {
    job.apply()
  } catch (error) {
    if (!(error instanceof EngineError)) throw error
    refused.set(job, error)
  }
}
